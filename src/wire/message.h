/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WIRE_MESSAGE_H
#define WIRE_MESSAGE_H

/*
 * One Varlink message: a JSON object in UTF-8, ended by a NUL byte. Pure: text in, object out.
 * All limits of the wire stand here; a message beyond one of them closes the peer that sent it.
 */

#include "base/bytes.h"
#include "wire/field.h"

enum {
	WIRE_MESSAGE_MAX = 1024 * 1024,	   /* bytes of one message */
	WIRE_DEPTH_MAX = 16,		   /* nested objects and arrays */
	WIRE_VALUES_MAX = 16384,	   /* values in one message */
	WIRE_CALLS_MAX = 32,		   /* calls waiting per peer, then we stop reading */
	WIRE_DESCRIPTORS_MAX = 8,	   /* descriptors waiting per peer */
	WIRE_OUTPUT_MAX = 8 * 1024 * 1024, /* bytes a peer may leave unread before it is closed */
};

/*
 * Parse the text of one message, without its NUL. Strict: one JSON object, valid UTF-8, no
 * trailing text, within the limits. Expected: KC_ERR_DECODE
 */
KC_MUST_CHECK enum kc_status message_parse(struct kc_view text, struct json_object **ret_message);

/*
 * Append @message's text and the NUL; held to the same limits, so that what we send can be read.
 * Expected: KC_ERR_PARAM  beyond a limit or longer than @bytes may grow; nothing was appended
 */
KC_MUST_CHECK enum kc_status message_put(struct bytes *bytes, struct json_object *message);

/* Append the text of any @value, however large: for whoever shows it. */
KC_MUST_CHECK enum kc_status message_put_value(struct bytes *bytes, struct json_object *value);

/*
 * Look for a whole message at the start of @input: *ret_text is it without the NUL and
 * *ret_used what to consume. False: more bytes are needed.
 */
bool message_find(struct kc_view input, struct kc_view *ret_text, size_t *ret_used);

#endif
