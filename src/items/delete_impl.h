/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_DELETE_IMPL_H
#define ITEMS_DELETE_IMPL_H

/* engine_delete(). */

#include "items/engine_impl.h"

KC_MUST_CHECK enum kc_status delete_matching(const struct engine *engine,
					     struct engine_request *request,
					     struct json_object *dictionary);

#endif
