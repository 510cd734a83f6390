/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.keycask.Tokens: what is there, and what comes and goes. */
#include <string.h>

#include "base/error.h"
#include "base/try.h"
#include "daemon/calls.h"
#include "daemon/events.h"

void token_calls_list(struct wire_call *call)
{
	struct daemon *daemon = wire_call_context(call);
	struct json_object *tokens = NULL;
	enum kc_status status = KC_OK;

	error_clear();
	status = registry_list_tokens(daemon->registry, &tokens);
	calls_answer(call, status, "tokens", tokens);
}

static enum kc_status info(struct wire_call *call, struct json_object **ret_token)
{
	struct daemon *daemon = wire_call_context(call);
	struct token *token = NULL;

	TRY(registry_find_token(daemon->registry,
				field_text(wire_call_parameters(call), "token_id"), &token));
	return token_describe(token, ret_token);
}

void token_calls_info(struct wire_call *call)
{
	struct json_object *token = NULL;
	enum kc_status status = KC_OK;

	error_clear();
	status = info(call, &token);
	calls_answer(call, status, "token", token);
}

/* The tokens that are there already come first, as if they had just been inserted. */
static enum kc_status send_present(struct wire_call *call)
{
	CLEANUP(field_free) struct json_object *tokens = NULL;
	struct daemon *daemon = wire_call_context(call);

	TRY(registry_list_tokens(daemon->registry, &tokens));
	for (size_t i = 0; i < json_object_array_length(tokens); i++) {
		struct json_object *token = json_object_array_get_idx(tokens, i);
		struct json_object *event = NULL;

		if (strcmp(field_text(token, "state"), "present") != 0)
			continue;
		TRY(events_make_token("inserted", token, &event));
		wire_call_continue(call, event);
	}
	return KC_OK;
}

void token_calls_watch(struct wire_call *call)
{
	struct daemon *daemon = wire_call_context(call);

	broadcast_serve(&daemon->token_watchers, call, send_present);
}

void token_calls_forget(struct wire_call *call)
{
	struct daemon *daemon = wire_call_context(call);
	const char *token_id = field_text(wire_call_parameters(call), "token_id");
	unsigned n = 0;

	error_clear();
	n = registry_forget_cards(daemon->registry, token_id);
	calls_answer(call, KC_OK, "n_forgotten", json_object_new_int64(n));
}
