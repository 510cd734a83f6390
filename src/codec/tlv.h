/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CODEC_TLV_H
#define CODEC_TLV_H

/*
 * BER-TLV as ISO 7816-4 section 5.2.2 has it: reads BER with definite lengths, writes DER.
 * Pure: bytes in, records out. A record's views point into the input.
 */

#include <stdbool.h>

#include "base/bytes.h"

struct tlv {
	uint32_t tag;	       /* tag bytes read big-endian: 0x5C, 0x7F49, 0x5FC102 */
	struct kc_view value;  /* borrowed from the input */
	struct kc_view record; /* tag, length and value */
};

/*
 * Read the first record of @input and move @input past it. Tags of up to 4 bytes, lengths of up
 * to 4 bytes. Test input->len first: no record is left in an empty view.
 * Expected: KC_ERR_CORRUPTED_DATA
 */
KC_MUST_CHECK enum kc_status tlv_read(struct kc_view *input, struct tlv *ret_tlv);

/* As tlv_read(), but only tag and length: moves @input past them, where a value may follow or not.
 */
KC_MUST_CHECK enum kc_status tlv_read_header(struct kc_view *input, uint32_t *ret_tag,
					     size_t *ret_len);

/*
 * The first record with @tag among those that make up @input, not looking inside them.
 * Expected: KC_ERR_OBJECT_NOT_FOUND, KC_ERR_CORRUPTED_DATA
 */
KC_MUST_CHECK enum kc_status tlv_find(struct kc_view input, uint32_t tag,
				      struct kc_view *ret_value);

/* As tlv_find(), but false for absent and damaged alike. */
bool tlv_has(struct kc_view input, uint32_t tag, struct kc_view *ret_value);

/* Append one record with the shortest length form. */
KC_MUST_CHECK enum kc_status tlv_put(struct bytes *bytes, uint32_t tag, struct kc_view value);

/* Append only tag and length of a record whose @len value bytes the caller appends next. */
KC_MUST_CHECK enum kc_status tlv_put_header(struct bytes *bytes, uint32_t tag, size_t len);

#endif
