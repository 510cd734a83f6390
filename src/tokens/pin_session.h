/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_PIN_SESSION_H
#define TOKENS_PIN_SESSION_H

/*
 * A token session: the authentication of one client context to one token. It holds the PIN that
 * this client has proved, for as long as policy says, and never serves another client. A session
 * begins unauthenticated.
 */

#include "base/secret.h"
#include "tokens/registry.h"

struct pin_session;

/* The token need not be there. @registry must outlive the session. */
KC_MUST_CHECK enum kc_status pin_session_new(struct registry *registry, const char *token_id,
					     struct pin_session **ret_session);
struct pin_session *pin_session_free(struct pin_session *session);
DEFINE_FREEP(pin_session)

/* What drivers see: unique, never reused, and another one after the session has forgotten. */
uint64_t pin_session_id(const struct pin_session *session);
const char *pin_session_token_id(const struct pin_session *session);

/* Keep @pin, which the card has just accepted, if policy lets it be kept; @pin becomes empty. Both
 * limits start. */
void pin_session_remember(struct pin_session *session, struct secret *pin);
/* The PIN was typed on the reader's keypad: the session is authenticated for as long as the card
 * remembers, within the same limits. */
void pin_session_note_keypad(struct pin_session *session);
void pin_session_forget(struct pin_session *session);

/* The PIN, borrowed, and its idle time starts anew; empty when there is none (any more). */
struct kc_view pin_session_use(struct pin_session *session);
/* The authentication is used without the PIN: its idle time starts anew. */
void pin_session_note_use(struct pin_session *session);
/* An operation is over: without a PIN that is kept, its authentication is over too. */
void pin_session_end_use(struct pin_session *session);
bool pin_session_is_authenticated(const struct pin_session *session);

/* The token has left: every session of it forgets its PIN. */
void pin_session_forget_token(struct registry *registry, const char *token_id);
/* And so does every session of every token. */
void pin_session_forget_all(struct registry *registry);

#endif
