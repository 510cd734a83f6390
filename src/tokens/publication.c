/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Open → Enumerate (one turn with the card) → Inspect each certificate, and each public key without
 * one → publish. What a driver says of its objects is checked here: a key is published only with
 * the type and size that keycask-x509 has found, and under an object ID that holds that key's hash.
 *
 * A card that was here before: Open → Inspect what the cache has → publish, and beside that
 * Enumerate in a turn of its own, before any client's (the queue is in order). Nobody uses a key
 * before the card has been read: when it turns out to have something else, the token leaves,
 * whoever waits for it is told, and it comes back with that.
 */
#include "tokens/publication.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/try.h"
#include "tokens/cache.h"
#include "tokens/completion.h"
#include "tokens/helper.h"
#include "tokens/naming.h"
#include "tokens/operation.h"
#include "tokens/progress.h"
#include "tokens/survey.h"

struct publication {
	struct card_task task;
	struct token *token;
	struct json_object *enumerated; /* what the driver has told, or what it told before */
	struct survey *survey;		/* of that */
	bool is_open;			/* we know which token it is */
	bool is_read;			/* enumerated is what the card has now */
	bool is_cached;			/* enumerated is what the cache has */
	bool is_calling;		/* the driver has been called and has not answered */
	bool is_over;			/* the token is refused: end when the driver answers */
};

/* A driver that is gone is another matter: its end starts a new one. While one is at work the card
 * is not given to others. */
static void fail_publication(struct publication *publication, enum kc_status status)
{
	struct token *token = publication->token;

	if (status != KC_ERR_NOT_AVAILABLE)
		token_refuse(token);
	publication->is_over = true;
	if (!publication->is_calling)
		token->publication = publication_free(publication);
}

static enum kc_status call(struct publication *publication, const char *method,
			   struct json_object *parameters, wire_reply_fn on_reply)
{
	struct token_turn nobody = {.session = 0};

	TRY(token_call(publication->token, method, parameters, &nobody, on_reply, publication));
	publication->is_calling = true;
	return KC_OK;
}

/* First thing in an on_reply. False: the token was refused meanwhile, and @publication is freed. */
static bool has_returned(struct publication *publication)
{
	publication->is_calling = false;
	if (!publication->is_over)
		return true;
	publication->token->publication = publication_free(publication);
	return false;
}

/* A token ID names one card: the second one with it, a copy or a lie, stays outside. */
static enum kc_status check_unique(const struct token *token)
{
	struct token *other = NULL;

	error_clear();
	REQUIRE(registry_find_token(token->registry, token->token_id, &other) != KC_OK ||
			other == token,
		KC_ERR_DUPLICATE_ITEM, "another card with this token ID is in %s already",
		other->slot_name);
	error_clear();
	return KC_OK;
}

/* Unique once more: while this one was read, another may have been published. */
static enum kc_status put_items(struct publication *publication)
{
	TRY(check_unique(publication->token));
	return survey_publish(publication->survey);
}

static void finish(struct publication *publication)
{
	struct token *token = publication->token;

	if (!publication->is_cached)
		cache_put(token->registry->cache, token->token_id, publication->enumerated);
	completion_start(token, publication->enumerated);
	token->publication = publication_free(publication);
}

static void publish(void *userdata)
{
	struct publication *publication = userdata;
	struct token *token = publication->token;
	const struct registry_hooks *hooks = &token->registry->hooks;

	if (put_items(publication) != KC_OK) {
		fail_publication(publication, KC_ERR_INTERNAL);
		return;
	}
	token->state = TOKEN_PRESENT;
	progress_note(token->registry);
	if (publication->is_read)
		finish(publication);
	hooks->token_event(hooks->context, "inserted", token);
}

/* From now on it is @enumerated that is inspected and published. */
static enum kc_status set_contents(struct publication *publication, struct json_object *enumerated)
{
	struct survey *survey = NULL;

