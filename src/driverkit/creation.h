/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DRIVERKIT_CREATION_H
#define DRIVERKIT_CREATION_H

/*
 * Making keys, and the rules before it: nobody makes one who has not proved to be the administrator
 * in the same session and the same transaction; one proof is good for one key; and a key that is
 * there is lost only to a wish that says so. What else is written keeps them too (card_write.h).
 */

#include "driverkit/session.h"

/* Expected: KC_ERR_NOT_IMPLEMENTED       this token makes no keys
 *           KC_ERR_DUPLICATE_ITEM, KC_ERR_KEY_SIZE_NOT_ALLOWED, KC_ERR_BAD_PARAMETER */
KC_MUST_CHECK enum kc_status creation_plan(struct kc_token *token, const struct session_turn *turn,
					   const struct kc_key_wish *wish,
					   struct kc_bytes *ret_object_id);

KC_MUST_CHECK enum kc_status creation_challenge(struct kc_token *token,
						const struct session_turn *turn,
						struct kc_admin_challenge *ret_challenge);

/* Expected: KC_ERR_AUTHENTICATION_FAILED, KC_ERR_PIN_BLOCKED */
KC_MUST_CHECK enum kc_status creation_authenticate(struct kc_token *token,
						   const struct session_turn *turn,
						   const struct kc_admin_proof *proof,
						   struct kc_bytes *ret_response);

/* @made must be empty; the key is all that is in it then.
 * Expected: KC_ERR_AUTHENTICATION_NEEDED, and as creation_plan() */
KC_MUST_CHECK enum kc_status creation_generate(struct kc_token *token,
					       const struct session_turn *turn,
					       const struct kc_key_wish *wish,
					       struct kc_contents *made);

/* --- for card_write.c ---------------------------------------------------------------------- */

/* Expected: KC_ERR_NOT_IMPLEMENTED  this token makes no keys, or takes none */
KC_MUST_CHECK enum kc_status creation_check_wish(const struct kc_token *token,
						 const struct kc_key_wish *wish);
/* The turn begins, and its session's proof is used up. Expected: KC_ERR_AUTHENTICATION_NEEDED */
KC_MUST_CHECK enum kc_status creation_claim_admin(struct kc_token *token,
						  const struct session_turn *turn);
/* As creation_plan(), in the turn that has begun. */
KC_MUST_CHECK enum kc_status creation_replan(struct kc_token *token, const struct kc_key_wish *wish,
					     struct kc_bytes *ret_object_id);
/* Takes @object_id, which a driver has planned. Expected: KC_ERR_CORRUPTED_DATA  it is none */
KC_MUST_CHECK enum kc_status creation_check_name(struct kc_bytes *object_id,
						 struct kc_bytes *ret_object_id);
/* @made is the key @object_id and nothing else. Expected: KC_ERR_CORRUPTED_DATA */
KC_MUST_CHECK enum kc_status creation_check_made(const struct kc_contents *made,
						 struct kc_view object_id);

#endif
