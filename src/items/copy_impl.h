/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_COPY_IMPL_H
#define ITEMS_COPY_IMPL_H

/* engine_copy_matching() and engine_copy_page(). */

#include "items/engine_impl.h"
#include "items/result_impl.h"

KC_MUST_CHECK enum kc_status copy_matching(const struct engine *engine,
					   struct engine_request *request,
					   struct json_object *dictionary,
					   struct json_object **ret_items);

KC_MUST_CHECK enum kc_status copy_page(const struct engine *engine, struct engine_request *request,
				       struct json_object *dictionary,
				       const struct engine_page *page, struct engine_cursor *cursor,
				       struct json_object **ret_items);

/* One item, open and permitted, as @wants says. */
KC_MUST_CHECK enum kc_status copy_item(const struct engine *engine, struct engine_request *request,
				       const struct query_return *wants,
				       const struct result_item *item,
				       struct json_object **ret_item);

#endif
