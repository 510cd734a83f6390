/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two waits of a call of org.keycask.Items, and its end. */
#include "daemon/item_call.h"

#include <stdlib.h>

#include "base/try.h"
#include "daemon/calls.h"
#include "daemon/idle.h"
#include "daemon/item_audit.h"

static struct item_call *item_call_free(struct item_call *call)
{
	if (!call)
		return NULL;
	call->content = item_content_free(call->content);
	field_free(&call->result);
	field_free(&call->copied);
	field_free(&call->copied_key);
	field_free(&call->given);
	field_free(&call->added);
	free(call);
	return NULL;
}

enum kc_status item_call_reply(struct item_call *call, struct json_object **ret_reply)
{
	CLEANUP(field_free) struct json_object *reply = NULL;

	TRY(field_new_object(&reply));
	if (call->verb->result && call->result)
		TRY(field_put(reply, call->verb->result, take(call->result)));
	*ret_reply = take(reply);
	return KC_OK;
}

void item_call_end(struct item_call *call, enum kc_status status)
{
	struct wire_call *wire_call = call->call;
	struct json_object *reply = NULL;

	item_audit_write(call, status);
	if (status == KC_OK)
		status = item_call_reply(call, &reply);
	wire_call_on_gone(wire_call, NULL, NULL);
	idle_expect(call->daemon->idle); /* a list of everything takes megabytes */
	ignore(item_call_free(call) != NULL);
	if (status == KC_OK)
		wire_call_reply(wire_call, reply);
	else
		wire_call_fail(wire_call, status);
}

/* --- the engine ---------------------------------------------------------------------------- */

/* What has gone out before has been read. */
static void on_gone_while_asking(void *details)
{
	struct item_call *call = details;

	if (call->cursor.n_items > 0)
		item_audit_write(call, KC_OK);
	ignore(item_call_free(call) != NULL);
}

void item_call_ask(struct item_call *call,
		   enum kc_status (*run)(void *details, struct engine_request *request),
		   void (*done)(void *details, enum kc_status status))
{
	struct proof_options options = {.run = run,
					.goes_on = call->verb->goes_on,
					.done = done,
					.gone = on_gone_while_asking,
					.details = call,
					.dictionary = call->dictionary,
					.written = call->written,
					.may_skip = call->verb->may_skip};

	proof_run(call->call, &options);
}

static enum kc_status run(void *details, struct engine_request *request)
{
	struct item_call *call = details;

	field_free(&call->result);
	return call->verb->run(call, request);
}

static void on_done(void *details, enum kc_status status)
{
	item_call_end(details, status);
}

/* --- the content --------------------------------------------------------------------------- */

static void on_gone_while_reading(void *userdata)
{
	struct item_call *call = userdata;
	struct wire_call *wire_call = call->call;

	wire_call_on_gone(wire_call, NULL, NULL);
	ignore(item_call_free(call) != NULL);
	wire_call_drop(wire_call);
}

static void on_read(void *userdata, enum kc_status status)
{
	struct item_call *call = userdata;

	if (status == KC_OK)
		item_call_proceed(call);
	else
		item_call_end(call, status);
}

void item_call_proceed(struct item_call *call)
{
	if (!call->content || item_content_is_read(call->content))
		item_call_ask(call, run, on_done);
	else
		wire_call_on_gone(call->call, on_gone_while_reading, call);
}

enum kc_status item_call_value(struct json_object *written, struct bytes *ret_data, bool *ret_has)
{
	struct json_object *value = NULL;

	*ret_has = json_object_is_type(written, json_type_object) &&
		   json_object_object_get_ex(written, "value_data", &value);
	/* reference/keychain.md 2.5: null or a string (ours: other than base64) is param. */
	REQUIRE(!*ret_has || json_object_is_type(value, json_type_string), KC_ERR_PARAM,
		"\"value_data\" must be base64 text");
	return field_data(written, "value_data", ret_data);
}

enum kc_status item_call_read(struct item_call *call, const struct item_content_source *source)
{
	return item_content_new(source, registry_inspector(call->daemon->registry), on_read, call,
				&call->content);
}

/* --- its beginning ------------------------------------------------------------------------- */

static enum kc_status make(struct wire_call *wire_call, const struct item_verb *verb,
			   struct item_call **ret_call)
{
	struct json_object *parameters = wire_call_parameters(wire_call);
	struct item_call *call = calloc(1, sizeof(*call));

	REQUIRE(call, KC_ERR_ALLOCATE, "out of memory");
	*call = (struct item_call){
		.call = wire_call,
		.daemon = wire_call_context(wire_call),
		.verb = verb,
		.dictionary = field_get(parameters, verb->dictionary),
		.written = verb->written ? field_get(parameters, verb->written) : NULL,
	};
	*ret_call = call;
	return KC_OK;
}

void item_call_begin(struct wire_call *wire_call, const struct item_verb *verb,
		     void (*start)(struct item_call *call))
{
	struct item_call *call = NULL;
	enum kc_status status = KC_OK;

	error_clear();
	status = make(wire_call, verb, &call);
	if (status == KC_OK)
		start(call);
	else
		wire_call_fail(wire_call, status);
}
