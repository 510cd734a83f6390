/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DRIVERKIT_SESSION_H
#define DRIVERKIT_SESSION_H

/*
 * What the daemon may ask of a token, and the rules that stand before the driver:
 *
 *  - A new transaction number means that others may have used the card: the application is
 *    selected again and no verified PIN is trusted.
 *  - A PIN verified in one session serves that session alone, and only keys of the scope it was
 *    verified for, whatever the card remembers (cryptotokenkit.md 2.3). Session 0 is nobody and
 *    is never authenticated.
 *  - A failed authentication, of whichever session, ends the authenticated state; so does
 *    changing or unblocking a PIN.
 *  - A key that wants its PIN always gets one right before each operation.
 *  - Who has proved to be the administrator may write one thing, in that very transaction
 *    (creation.h, card_write.h).
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

/* Before anything that touches the card: this turn, and the application selected in it. Fresh PINs
 * are used up. */
KC_MUST_CHECK enum kc_status session_begin(struct kc_token *token, const struct session_turn *turn);
/* The same before somebody proves something: nobody is authenticated after it. */
KC_MUST_CHECK enum kc_status session_begin_anew(struct kc_token *token,
						const struct session_turn *turn);
/* Expected: KC_ERR_AUTHENTICATION_FAILED  @pin has not the form of @pin_id */
KC_MUST_CHECK enum kc_status session_check_form(struct kc_token *token, const char *pin_id,
						struct kc_view pin);

/* *ret_identity's texts are the caller's to free. */
KC_MUST_CHECK enum kc_status session_open(struct kc_token *token, const struct session_turn *turn,
					  struct kc_token_identity *ret_identity);

/* Fill token->contents anew; the old ones stay when this fails. */
KC_MUST_CHECK enum kc_status session_enumerate(struct kc_token *token,
					       const struct session_turn *turn);

/* Complete token->contents by what was left for later. Expected: KC_ERR_NOT_IMPLEMENTED  nothing */
KC_MUST_CHECK enum kc_status session_detail(struct kc_token *token,
					    const struct session_turn *turn);

/* A PIN with data NULL is typed on the reader's keypad. */
struct session_authentication {
	struct kc_view object_id; /* the key that is to be used; empty: any of scope 0 */
	struct kc_view pin;
};

/* Expected: KC_ERR_AUTHENTICATION_FAILED, KC_ERR_PIN_BLOCKED */
KC_MUST_CHECK enum kc_status session_authenticate(
	struct kc_token *token, const struct session_turn *turn,
	const struct session_authentication *authentication);

/* @pin_id NULL: the PIN of the token. */
KC_MUST_CHECK enum kc_status session_pin_status(struct kc_token *token,
						const struct session_turn *turn, const char *pin_id,
						int *ret_tries_left);

struct session_change {
	const char *pin_id;
	struct kc_view current;
	struct kc_view new_pin;
};

/* Expected: KC_ERR_AUTHENTICATION_FAILED, KC_ERR_PIN_BLOCKED
 *           KC_ERR_BAD_PARAMETER  the card cannot hold the new PIN; nothing was tried */
KC_MUST_CHECK enum kc_status session_change_pin(struct kc_token *token,
						const struct session_turn *turn,
						const struct session_change *change);

/* As session_change_pin(), for the PIN that unblocks. */
KC_MUST_CHECK enum kc_status session_unblock_pin(struct kc_token *token,
						 const struct session_turn *turn,
						 const struct kc_unblocking *unblocking);

enum session_operation {
	SESSION_SIGN,
	SESSION_DECRYPT,
	SESSION_EXCHANGE,
};

/* A private-key operation: @data is the digest, the ciphertext, the other side's point. */
struct session_use {
	enum session_operation operation;
	struct kc_view object_id;
	const char *algorithm;
	struct kc_view data;
};

/* Expected: KC_ERR_AUTHENTICATION_NEEDED  authenticate turn->session, then repeat
 *           KC_ERR_OBJECT_NOT_FOUND       no such key was published */
KC_MUST_CHECK enum kc_status session_use_key(struct kc_token *token,
					     const struct session_turn *turn,
					     const struct session_use *use,
					     struct kc_bytes *ret_result);

#endif
