/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_ANSWER_SIZE_IMPL_H
#define ITEMS_ANSWER_SIZE_IMPL_H

/* How much of a message an answer takes: a keychain may have more than fits into one. */

#include "wire/field.h"

struct answer_size {
	size_t n_values;
	size_t n_bytes;
};

/* Add what @item takes on the wire, as one of an array. */
void answer_size_add(struct answer_size *size, struct json_object *item);

#endif
