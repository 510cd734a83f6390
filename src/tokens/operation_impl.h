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
#include "tokens/token_impl.h"

#define OPERATION_PIN_STATUS "org.keycask.Driver.PinStatus"

/* Where the PIN comes from that is to be proved in this turn. */
enum pin_source {
	PIN_SOURCE_NONE,
	PIN_SOURCE_REQUEST,
	PIN_SOURCE_SESSION,
	PIN_SOURCE_PERSON,
};

struct operation {
	struct list link; /* token::operations */
	struct card_task task;
	struct token *token;
	struct operation_options options;
	const char *method;		/* NULL: authenticating is all */
	struct json_object *parameters; /* of the call, without turn */
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
	bool is_asking;
	bool is_reset_tried;
	bool is_calling;   /* the driver has been called and has not answered */
	bool is_cancelled; /* the client left meanwhile: end when the driver answers */
};

/* One call to the driver. On failure @on_reply does not run. */
KC_MUST_CHECK enum kc_status operation_call(struct operation *operation, const char *method,
					    struct json_object *parameters, wire_reply_fn on_reply);
/* First thing in an on_reply. False: nobody waits any more, and the operation is freed. */
bool operation_has_returned(struct operation *operation);

/* The call proper, after whatever authentication it took. */
void operation_perform(struct operation *operation);
/* Once more from the start of a turn, with a card that has forgotten who authenticated. */
void operation_repeat_after_reset(struct operation *operation);

/* The ends. @status of a driver is mapped, one of ours stands. Both free the operation. */
void operation_fail_by_driver(struct operation *operation, enum kc_status status);
void operation_fail(struct operation *operation, enum kc_status status);

/* Prove the PIN that the operation has, then perform. */
void operation_pin_prove(struct operation *operation);
/* The driver wants a PIN: the session's own if it has one, or a person's. */
void operation_pin_need(struct operation *operation);
/* A person must give it: learn how many tries are left, then leave the card to others and ask. */
void operation_pin_ask(struct operation *operation);

#endif
