/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_ANSWER_SIZE_IMPL_H
#define ITEMS_ANSWER_SIZE_IMPL_H

/* How much of one message what has been found takes: a keychain may have more than fits. */

#include "wire/field.h"

struct answer_size {
	size_t n_values;
	size_t n_bytes;
};

/*
 * Add @item, which takes at least so much.
 * Expected: KC_ERR_NOT_AVAILABLE  no answer can hold it any more, with what to ask for instead
 */
KC_MUST_CHECK enum kc_status answer_size_add(struct answer_size *size, struct json_object *item);

#endif
