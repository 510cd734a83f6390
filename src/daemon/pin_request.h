/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_PIN_REQUEST_H
#define DAEMON_PIN_REQUEST_H

/*
 * What calls that may need a PIN have in common: the call itself, the PIN it brought, how a person
 * may be asked, and the operation under way. Ends in exactly one reply, or with its peer.
 */

#include "daemon/daemon.h"
#include "tokens/operation.h"
#include "tokens/pin_question.h"

struct pin_request;

/* Answer @request's call from @reply; only on success. The record is ready for a failure. */
typedef enum kc_status (*pin_request_answer_fn)(void *details, struct json_object *reply,
						struct json_object **ret_parameters);

struct pin_request_options {
	const char *purpose; /* what the PIN is for: the key's label; NULL: the token itself */
	bool needs_new_pin;
	bool may_join_batch; /* batch.h: the call may ask for one */
	bool needs_pin;
	/* The call's secrets have been taken from it, and this is the one that must be right:
	 * taken; NULL: there was none. */
	bool has_taken_secrets;
	struct secret *guard;
	pin_request_answer_fn answer;
	/* On failure with @status, which may still turn out to be an answer. NULL: never. */
	enum kc_status (*recover)(void *details, enum kc_status status,
				  struct json_object **ret_parameters);
	/* Runs when all is over, with the result; frees @details. */
	void (*ended)(void *details, enum kc_status status);
	void *details;
};

/* Takes @call: from now on the request answers it. On failure nothing was taken. */
KC_MUST_CHECK enum kc_status pin_request_new(struct wire_call *call, const char *token_id,
					     const struct pin_request_options *options,
					     struct pin_request **ret_request);

/* Before the operation is started: nothing will come. Gives the call back unanswered. */
struct pin_request *pin_request_free(struct pin_request *request);
DEFINE_FREEP(pin_request)

/* For operation_*(): options that lead back here, and the token. */
struct token *pin_request_token(struct pin_request *request);
struct operation_options pin_request_operation(struct pin_request *request);
/* The new PIN that came with the call; NULL: none did. */
struct secret *pin_request_new_pin(struct pin_request *request);
struct operation **pin_request_place(struct pin_request *request);

/* registry_hooks.ask_pin, .claim_keypad and .stop_asking, for wiring.c. */
void pin_request_ask(struct daemon *daemon, struct operation *operation,
		     const struct pin_question *question);
KC_MUST_CHECK enum kc_status pin_request_claim_keypad(struct daemon *daemon,
						      struct operation *operation);
void pin_request_stop_asking(struct operation *operation);

#endif
