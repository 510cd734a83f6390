/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * org.keycask.Keychain: authentication contexts. The application password is stretched when the
 * context is made, once and beside the loop; what it was is wiped then.
 */
#include <stdlib.h>

#include "base/try.h"
#include "daemon/calls.h"
#include "daemon/client.h"
#include "daemon/context.h"
#include "daemon/keychain.h"
#include "daemon/secret_fields.h"
#include "daemon/stretch.h"

enum {
	PASSWORD_MAX = 255,
};

struct new_context {
	struct wire_call *call;
	bool interaction_not_allowed;
	struct stretch *stretch;
};

static enum kc_status make_context(struct wire_call *call, bool interaction_not_allowed,
				   struct secret *application_key, struct json_object **ret_reply)
{
	CLEANUP(field_free) struct json_object *reply = NULL;
	struct list *contexts = client_contexts(wire_call_peer(call));
	struct context *context = NULL;

	TRY(field_new_object(&reply));
	TRY(context_new(contexts, interaction_not_allowed, application_key, &context));
	TRY(field_put_text(reply, "context", context_name(context)));
	*ret_reply = take(reply);
	return KC_OK;
}

static void answer(struct wire_call *call, bool interaction_not_allowed,
		   struct secret *application_key)
{
	struct json_object *reply = NULL;
	enum kc_status status =
		make_context(call, interaction_not_allowed, application_key, &reply);

	if (status == KC_OK)
		wire_call_reply(call, reply);
	else
		wire_call_fail(call, status);
}

static void on_stretched(void *userdata, enum kc_status status, struct secret *stretched)
{
	struct new_context making = *(struct new_context *)userdata;

	free(userdata);
	wire_call_on_gone(making.call, NULL, NULL);
	if (status == KC_OK)
		answer(making.call, making.interaction_not_allowed, stretched);
	else
		wire_call_fail(making.call, status);
}

static void on_gone(void *userdata)
{
	struct new_context making = *(struct new_context *)userdata;

	free(userdata);
	stretch_abandon(making.stretch);
	wire_call_on_gone(making.call, NULL, NULL);
	wire_call_drop(making.call);
}

static enum kc_status stretch(struct wire_call *call, bool interaction_not_allowed,
			      struct secret *password)
{
	CLEANUP(freep) struct new_context *making = calloc(1, sizeof(*making));
	struct daemon *daemon = wire_call_context(call);
	struct keybag_stretching stretching;
	struct keybag *keybag = NULL;

	REQUIRE(making, KC_ERR_ALLOCATE, "out of memory");
	REQUIRE(password->len > 0, KC_ERR_PARAM, "an empty application password is none");
	TRY(keychain_find(daemon, &keybag));
	stretching = keybag_application_stretching(keybag);
	*making = (struct new_context){.call = call,
				       .interaction_not_allowed = interaction_not_allowed};
	TRY(stretch_start(daemon->event, &stretching, password, on_stretched, making,
			  &making->stretch));
	wire_call_on_gone(call, on_gone, making);
	take(making);
	return KC_OK;
}

void context_calls_new(struct wire_call *call)
{
	static const struct secret_fields_rules rules = {
		.names = {"application_password"}, .noun = "password", .bytes_max = PASSWORD_MAX};
	CLEANUP(secret_fields_done) struct secret_fields fields = {.is_there = {false}};
	bool interaction_not_allowed =
		field_flag(wire_call_parameters(call), "interaction_not_allowed", false);
	struct secret nothing = {0};
	enum kc_status status = KC_OK;

	error_clear();
	status = secret_fields_take(call, &rules, &fields);
	if (status == KC_OK && !secret_fields_get(&fields, 0)) {
		answer(call, interaction_not_allowed, &nothing);
		return;
	}
	if (status == KC_OK)
		status = stretch(call, interaction_not_allowed, secret_fields_get(&fields, 0));
	if (status != KC_OK)
		wire_call_fail(call, status);
}

void context_calls_end(struct wire_call *call)
{
	struct context *context = NULL;
	enum kc_status status = KC_OK;

	error_clear();
	status = context_find(client_contexts(wire_call_peer(call)),
			      field_text(wire_call_parameters(call), "context"), &context);
	ignore(context_free(context) != NULL);
	if (status == KC_OK)
		wire_call_reply(call, NULL);
	else
		wire_call_fail(call, status);
}
