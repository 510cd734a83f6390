/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * use_authentication_ui, use_authentication_context and use_operation_prompt. Calls that have no
 * dictionary, those of keys, say the same in their interaction.
 */
#include "daemon/proof_terms.h"

#include <string.h>

#include "base/try.h"
#include "daemon/client.h"
#include "daemon/daemon.h"

struct term_names {
	const char *ui;
	const char *context;
	const char *reason;
};

static const struct term_names in_dictionary = {
	"use_authentication_ui", "use_authentication_context", "use_operation_prompt"};
static const struct term_names in_interaction = {"authentication_ui", "authentication_context",
						 "operation_prompt"};

/* "Wrong type → param." */
static enum kc_status get_text(struct json_object *object, const char *name, const char **ret_text)
{
	struct json_object *value = field_get(object, name);

	REQUIRE(!value || json_object_is_type(value, json_type_string), KC_ERR_PARAM,
		"\"%s\" must be text", name);
	*ret_text = value ? json_object_get_string(value) : NULL;
	return KC_OK;
}

/* "UI values: Allow (default), Fail, Skip (CopyMatching only, others param)." */
static enum kc_status read_ui(struct json_object *object, const char *name, bool may_skip,
			      struct proof_terms *terms)
{
	const char *ui = NULL;
	bool is_skip = false;

	TRY(get_text(object, name, &ui));
	is_skip = ui && strcmp(ui, "skip") == 0;
	REQUIRE(!ui || is_skip || strcmp(ui, "allow") == 0 || strcmp(ui, "fail") == 0, KC_ERR_PARAM,
		"\"%s\" must be \"allow\", \"fail\" or \"skip\"", name);
	REQUIRE(!is_skip || may_skip, KC_ERR_PARAM,
		"\"%s\" can be \"skip\" only when items are copied", name);
	terms->may_ask = !ui || strcmp(ui, "allow") == 0;
	return KC_OK;
}

static enum kc_status read_context(struct wire_call *call, struct json_object *object,
				   const char *field, struct proof_terms *terms)
{
	const struct daemon *daemon = wire_call_context(call);
	struct context_time time = context_now(daemon->n_locks);
	const char *name = NULL;

	TRY(get_text(object, field, &name));
	if (!name)
		return KC_OK;
	TRY(context_find(client_contexts(wire_call_peer(call)), name, &terms->context));
	terms->proof = context_proof(terms->context, &time);
	if (context_forbids_interaction(terms->context))
		terms->may_ask = false;
	return KC_OK;
}

enum kc_status proof_terms_read(struct wire_call *call, struct json_object *dictionary,
				bool may_skip, struct proof_terms *ret_terms)
{
	const struct term_names *names = dictionary ? &in_dictionary : &in_interaction;
	struct json_object *object =
		dictionary ? dictionary : field_get(wire_call_parameters(call), "interaction");
	struct proof_terms terms = {.context = NULL};

	TRY(read_ui(object, names->ui, may_skip, &terms));
	TRY(get_text(object, names->reason, &terms.reason));
	TRY(read_context(call, object, names->context, &terms));
	*ret_terms = terms;
	return KC_OK;
}
