/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CODEC_SSH_WIRE_H
#define CODEC_SSH_WIRE_H

/*
 * The data types of RFC 4251 section 5, of which the messages of an ssh-agent and OpenSSH's private
 * keys are made: byte, boolean, uint32, uint64, string, mpint. Readers move @input past what they
 * read; what they give points into it.
 */

#include "base/bytes.h"

/* All readers: Expected: KC_ERR_DECODE  there is not that much left. */
KC_MUST_CHECK enum kc_status ssh_wire_byte(struct kc_view *input, uint8_t *ret_byte);
KC_MUST_CHECK enum kc_status ssh_wire_bool(struct kc_view *input, bool *ret_flag);
KC_MUST_CHECK enum kc_status ssh_wire_uint32(struct kc_view *input, uint32_t *ret_number);
KC_MUST_CHECK enum kc_status ssh_wire_uint64(struct kc_view *input, uint64_t *ret_number);
KC_MUST_CHECK enum kc_status ssh_wire_string(struct kc_view *input, struct kc_view *ret_string);
/* A number that is not negative, in the shortest form, without the zero byte in front. */
KC_MUST_CHECK enum kc_status ssh_wire_mpint(struct kc_view *input, struct kc_view *ret_number);
/* Nothing may be left. */
KC_MUST_CHECK enum kc_status ssh_wire_end(struct kc_view input);

/* Is the string @view that text? */
bool ssh_wire_is(struct kc_view view, const char *text);

/* Writers append. */
KC_MUST_CHECK enum kc_status ssh_wire_put_uint32(struct bytes *bytes, uint32_t number);
KC_MUST_CHECK enum kc_status ssh_wire_put_string(struct bytes *bytes, struct kc_view string);
KC_MUST_CHECK enum kc_status ssh_wire_put_text(struct bytes *bytes, const char *text);
/* @number is unsigned; zeros in front do not matter. */
KC_MUST_CHECK enum kc_status ssh_wire_put_mpint(struct bytes *bytes, struct kc_view number);

/* @number without zeros in front. */
struct kc_view ssh_wire_trim(struct kc_view number);

#endif
