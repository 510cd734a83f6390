/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_RESULT_IMPL_H
#define ITEMS_RESULT_IMPL_H

/* One item as it goes back to whoever asked. */

#include "items/query_impl.h"
#include "items/row_impl.h"

/* An item: one open row, or certificate and key of an identity. */
struct result_item {
	enum vocabulary_class item_class;
	struct row *row;
	struct row *key; /* of an identity */
};

/* Does its data come back, if it is asked for? Not that of a key that is not extractable. */
bool result_gives_data(const struct result_item *item);

/* @data is the value, NULL when there is none. */
KC_MUST_CHECK enum kc_status result_new(const struct query_return *wants,
					const struct result_item *item, const struct kc_view *data,
					struct json_object **ret_item);

/* Append the persistent reference. */
KC_MUST_CHECK enum kc_status result_put_reference(const struct result_item *item,
						  struct bytes *bytes);

#endif
