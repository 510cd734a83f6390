/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_UPDATE_IMPL_H
#define ITEMS_UPDATE_IMPL_H

/* engine_update(). */

#include "items/engine_impl.h"

KC_MUST_CHECK enum kc_status update_matching(const struct engine *engine,
					     struct engine_request *request,
					     struct json_object *dictionary,
					     struct json_object *changes,
					     const struct engine_part *part);

#endif
