/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing takes one turn with the card: to look (writing_look.c) → to plan → who may
 * (writing_admin.c) → to perform. What is wrong with the wish is said before anybody is asked for
 * anything. When it is done, the card is read anew (refresh.c), by nobody in particular.
 */
#include "tokens/writing.h"

#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "tokens/refresh.h"
#include "tokens/writing_impl.h"

#define METHOD(name) WRITING_METHOD(name)

static const struct writing_manner manners[] = {
	[WRITING_GENERATE] = {.plan = METHOD("PlanKey"),
			      .perform = METHOD("Generate"),
			      .what = "making a key",
			      .act = "have a key made by a token",
			      .kind = "key",
			      .taken = "choose another place; or, when a key that is there may be "
				       "lost: may_replace, or keycask key create --replace"},
	[WRITING_IMPORT] = {.plan = METHOD("PlanKey"),
			    .perform = METHOD("ImportKey"),
			    .what = "importing a key",
			    .act = "put a private key onto a token",
			    .kind = "key",
			    .taken = "choose another place; or, when a key that is there may be "
				     "lost: may_replace, or keycask key import --replace"},
	[WRITING_CERTIFICATE] = {.plan = METHOD("PlanCertificate"),
				 .perform = METHOD("PutCertificate"),
				 .what = "writing a certificate",
				 .act = "put a certificate onto a token",
				 .kind = "certificate",
				 .taken = "when the certificate that is there may be lost: "
					  "may_replace, or keycask cert import --replace",
				 .must_look = true},
	[WRITING_DELETION] = {.plan = METHOD("PlanDeletion"),
			      .perform = METHOD("DeleteObject"),
			      .what = "deleting",
			      .must_look = true},
};

struct writing *writing_free(struct writing *writing)
{
	if (!writing)
		return NULL;
	field_free(&writing->wish);
	field_free(&writing->key);
	field_free(&writing->meant);
	field_free(&writing->seen);
	admin_proof_done(&writing->proof);
	free(writing);
	return NULL;
}

enum kc_status writing_ask_driver(struct operation *operation, const char *method,
				  struct json_object *parameters, wire_reply_fn on_reply)
{
	error_clear();
	return operation_call(operation, method, parameters, on_reply);
}

static enum kc_status call_with_wish(struct operation *operation, const char *method,
				     struct json_object *key, wire_reply_fn on_reply)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	TRY(field_new_object(&parameters));
	TRY(field_put(parameters, "wish", json_object_get(operation->writing->wish)));
	if (key)
		TRY(field_put(parameters, "key", json_object_get(key)));
	return writing_ask_driver(operation, method, take(parameters), on_reply);
}

/* --- what is written ----------------------------------------------------------------------- */

static void on_refreshed(void *userdata, enum kc_status status, struct json_object *made)
{
	struct operation *operation = userdata;

	if (status == KC_OK)
		operation_succeed(operation, made);
	else
		operation_fail_by_driver(operation, status);
}

/* What was there may be lost without anything in its place. */
static bool may_have_changed(enum kc_status status)
{
	return status != KC_ERR_AUTHENTICATION_NEEDED && status != KC_ERR_DUPLICATE_ITEM &&
	       status != KC_ERR_TOKEN_NOT_FOUND && status != KC_ERR_NOT_AVAILABLE;
}

static bool is_text(struct json_object *object, const char *name, const char *text)
{
	const char *told = field_text(object, name);

	return told && text && strcmp(told, text) == 0;
}

/* What a driver says that it has written must be what it was given. */
static enum kc_status check_answer(const struct writing *writing, struct json_object *object)
{
	bool is_it = !writing->manner->kind || is_text(object, "kind", writing->manner->kind);

	if (writing->kind == WRITING_CERTIFICATE)
		is_it = is_it && is_text(object, "data", field_text(writing->wish, "data"));
	if (writing->kind == WRITING_IMPORT)
		is_it = is_it &&
			is_text(object, "public_key", field_text(writing->key, "public_key"));
	REQUIRE(is_it, KC_ERR_INTERNAL, "the driver has written something else than it was told");
	return KC_OK;
}

