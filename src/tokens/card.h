/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_CARD_H
#define TOKENS_CARD_H

/*
 * A card in a slot: its slot process, and the queue through which everything that wants to use it
 * goes, one task at a time, in order. The card is taken (a transaction) when a task needs it, kept
 * for a moment of idleness, and given back with a reset if anyone authenticated.
 */

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "base/list.h"
#include "tokens/registry.h"
#include "wire/caller.h"

struct card;

/* On what terms somebody without a driver talks to the card: over the card's own channel. */
struct card_terms {
	uint64_t user; /* whose state of the card it is: a number, never used for another, not 0 */
	bool reset;    /* before */
	bool is_sensitive;	    /* and before anybody else */
	unsigned allowed_protocols; /* as enum port_protocol */
	/* From run() on: the protocol, 0 when the card has none of those, and a number that is the
	 * one of the last turn if the card is as it was left then. */
	unsigned protocol;
	uint64_t generation;
	bool has_begun; /* the queue's */
};

/*
 * One turn with the card. run() is called when it is @task's turn and must lead to card_finish();
 * abort() instead when the card is lost, also while the task has its turn: then it is over, and
 * card_finish() must not be called. abort() with KC_ERR_NOT_AVAILABLE: another program has the card
 * for itself.
 */
struct card_task {
	struct list link; /* card::queue */
	const struct token *token;
	int64_t channel;	  /* whose packets reach the card meanwhile */
	bool can_wait;		  /* however long another program has the card */
	struct card_terms *terms; /* NULL: a driver's */
	const char *who;	  /* NULL: the token */
	long pid;
	void (*run)(struct card_task *task);
	void (*abort)(struct card_task *task, enum kc_status status);
};

enum card_end {
	CARD_GONE,  /* it was removed, or contact with it was lost */
	CARD_MUTE,  /* it does not answer */
	CARD_KEPT,  /* another program's transaction does not end */
	CARD_BROKEN /* the slot process has failed */
};

struct card_hooks {
	/* Powered: its ATR. */
	void (*on_powered)(void *userdata, const char *atr);
	/* @answered is an array of AIDs that the card has; @selected is the one selected now. */
	void (*on_probed)(void *userdata, struct json_object *answered, const char *selected);
	/* Another program has the card for itself; or not any more. @holder names it. */
	void (*on_held)(void *userdata, const char *holder);
	void (*on_free)(void *userdata);
	/* The slot process is over, all tasks are aborted. May free the card. */
	void (*on_lost)(void *userdata, enum card_end end);
	void *userdata;
};

/* Where the card is. */
struct card_place {
	int fd;		    /* of an embedded card, borrowed; -1: in a reader */
	const char *reader; /* its name for pcscd, borrowed */
};

/* Start a slot process for the card in @place and probe for @aids. */
KC_MUST_CHECK enum kc_status card_new(sd_event *event, const struct registry_settings *settings,
				      const struct card_place *place, struct json_object *aids,
				      const struct card_hooks *hooks, struct card **ret_card);
struct card *card_free(struct card *card);
DEFINE_FREEP(card)

/* Give @fd (borrowed), the other end of a driver's card channel, to the slot process; its number is
 * what tasks say as card_task.channel. */
KC_MUST_CHECK enum kc_status card_attach(struct card *card, int fd, int64_t *ret_channel);

/* Of the turn that runs now. Between two turns whose numbers follow each other nobody else has had
 * the card, no other program either. */
uint64_t card_turn_number(const struct card *card);

/* What drivers are told of it: atr and max_input of org.keycask.Driver's Open. */
KC_MUST_CHECK enum kc_status card_put_facts(const struct card *card,
					    struct json_object *parameters);

/* Does the reader take the card's PIN, or a new one, on a keypad of its own? Known once powered. */
bool card_has_keypad(const struct card *card);
bool card_has_keypad_for_change(const struct card *card);

/* Bytes of a whole command. */
size_t card_max_input(const struct card *card);
/* Add what the slot carries to a slot's description: nothing before the card is powered. */
KC_MUST_CHECK enum kc_status card_put_limits(const struct card *card,
					     struct json_object *description);

/* It is about to be freed: nobody gets a turn any more while its tokens leave. */
void card_stop(struct card *card);

void card_submit(struct card *card, struct card_task *task);
/* Once more, before all others: for a task that just had its turn. */
void card_submit_again(struct card *card, struct card_task *task);
/* @task has had its turn. */
void card_finish(struct card *card, struct card_task *task);
/* Take @task out, whether it waits or has its turn; fine when it does neither. */
void card_cancel(struct card *card, struct card_task *task);

/* Somebody authenticated: the card is reset before it is given back. */
void card_mark_sensitive(struct card *card);
/* Reset before the next task, so that the card forgets who authenticated. */
void card_request_reset(struct card *card);

/* If somebody has authenticated, the card is to forget it: at once, or after the task that has its
 * turn. */
void card_lock(struct card *card);

/* Our end of the card's own channel, in the turn of a task with terms. */
int card_own_fd(const struct card *card);
/* Instead of a response, or after one that nobody waits for: the next turn has a new one, and a
 * card that was reset. */
void card_drop_own_channel(struct card *card);

/* The turn of the task that runs now, as org.keycask.Driver's Turn. */
KC_MUST_CHECK enum kc_status card_put_turn(struct card *card, const struct token *token,
					   uint64_t session, uint64_t request,
					   struct json_object *parameters);

/* In the turn of a task of no token: does the card have @aids? As org.keycask.Slot.Probe. */
/* Before probing, in on_powered(): ask for @aids alone. */
void card_narrow(struct card *card, struct json_object *aids);
KC_MUST_CHECK enum kc_status card_probe(struct card *card, struct json_object *aids,
					wire_reply_fn on_reply, void *userdata);

/* Once after probing: @token is the one whose application was left selected. */
void card_set_selected(struct card *card, const struct token *token);
/* The driver of @token ends: another one, or another token, must not count on that. */
void card_forget_selected(struct card *card, const struct token *token);

#endif
