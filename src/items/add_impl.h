/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_ADD_IMPL_H
#define ITEMS_ADD_IMPL_H

/* engine_add(), engine_add_all(), engine_check(). */

#include "items/engine_impl.h"

KC_MUST_CHECK enum kc_status add_items(const struct engine *engine, struct engine_request *request,
				       struct engine_addition *additions, size_t n);
KC_MUST_CHECK enum kc_status add_check(struct json_object *dictionary,
				       const struct engine_part *part);

#endif
