/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Open → Enumerate (one turn with the card) → Inspect each certificate, and each public key without
 * one → publish. What a driver says of its objects is checked here: a key is published only with the
 * type and size that keycask-x509 has found, and under an object ID that holds that key's hash.
 */
#include "tokens/publication.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/try.h"
#include "tokens/contents.h"
#include "tokens/helper.h"
#include "tokens/naming.h"

struct publication {
	struct card_task task;
	struct token *token;
	struct contents *contents;
	size_t n_inspected;
	struct inspection *inspection;
};

/* A driver that is gone is another matter: its end starts a new one. */
static void fail_publication(struct publication *publication, enum kc_status status)
{
	struct token *token = publication->token;

	if (status != KC_ERR_NOT_AVAILABLE)
		token_refuse(token);
	token->publication = publication_free(publication);
}

/* A token ID names one card: the second one with it, a copy or a lie, stays outside. */
static enum kc_status check_unique(const struct token *token)
{
	struct token *other = NULL;

	error_clear();
	REQUIRE(registry_find_token(token->registry, token->token_id, &other) != KC_OK,
		KC_ERR_DUPLICATE_ITEM, "another card with this token ID is in %s already",
		other->slot_name);
	error_clear();
	return KC_OK;
}

/* Unique once more: while this one was read, another may have been published. */
static enum kc_status put_items(struct publication *publication)
{
	struct token *token = publication->token;
	const struct registry_hooks *hooks = &token->registry->hooks;
	const struct token_item *items = NULL;
	size_t n_items = 0;

	TRY(check_unique(token));
	items = contents_items(publication->contents, &n_items);
	error_clear();
	TRY(hooks->publish(hooks->context, token->token_id, items, n_items));
	log_info("token %s in %s: %zu items", token->token_id, token->slot_name, n_items);
	return KC_OK;
}

static void publish(struct publication *publication)
{
	struct token *token = publication->token;
	const struct registry_hooks *hooks = &token->registry->hooks;

	if (put_items(publication) != KC_OK) {
		fail_publication(publication, KC_ERR_INTERNAL);
		return;
	}
	token->state = TOKEN_PRESENT;
	token->publication = publication_free(publication);
	hooks->token_event(hooks->context, "inserted", token);
}

static void inspect_next(struct publication *publication);

static void on_inspected(void *userdata, enum kc_status status, struct json_object *parameters)
{
	struct publication *publication = userdata;
	struct token *token = publication->token;

	publication->inspection = NULL;
	if (status == KC_OK)
		contents_answer(publication->contents, publication->n_inspected, parameters);
	else
		log_warning("token %s: an object is left out: %s", token->token_id,
			    error_get()->message);
	publication->n_inspected++;
	inspect_next(publication);
}

static enum kc_status inspect(struct publication *publication)
{
	struct contents_question question;

	TRY(contents_question(publication->contents, publication->n_inspected, &question));
	return inspector_ask(publication->token->registry->inspector, question.method,
			     question.parameters, on_inspected, publication,
			     &publication->inspection);
}

/* What keycask-x509 refuses, or dies of, is left out; the others are published. */
static void inspect_next(struct publication *publication)
{
	struct token *token = publication->token;

	error_clear();
	while (publication->n_inspected < contents_n_questions(publication->contents)) {
		if (inspect(publication) == KC_OK)
			return;
		log_warning("token %s: keycask-x509: %s", token->token_id, error_get()->message);
		publication->n_inspected++;
	}
	publish(publication);
}

static void on_enumerated(void *userdata, enum kc_status status, struct json_object *parameters)
{
	struct publication *publication = userdata;

	if (status == KC_OK)
		status = contents_new(field_get(parameters, "objects"), &publication->contents);
	if (status != KC_OK) {
		fail_publication(publication, status);
		return;
	}
	card_finish(publication->token->card, &publication->task);
	inspect_next(publication);
}

static enum kc_status set_identity(struct token *token, struct json_object *parameters)
{
	const char *instance = field_text(parameters, "instance_id");
	const char *label = field_text(parameters, "label");

	REQUIRE(naming_is_instance_id(instance), KC_ERR_CORRUPTED_DATA,
		"the driver gives a token ID that is none");
	free(token->token_id);
	free(token->label);
	token->label = strdup(label);
	token->token_id = naming_token_id(token->manifest->class_id, instance);
	REQUIRE(token->token_id && token->label, KC_ERR_ALLOCATE, "out of memory");
	return check_unique(token);
}

static void on_opened(void *userdata, enum kc_status status, struct json_object *parameters)
{
	struct publication *publication = userdata;
	struct token *token = publication->token;

	if (status == KC_OK)
		status = set_identity(token, parameters);
	if (status == KC_OK)
		status = token_call(token, "org.keycask.Driver.Enumerate", NULL, 0, 0,
				    on_enumerated, publication);
	if (status != KC_OK)
		fail_publication(publication, status);
}

static enum kc_status open_token(struct publication *publication)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	struct token *token = publication->token;

	TRY(field_new_object(&parameters));
	TRY(field_put_text(parameters, "aid", token->aid));
	return token_call(token, "org.keycask.Driver.Open", take(parameters), 0, 0, on_opened,
			  publication);
}

static void run(struct card_task *task)
{
	struct publication *publication = list_entry(task, struct publication, task);

	enum kc_status status = KC_OK;

	error_clear();
	status = open_token(publication);
	if (status != KC_OK)
		fail_publication(publication, status);
}

/* The card is lost: the token goes with it, and frees this. */
static void abort_task(struct card_task *task, enum kc_status status)
{
	(void)task;
	(void)status;
}

enum kc_status publication_new(struct token *token, struct publication **ret_publication)
{
	struct publication *publication = calloc(1, sizeof(*publication));

	REQUIRE(publication, KC_ERR_ALLOCATE, "out of memory");
	publication->token = token;
	publication->task = (struct card_task){.token = token,
					       .channel = token->channel,
					       .can_wait = true,
					       .run = run,
					       .abort = abort_task};
	list_init(&publication->task.link);
	*ret_publication = publication; /* before it may run */
	card_submit(token->card, &publication->task);
	return KC_OK;
}

struct publication *publication_free(struct publication *publication)
{
	if (!publication)
		return NULL;
	inspector_cancel(publication->inspection);
	card_cancel(publication->token->card, &publication->task);
	publication->contents = contents_free(publication->contents);
	free(publication);
	return NULL;
}
