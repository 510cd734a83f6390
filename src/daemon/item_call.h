/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_ITEM_CALL_H
#define DAEMON_ITEM_CALL_H

/*
 * A call of org.keycask.Items on its way: first what value_data stands for is found out (that may
 * take keycask-x509), then the engine is asked, as often as it takes to prove what it needs. Ends
 * in exactly one reply, or with its peer.
 */

#include "daemon/daemon.h"
#include "daemon/item_content.h"
#include "daemon/proof.h"

struct item_call;

struct item_verb {
	const char *dictionary; /* the parameter: "query", "item" */
	const char *written;	/* the parameter with what will be written; NULL: nothing is */
	const char *result;	/* of the reply; NULL: an empty one */
	bool may_skip;		/* use_authentication_ui may be "skip" */
	/* Ask the engine; may run again, after item_call's result has been dropped. */
	enum kc_status (*run)(struct item_call *call, struct engine_request *request);
	/* proof_options::goes_on; NULL: it answers once. */
	enum kc_status (*goes_on)(void *details, struct proof *proof, bool *ret_goes_on);
};

struct item_call {
	struct wire_call *call;
	struct daemon *daemon;
	const struct item_verb *verb;
	struct json_object *dictionary; /* borrowed from the call, as the next */
	struct json_object *written;	/* NULL */
	struct item_content *content;	/* NULL: no value_data */
	struct json_object *result;	/* owned */
	struct engine_cursor cursor;	/* of a copy: what has been answered */
	struct json_object *copied;	/* of value_ref: what is copied; owned, NULL */
	struct json_object *copied_key; /* and the key of an identity; owned, NULL */
	struct json_object *given;	/* what a key that is no item was made with; owned, NULL */
	struct json_object *added;	/* the dictionary without value_ref; owned, NULL */
};

/* Takes @call. @start takes the item_call: it finds out what the engine needs to be told, and ends
 * with item_call_proceed(), which may be all of it, or item_call_end(). */
void item_call_begin(struct wire_call *call, const struct item_verb *verb,
		     void (*start)(struct item_call *call));

/*
 * Has @written a value_data? It must be base64 text; *ret_has is false when there is none.
 * Expected: KC_ERR_PARAM
 */
KC_MUST_CHECK enum kc_status item_call_value(struct json_object *written, struct bytes *ret_data,
					     bool *ret_has);

/* Make @source the call's content. The engine is asked when it is known. */
KC_MUST_CHECK enum kc_status item_call_read(struct item_call *call,
					    const struct item_content_source *source);

/* Ask the engine something with @run before; @done gets the call back, to go on or to end it. */
void item_call_ask(struct item_call *call,
		   enum kc_status (*run)(void *details, struct engine_request *request),
		   void (*done)(void *details, enum kc_status status));

/* What run() has made so far, as a reply; takes call->result. */
KC_MUST_CHECK enum kc_status item_call_reply(struct item_call *call,
					     struct json_object **ret_reply);

/* Go on: ask the engine what the verb says, if the content is known; else when it is. */
void item_call_proceed(struct item_call *call);

/* End it: reply, or fail with @status. */
void item_call_end(struct item_call *call, enum kc_status status);

#endif
