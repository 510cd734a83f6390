/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reference in an item, wherever the query has put it (item_shape.c). */
#include "client/item_reference.h"

struct kc_view item_reference_of(const struct kc_value *item)
{
	const struct kc_dictionary *dictionary = kc_value_dictionary(item);
	struct kc_view reference = kc_dictionary_data(dictionary, KC_VALUE_PERSISTENT_REF);

	if (!dictionary)
		return kc_value_data(item);
	return reference.len > 0 ? reference : kc_dictionary_data(dictionary, KC_VALUE_REF);
}
