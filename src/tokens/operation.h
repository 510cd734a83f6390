/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_OPERATION_H
#define TOKENS_OPERATION_H

/*
 * One operation on a token for one client: its place in the card's queue, the authentication it
 * turns out to need, the answer. A PIN comes from the request, from the client's session, or from
 * a person; it never comes from another session, whatever state the card is in.
 */

#include "base/list.h"
#include "base/secret.h"
#include "tokens/pin_session.h"
#include "tokens/registry.h"

struct operation;

/* @reply is the driver's, borrowed, NULL on failure; the record tells more. Ends the operation. */
typedef void (*operation_done_fn)(void *userdata, enum kc_status status, struct json_object *reply);

struct operation_options {
	struct pin_session *session; /* of this client and this token; outlives the operation */
	uint64_t request;
	struct secret *pin;    /* given with the request: taken; NULL: none was given */
	bool may_use_last_try; /* the caller said so */
	bool may_prompt;       /* here: there is a place */
	bool may_use_keypad;   /* of the reader: a person may be asked */
	bool needs_new_pin;    /* the PIN anew for this operation (pin_always) */
	bool needs_pin;	       /* a PIN that was given is checked before anything else */
	operation_done_fn on_done;
	void *userdata;
};

/* What a private key does, each with the driver's method and field names of its own. */
enum operation_use {
	OPERATION_SIGN,	    /* the reply has "signature" */
	OPERATION_DECRYPT,  /* "plaintext" */
	OPERATION_EXCHANGE, /* "secret"; the input is the other side's public key */
};

struct operation_key_use {
	enum operation_use use;
	struct kc_view object_id; /* as published */
	const char *algorithm;	  /* a base operation of the token */
	struct kc_view input;
};

/* Use a private key; all of @key_use is borrowed for the call only. */
KC_MUST_CHECK enum kc_status operation_use_key(struct token *token,
					       const struct operation_options *options,
					       const struct operation_key_use *key_use,
					       struct operation **ret_operation);

/* Authenticate the session: with the PIN given, else by asking. */
KC_MUST_CHECK enum kc_status operation_verify_pin(struct token *token,
						  const struct operation_options *options,
						  struct operation **ret_operation);

/* The reply has "tries_left" when the card tells. @pin_id NULL: of the token's PIN.
 * Expected: KC_ERR_PARAM  there is no such PIN */
KC_MUST_CHECK enum kc_status operation_pin_status(struct token *token,
						  const struct operation_options *options,
						  const char *pin_id,
						  struct operation **ret_operation);

/* The client has left: forget it, on_done does not run. */
void operation_cancel(struct operation *operation);

/* The answers to registry_hooks.ask_pin; @pin is taken. */
void operation_supply_pin(struct operation *operation, struct secret *pin);
void operation_refuse_pin(struct operation *operation, enum kc_status status);

/* What a prompt needs to know. */
const struct token *operation_token(const struct operation *operation);
void *operation_userdata(const struct operation *operation);

/* The token leaves: every operation on it ends with @status and this thread's record. */
void operation_abort_all(struct token *token, enum kc_status status);

#endif
