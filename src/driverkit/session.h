/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DRIVERKIT_SESSION_H
#define DRIVERKIT_SESSION_H

/*
 * What the daemon may ask of a token, and the rules that stand before the driver:
 *
 *  - A new transaction number means that others may have used the card: the application is
 *    selected again and no verified PIN is trusted.
 *  - A PIN verified in one session serves that session alone, whatever the card remembers
 *    (cryptotokenkit.md 2.3). Session 0 is nobody and is never authenticated.
 *  - A failed authentication, of whichever session, ends the authenticated state.
 *  - A key that wants its PIN always gets one right before each operation.
 *
 * No transport in here: serve.h speaks Varlink, tests call directly.
 */

#include "driverkit/token.h"

struct session_turn {
	int64_t transaction;
	int64_t session;
	bool is_selected;
	int64_t request; /* for the log */
};

/* *ret_identity's texts are the caller's to free. */
KC_MUST_CHECK enum kc_status session_open(struct kc_token *token, const struct session_turn *turn,
					  struct kc_token_identity *ret_identity);

/* Fill token->contents anew; the old ones stay when this fails. */
KC_MUST_CHECK enum kc_status session_enumerate(struct kc_token *token,
					       const struct session_turn *turn);

/* Expected: KC_ERR_AUTHENTICATION_FAILED, KC_ERR_PIN_BLOCKED */
KC_MUST_CHECK enum kc_status session_authenticate(struct kc_token *token,
						  const struct session_turn *turn,
						  struct kc_view pin);

KC_MUST_CHECK enum kc_status session_pin_status(struct kc_token *token,
						const struct session_turn *turn,
						int *ret_tries_left);

struct session_signing {
	struct kc_view object_id;
	const char *algorithm;
	struct kc_view data;
};

/* Expected: KC_ERR_AUTHENTICATION_NEEDED  authenticate turn->session, then repeat
 *           KC_ERR_OBJECT_NOT_FOUND       no such key was published */
KC_MUST_CHECK enum kc_status session_sign(struct kc_token *token, const struct session_turn *turn,
					  const struct session_signing *signing,
					  struct kc_bytes *ret_signature);

#endif
