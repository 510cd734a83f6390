/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_PUBLISH_IMPL_H
#define ITEMS_PUBLISH_IMPL_H

/* A token's items on their way in and out: engine_publish() and engine_withdraw(). */

#include "items/engine_impl.h"

KC_MUST_CHECK enum kc_status publish_replace(const struct engine *engine, const char *token_id,
					     const struct engine_item *items, size_t n_items);
KC_MUST_CHECK enum kc_status publish_remove(const struct engine *engine, const char *token_id);

#endif
