/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DRIVERKIT_CARD_WRITE_H
#define DRIVERKIT_CARD_WRITE_H

/*
 * Writing what comes from elsewhere to a token, and deleting, by the rules of creation.h: who has
 * proved to be the administrator may do one such thing, in the same session and transaction.
 */

#include "driverkit/session.h"

/* @made must be empty; the key is all that is in it then.
 * Expected: as creation_generate(), and KC_ERR_NOT_IMPLEMENTED  this token takes no keys */
KC_MUST_CHECK enum kc_status card_write_import(struct kc_token *token,
					       const struct session_turn *turn,
					       const struct kc_key_wish *wish,
					       const struct kc_private_key *key,
					       struct kc_contents *made);

/* Expected: KC_ERR_NOT_IMPLEMENTED, KC_ERR_DUPLICATE_ITEM, KC_ERR_BAD_PARAMETER,
 *           KC_ERR_OBJECT_NOT_FOUND */
KC_MUST_CHECK enum kc_status card_write_plan_certificate(struct kc_token *token,
							 const struct session_turn *turn,
							 const struct kc_certificate_wish *wish,
							 struct kc_bytes *ret_object_id);

/* Expected: KC_ERR_AUTHENTICATION_NEEDED, and as card_write_plan_certificate() */
KC_MUST_CHECK enum kc_status card_write_put_certificate(struct kc_token *token,
							const struct session_turn *turn,
							const struct kc_certificate_wish *wish,
							struct kc_contents *made);

/* Expected: KC_ERR_NOT_IMPLEMENTED
 *           KC_ERR_OBJECT_NOT_FOUND  no such object was published */
KC_MUST_CHECK enum kc_status card_write_plan_deletion(struct kc_token *token,
						      const struct session_turn *turn,
						      const struct kc_deletion_wish *wish);

/* Expected: KC_ERR_AUTHENTICATION_NEEDED, and as card_write_plan_deletion() */
KC_MUST_CHECK enum kc_status card_write_delete(struct kc_token *token,
					       const struct session_turn *turn,
					       const struct kc_deletion_wish *wish);

#endif
