/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_ADD_IMPL_H
#define ITEMS_ADD_IMPL_H

/* engine_add(). */

#include "items/engine_impl.h"

KC_MUST_CHECK enum kc_status add_item(const struct engine *engine, struct engine_request *request,
				      struct json_object *dictionary,
				      const struct engine_part *parts, size_t n_parts,
				      struct json_object **ret_item);

#endif
