/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_LOCATE_IMPL_H
#define ITEMS_LOCATE_IMPL_H

/* Behind a reference: the key it stands for, or why there is none. */

#include "items/engine.h"
#include "items/reference.h"
#include "store/database.h"

/* Expected: KC_ERR_ITEM_NOT_FOUND, KC_ERR_PARAM  not of a key or an identity */
KC_MUST_CHECK enum kc_status locate_key(struct database *database,
					const struct reference *reference,
					struct engine_key *ret_key);

/* KC_ERR_ITEM_NOT_FOUND for @reference: its token is away, or there but without the item. */
KC_MUST_CHECK enum kc_status locate_fail_missing(struct database *database,
						 const struct reference *reference);

#endif