static struct refresh_change change_of(const struct writing *writing, struct json_object *reply)
{
	struct refresh_change change = {.added = field_get(reply, "object")};

	if (writing->kind == WRITING_DELETION)
		change.deleted = writing->wish;
	return change;
}

/* The next turn is the refreshing one's, whoever waits: it is in the queue before ours is over. */
static void on_written(void *userdata, enum kc_status status, struct json_object *reply)
{
	struct operation *operation = userdata;
	struct token *token = operation->token;
	struct refresh_change change = {.added = NULL};
	bool is_wanted = false;
	enum kc_status refreshed = KC_OK;

	operation->is_generating = false;
	if (status == KC_OK)
		status = check_answer(operation->writing, field_get(reply, "object"));
	if (status == KC_OK)
		change = change_of(operation->writing, reply);
	is_wanted = !operation->is_cancelled && status == KC_OK;
	if (may_have_changed(status))
		refreshed =
			refresh_start(token, &change, is_wanted ? on_refreshed : NULL, operation);
	if (!operation_has_returned(operation))
		return;
	if (status != KC_OK)
		operation_fail_by_driver(operation, status);
	else if (refreshed != KC_OK)
		operation_fail(operation, refreshed);
	else
		card_finish(token->card, &operation->task);
}

void writing_perform(struct operation *operation)
{
	const struct writing *writing = operation->writing;
	enum kc_status status = KC_OK;

	operation->is_generating = writing->kind == WRITING_GENERATE;
	status = call_with_wish(operation, writing->manner->perform, writing->key, on_written);
	if (status != KC_OK)
		operation_fail_by_driver(operation, status);
}

/* --- planning ------------------------------------------------------------------------------ */

static void on_planned(void *userdata, enum kc_status status, struct json_object *reply)
{
	struct operation *operation = userdata;

	(void)reply;
	if (!operation_has_returned(operation))
		return;
	if (status == KC_OK) {
		writing_admin_begin(operation);
		return;
	}
	if (status == KC_ERR_DUPLICATE_ITEM)
		error_set_hint("%s", operation->writing->manner->taken);
	writing_look_publish(operation);
	operation_fail_by_driver(operation, status);
}

void writing_plan(struct operation *operation)
{
	enum kc_status status =
		call_with_wish(operation, operation->writing->manner->plan, NULL, on_planned);

	if (status != KC_OK)
		operation_fail_by_driver(operation, status);
}

void writing_run(struct operation *operation)
{
	if (operation->writing->manner->must_look)
		writing_look_begin(operation);
	else
		writing_plan(operation);
}

/* --- beginning ----------------------------------------------------------------------------- */

static enum kc_status writing_new(const struct token *token, const struct writing_wish *wish,
				  struct writing **ret_writing)
{
	CLEANUP(writing_freep) struct writing *writing = calloc(1, sizeof(*writing));

	REQUIRE(writing, KC_ERR_ALLOCATE, "out of memory");
	*writing = (struct writing){.kind = wish->kind,
				    .manner = &manners[wish->kind],
				    .wish = json_object_get(wish->wish),
				    .key = json_object_get(wish->key),
				    .proof = ADMIN_PROOF_INIT};
	if (wish->kind == WRITING_DELETION)
		TRY(writing_look_remember(token, writing));
	*ret_writing = take(writing);
	return KC_OK;
}

enum kc_status writing_start(struct token *token, const struct operation_options *options,
			     const struct writing_wish *wish, struct operation **ret_operation)
{
	CLEANUP(writing_freep) struct writing *writing = NULL;
	struct operation_options with_pin = *options;

	TRY(writing_new(token, wish, &writing));
	with_pin.needs_pin = true;
	TRY(operation_new(token, &with_pin, NULL, NULL, ret_operation));
	(*ret_operation)->writing = take(writing);
	operation_submit(*ret_operation);
	return KC_OK;
}
