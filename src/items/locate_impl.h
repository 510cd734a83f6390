/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_LOCATE_IMPL_H
#define ITEMS_LOCATE_IMPL_H

/* Behind a reference: the key it stands for, or why there is none. */

#include "items/engine_impl.h"
#include "items/reference.h"

/* Expected: KC_ERR_ITEM_NOT_FOUND, KC_ERR_PARAM  not of a key, an identity, or for
 * what is public a certificate; and as permit.h */
KC_MUST_CHECK enum kc_status locate_key(const struct engine *engine, struct engine_request *request,
					const struct reference *reference, enum engine_use use,
					struct engine_key *ret_key);

/* KC_ERR_ITEM_NOT_FOUND for a token's @reference: it is away, or there but without the item. */
KC_MUST_CHECK enum kc_status locate_fail_missing(struct database *database,
						 const struct reference *reference);

#endif
