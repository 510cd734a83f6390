/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_CARD_SESSION_H
#define TOKENS_CARD_SESSION_H

/*
 * A raw card session: one client, the card in one slot, no driver between. While it has the card
 * everybody else waits, tokens and other clients alike, so it ends at its limits of time and with
 * its client, and the card is then reset. Begins are counted: as many ends give the card back.
 * APDUs are carried as they are; nothing here looks at them.
 */

#include "base/cleanup.h"
#include "tokens/registry.h"

struct card_session;

struct card_session_options {
	const char *slot;  /* all texts are copied */
	int64_t insertion; /* of the card that is meant, 0: whichever is in */
	const char *who;   /* for people who wonder who has the card */
	long pid;
};

struct card_session_terms {
	bool reset;		    /* before */
	bool is_sensitive;	    /* reset before and after */
	unsigned allowed_protocols; /* bits, as enum kc_smart_card_protocol */
	unsigned deadline_ms;	    /* to wait for the card; 0: as long as it takes */
};

/* @response: empty on failure, and when it was about a beginning. Never within the call. */
typedef void (*card_session_fn)(void *userdata, enum kc_status status, struct kc_view response);

/*
 * A session that has not begun yet. Expected: KC_ERR_ITEM_NOT_FOUND  there is no such slot
 *   KC_ERR_TOKEN_NOT_FOUND  there is no card, or another one; KC_ERR_COMMUNICATION  it is mute
 */
KC_MUST_CHECK enum kc_status card_session_new(struct registry *registry,
					      const struct card_session_options *options,
					      struct card_session **ret_session);
/* One that has the card loses it: the card is reset. No function is called any more. */
struct card_session *card_session_free(struct card_session *session);
DEFINE_FREEP(card_session)

int64_t card_session_number(const struct card_session *session);
const char *card_session_slot(const struct card_session *session);
/* Is @session with the card of that @insertion (0: any)? Then it is *ret_session.
 * Expected: KC_ERR_TOKEN_NOT_FOUND */
KC_MUST_CHECK enum kc_status card_session_check(struct card_session *session, int64_t insertion,
						struct card_session **ret_session);
/* Neither has it the card nor will it get it: it may be freed. */
bool card_session_is_over(const struct card_session *session);

/*
 * Get the card, or count once more when it has it: @on_begun runs once, perhaps within this call.
 * Expected of it: KC_ERR_NOT_AVAILABLE  not in time, or another program has the card for itself
 *   KC_ERR_PARAM  the card has none of the protocols; KC_ERR_TOKEN_NOT_FOUND  it has left
 */
void card_session_begin(struct card_session *session, const struct card_session_terms *terms,
			card_session_fn on_begun, void *userdata);

/* One end: the last gives the card back, with a reset if this or an earlier one wants it. */
void card_session_end(struct card_session *session, bool reset);

/*
 * Send @apdu; @on_response runs once. One at a time.
 * Expected: KC_ERR_PARAM  nothing that the slot could carry; KC_ERR_NOT_AVAILABLE  no session (any
 *           more), with the reason; KC_ERR_TOKEN_NOT_FOUND  the card has left
 */
KC_MUST_CHECK enum kc_status card_session_transmit(struct card_session *session,
						   struct kc_view apdu, card_session_fn on_response,
						   void *userdata);
/* Whoever waits for a beginning or a response has left. */
void card_session_forget_waiter(struct card_session *session);

/* Add what a client wants to know of a session that has just begun. */
KC_MUST_CHECK enum kc_status card_session_put(const struct card_session *session,
					      struct json_object *reply);

/* @card, which may be NULL, is about to be freed: every session with it is over. */
struct card;
void card_session_lose_card(struct registry *registry, const struct card *card);

/* Take the card in that slot, or in each (NULL), from whoever has it: KC_ERR_NOT_AVAILABLE for
 * them, saying @why. */
void card_session_break(struct registry *registry, const char *slot, const char *why);

#endif
