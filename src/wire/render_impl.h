/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WIRE_RENDER_IMPL_H
#define WIRE_RENDER_IMPL_H

/* From a JSON object to text that scan_text() would accept, whatever the object holds. */

#include "base/bytes.h"
#include "wire/field.h"

/*
 * Append the text of @value. Bytes of a text that are not UTF-8, and NUL characters, become
 * U+FFFD. Expected: KC_ERR_PARAM  deeper or of more values than a message may be, not finite, or
 * longer than @bytes may grow; what was appended until then stays.
 */
KC_MUST_CHECK enum kc_status render_value(struct bytes *bytes, struct json_object *value);

/* The same of any number of values. */
KC_MUST_CHECK enum kc_status render_all(struct bytes *bytes, struct json_object *value);

#endif