	TRY(survey_new(publication->token, enumerated, publish, publication, &survey));
	publication->survey = survey_free(publication->survey);
	publication->survey = survey;
	field_free(&publication->enumerated);
	publication->enumerated = json_object_get(enumerated);
	token_pins_read(field_get(enumerated, "pins"), &publication->token->pins);
	return KC_OK;
}

/* The card has what the cache had: there is nothing to do but to be done. */
static void confirm(struct publication *publication)
{
	bool is_published = publication->token->state == TOKEN_PRESENT;

	publication->is_read = true;
	card_finish(publication->token->card, &publication->task);
	if (is_published)
		finish(publication);
}

/*
 * What was published from the cache is not what the card has. Its keys have not been used and will
 * not be: what waits for the card was meant for keys that may be others now, and the token leaves
 * until its new items are known.
 */
static void take_back(struct token *token)
{
	if (token->state != TOKEN_PRESENT)
		return;
	log_info("token %s: its contents have changed while it was away", token->token_id);
	error_clear();
	operation_abort_all(token, fail(KC_ERR_TOKEN_NOT_FOUND,
					"what is on the token has changed while it was away"));
	token_withdraw(token);
	token->state = TOKEN_OPENING;
	progress_note(token->registry);
}

static void on_enumerated(void *userdata, enum kc_status status, struct json_object *parameters)
{
	struct publication *publication = userdata;

	if (!has_returned(publication))
		return;
	if (status == KC_OK && publication->is_cached &&
	    json_object_equal(publication->enumerated, parameters)) {
		confirm(publication);
		return;
	}
	if (status == KC_OK)
		status = set_contents(publication, parameters);
	if (status != KC_OK) {
		fail_publication(publication, status);
		return;
	}
	publication->is_read = true;
	publication->is_cached = false;
	take_back(publication->token);
	card_finish(publication->token->card, &publication->task);
	survey_run(publication->survey);
}

static enum kc_status enumerate(struct publication *publication)
{
	return call(publication, "org.keycask.Driver.Enumerate", NULL, on_enumerated);
}

/* After the death of a driver the card is read first: who knows what it died of. */
static bool find_in_cache(struct publication *publication)
{
	CLEANUP(field_free) struct json_object *cached = NULL;
	const struct token *token = publication->token;

	if (token->n_restarts == 0)
		cached = cache_find(token->registry->cache, token->token_id);
	publication->is_cached = cached && set_contents(publication, cached) == KC_OK;
	error_clear();
	return publication->is_cached;
}

/* The card's other tokens come before its reading, every client after it. */
static void publish_from_cache(struct publication *publication)
{
	struct token *token = publication->token;

	card_finish(token->card, &publication->task);
	card_submit(token->card, &publication->task);
	if (token->publication == publication) /* else its turn came at once, and failed */
		survey_run(publication->survey);
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

	if (!has_returned(publication))
		return;
	if (status == KC_OK)
		status = set_identity(token, parameters);
	publication->is_open = status == KC_OK;
	if (status == KC_OK && find_in_cache(publication)) {
		publish_from_cache(publication);
		return;
	}
	if (status == KC_OK)
		status = enumerate(publication);
	if (status != KC_OK)
		fail_publication(publication, status);
}

static enum kc_status open_token(struct publication *publication)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	struct token *token = publication->token;

	TRY(field_new_object(&parameters));
	TRY(field_put_text(parameters, "aid", token->aid));
	TRY(card_put_facts(token->card, parameters));
	return call(publication, "org.keycask.Driver.Open", take(parameters), on_opened);
}

static void run(struct card_task *task)
{
	struct publication *publication = list_entry(task, struct publication, task);

	enum kc_status status = KC_OK;

	error_clear();
	status = publication->is_open ? enumerate(publication) : open_token(publication);
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
	card_cancel(publication->token->card, &publication->task);
	publication->survey = survey_free(publication->survey);
	field_free(&publication->enumerated);
	free(publication);
	return NULL;
}
