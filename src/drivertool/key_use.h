/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DRIVERTOOL_KEY_USE_H
#define DRIVERTOOL_KEY_USE_H

/* One use of a key: which method, which algorithm, and data of the right length for it. */

#include <stdbool.h>

#include "drivertool/recording.h"
#include "wire/field.h"

struct key_use {
	const char *method; /* NULL: none of the driver's methods is for this algorithm */
	const char *input;  /* name of the parameter that has the data */
	char *object_id;    /* base64 */
	char *algorithm;
	struct bytes data;
	bool needs_no_pin;
};

void key_use_done(struct key_use *use);

/* How many ways there are to use @object, an Object of org.keycask.Driver. */
size_t key_use_count(struct json_object *object);
KC_MUST_CHECK enum kc_status key_use_make(struct json_object *object, size_t index,
					  struct key_use *ret_use);

KC_MUST_CHECK enum kc_status key_use_recorded(const struct recording_signing *signing,
					      struct key_use *ret_use);

#endif
