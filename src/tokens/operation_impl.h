/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_OPERATION_IMPL_H
#define TOKENS_OPERATION_IMPL_H

/*
 * An operation inside this room: operation.c is its way through the queue, operation_pin.c how it
 * comes by a PIN.
 */

#include "base/error.h"
#include "tokens/card.h"
#include "tokens/operation.h"
#include "tokens/pin_question.h"
#include "tokens/token_impl.h"

#define OPERATION_PIN_STATUS "org.keycask.Driver.PinStatus"

/* Where the PIN comes from that is to be proved in this turn. */
enum pin_source {
	PIN_SOURCE_NONE,
	PIN_SOURCE_REQUEST,
	PIN_SOURCE_SESSION,
	PIN_SOURCE_PERSON,
	PIN_SOURCE_KEYPAD, /* the reader's: nothing of it passes here */
};

struct operation {
	struct list link; /* token::operations */
	struct card_task task;
	struct token *token;
	struct operation_options options;
	const char *method;		/* NULL: authenticating is all */
	struct json_object *parameters; /* of the call, without turn */
	struct pin_change *change;	/* NULL: this sets no PIN anew */
	struct writing *writing;	/* NULL: this writes nothing */
	struct pin_listing *listing;	/* NULL: this does not ask for all PINs */
	uint64_t session_id;		/* of the session, as it was when this turn began */
	struct secret pin;
	uint64_t pin_given_to; /* the session's number when the PIN came */
	enum pin_source pin_source;
	char why[ERROR_MESSAGE_MAX]; /* a person is asked again */
	int tries_left;		     /* as last heard, -1: unknown */
	unsigned n_questions;
	bool is_last_try_confirmed; /* a person was told */
	bool is_session_pin_tried;
	bool is_verified; /* authenticated in this turn */
	bool wants_person;
	bool is_keypad_useless; /* for this; a person is asked here instead */
	bool is_asking;
	bool is_reset_tried;
	bool is_generating; /* the call is one that cards are slow at */
	bool is_calling;    /* the driver has been called and has not answered */
	bool is_cancelled;  /* the client left meanwhile: end when the driver answers */
};

/* Made and not yet in the card's queue; takes @parameters and the PIN of @options. */
KC_MUST_CHECK enum kc_status operation_new(struct token *token,
					   const struct operation_options *options,
					   const char *method, struct json_object *parameters,
					   struct operation **ret_operation);
struct operation *operation_free(struct operation *operation);
DEFINE_FREEP(operation)
void operation_submit(struct operation *operation);

/* One call to the driver. On failure @on_reply does not run. */
KC_MUST_CHECK enum kc_status operation_call(struct operation *operation, const char *method,
					    struct json_object *parameters, wire_reply_fn on_reply);
/* First thing in an on_reply. False: nobody waits any more, and the operation is freed. */
bool operation_has_returned(struct operation *operation);

/* The call proper, after whatever authentication it took. */
void operation_perform(struct operation *operation);
/* Once more from the start of a turn, with a card that has forgotten who authenticated. */
void operation_repeat_after_reset(struct operation *operation);

/* The answer: @reply is borrowed, NULL: nothing but that it is done. Frees the operation. */
void operation_succeed(struct operation *operation, struct json_object *reply);
/* The ends. @status of a driver is mapped, one of ours stands. Both free the operation. */
void operation_fail_by_driver(struct operation *operation, enum kc_status status);
void operation_fail(struct operation *operation, enum kc_status status);

/* @pin as text, wiped when it is freed. */
KC_MUST_CHECK enum kc_status operation_put_pin(struct json_object *parameters, const char *name,
					       const struct secret *pin);
/* Ask a person, leaving the card to others. Or take that back. */
void operation_ask(struct operation *operation, const struct pin_question *question);
void operation_stop_asking(struct operation *operation);

/* Prove the PIN that the operation has, then perform. */
void operation_pin_prove(struct operation *operation);
/* The driver wants a PIN: the session's own if it has one, or a person's. */
void operation_pin_need(struct operation *operation);
/* A person must give it: learn how many tries are left, then leave the card to others and ask. */
void operation_pin_ask(struct operation *operation);
/* Once more, and @why; within the turn or without the card. */
void operation_pin_ask_again(struct operation *operation, const char *why, int tries_left);
/* May a wrong PIN be given again, by whoever gave it? */
bool operation_pin_may_ask_again(const struct operation *operation);
/* The keypad cannot take it: ask a person here. */
void operation_pin_leave_keypad(struct operation *operation);
/* PIN and source are no more. */
void operation_pin_drop(struct operation *operation);

/* pin_change.c: its way through operation_pin.c. */
struct pin_change *pin_change_free(struct pin_change *change);
const struct token_pin *pin_change_guard(const struct pin_change *change);
bool pin_change_fits_keypad(const struct pin_change *change);
void pin_change_run(struct operation *operation);
void pin_change_supply(struct operation *operation, struct secret *pin);
/* The guard's tries are known and allow it. On failure nothing was called. */
KC_MUST_CHECK enum kc_status pin_change_call(struct operation *operation);
/* Of the PIN that is to be proved first. */
void pin_change_word(const struct pin_change *change, struct pin_question *question);

/* writing.c and its parts: likewise. The guard is NULL where a management key is wanted. */
struct writing *writing_free(struct writing *writing);
DEFINE_FREEP(writing)
const struct token_pin *writing_guard(const struct writing *writing);
void writing_run(struct operation *operation);
KC_MUST_CHECK enum kc_status writing_call(struct operation *operation);
void writing_word(const struct writing *writing, struct pin_question *question);

/* No PIN is called @name: KC_ERR_PARAM, naming those that are there. */
KC_MUST_CHECK enum kc_status pin_change_fail_unknown(const struct token *token, const char *name);

/* pin_listing.c */
struct pin_listing *pin_listing_free(struct pin_listing *listing);
void pin_listing_run(struct operation *operation);

#endif
