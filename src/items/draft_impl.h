/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_DRAFT_IMPL_H
#define ITEMS_DRAFT_IMPL_H

/* Attributes of an item of the file before it is sealed: completed, and agreeing with each other.
 */

#include "items/access_control.h"
#include "items/addition_impl.h"
#include "items/row_impl.h"

/*
 * Put what @part says of itself into @row's attributes, which are the application's own.
 * Expected: KC_ERR_PARAM  they contradict each other, KC_ERR_NO_SUCH_ATTR
 */
KC_MUST_CHECK enum kc_status draft_describe(struct row *row, const struct engine_part *part);

/* What a new item has when nobody says otherwise (reference/keychain.md 1.3 to 1.6, 2.7). */
KC_MUST_CHECK enum kc_status draft_complete(struct row *row, const char *default_group);

/*
 * Make "accessible" and "access_control" agree, then hashes and identity.
 * Expected: KC_ERR_PARAM, KC_ERR_UNIMPLEMENTED, KC_ERR_NOT_AVAILABLE  as access_control.h
 */
KC_MUST_CHECK enum kc_status draft_finish(const struct engine *engine, struct row *row,
					  struct access_control *ret_access);

/*
 * Seal @row with @secret (NULL: none) under what @access wants.
 * Expected: KC_ERR_INTERACTION_NOT_ALLOWED, KC_ERR_NOT_AVAILABLE  as keybag_key()
 */
KC_MUST_CHECK enum kc_status draft_seal(const struct engine *engine, struct row *row,
					const struct access_control *access,
					const struct engine_proof *proof,
					const struct kc_view *secret);

/* Private is who is private (reference/keychain.md 7). Expected: KC_ERR_PARAM */
KC_MUST_CHECK enum kc_status draft_check_kind(struct json_object *attributes);

/* "modification_date" is now, and a millisecond later than it was at least. */
KC_MUST_CHECK enum kc_status draft_touch(struct json_object *attributes);

#endif
