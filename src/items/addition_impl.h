/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_ADDITION_IMPL_H
#define ITEMS_ADDITION_IMPL_H

/* The dictionary of an add, and that of the changes of an update: attributes to be stored. */

#include "items/query_impl.h"

struct addition {
	enum vocabulary_class item_class;
	struct json_object *attributes; /* owned, normalized, as the application gives them */
	struct query_return wants;
	enum query_ui ui;
};

/*
 * Release with addition_done() whatever these return. value_data is looked at by whoever reads the
 * content. Expected: KC_ERR_PARAM, KC_ERR_NO_SUCH_CLASS, KC_ERR_NO_SUCH_ATTR
 *                    KC_ERR_UNIMPLEMENTED  to be added to a token
 */
KC_MUST_CHECK enum kc_status addition_init(struct addition *ret_addition,
					   struct json_object *dictionary);
KC_MUST_CHECK enum kc_status addition_init_changes(struct addition *ret_addition,
						   enum vocabulary_class item_class,
						   struct json_object *changes);
void addition_done(struct addition *addition);

#endif
