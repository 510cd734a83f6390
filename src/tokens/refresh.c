/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Enumerate, whose answer goes into the card cache, so that the next insertion knows the key →
 * Detail → Inspect → publish. The card is ours until then: nobody uses a key that is not told of
 * yet. That the token tells of the very thing that was written is looked at here.
 */
#include "tokens/refresh.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/try.h"
#include "codec/sha1.h"
#include "tokens/cache.h"
#include "tokens/completion.h"
#include "tokens/survey.h"
#include "tokens/told.h"

enum {
	OBJECT_ID_MAX = 128,
	PUBLIC_KEY_MAX = 4096,
};

struct refresh {
	struct card_task task;
	struct token *token;
	struct json_object *object;	/* that was added; NULL: none was */
	struct json_object *deleted;	/* likewise */
	struct json_object *enumerated; /* what the token has */
	struct json_object *contents;	/* the same, with details */
	struct survey *survey;
	refresh_done_fn on_done;
	void *userdata;
};

/* The answer leaves before the card is given to the next. */
static void end(struct refresh *refresh, enum kc_status status, struct json_object *made)
{
	struct token *token = refresh->token;

	if (status != KC_OK)
		log_warning("token %s: what was written is not told of: %s", token->token_id,
			    error_get()->message);
	if (refresh->on_done)
		refresh->on_done(refresh->userdata, status, made);
	token->refresh = refresh_free(token->refresh);
}

/* Of the kind and name of @named; NULL: there is none. */
static struct json_object *find(struct json_object *contents, struct json_object *named)
{
	return told_find(field_get(contents, "objects"), field_text(named, "kind"),
			 field_text(named, "object_id"));
}

/* A key that has a certificate already is known by that; what it is, make_result() looks at. */
static bool is_same(struct json_object *told, struct json_object *added)
{
	if (field_get(added, "data"))
		return told_is_text_equal(told, added, "data");
	return field_get(told, "certificate_id") || told_is_text_equal(told, added, "public_key");
}

/* Whatever the token tells of is published; this is about what the caller is told. */
static enum kc_status check_is_told(const struct refresh *refresh)
{
	struct json_object *told = NULL;

	if (refresh->object) {
		told = find(refresh->contents, refresh->object);
		REQUIRE(told && is_same(told, refresh->object), KC_ERR_INTERNAL,
			"the token does not tell of the %s that it has %s",
			field_text(refresh->object, "kind"),
			field_get(refresh->object, "data") ? "been given" : "made");
	}
	REQUIRE(!refresh->deleted || !find(refresh->contents, refresh->deleted), KC_ERR_INTERNAL,
		"the token still tells of the %s that was deleted",
		field_text(refresh->deleted, "kind"));
	return KC_OK;
}

/* A published object ID ends with the hash of the public key (naming.h). */
static enum kc_status check_is_the_key(struct json_object *object, struct kc_view published)
{
	CLEANUP(bytes_done) struct bytes public_key = BYTES_INIT(PUBLIC_KEY_MAX);
	uint8_t hash[SHA1_DIGEST_BYTES];

	TRY(field_data(object, "public_key", &public_key));
	if (public_key.len == 0)
		return KC_OK;
	sha1_digest(bytes_view(&public_key), hash);
	REQUIRE(published.len > sizeof(hash) &&
			view_equal(
				view_slice(published, published.len - sizeof(hash), sizeof(hash)),
				VIEW_OF(hash)),
		KC_ERR_INTERNAL, "the token tells of another key than the one it was given");
	return KC_OK;
}

static enum kc_status make_result(struct refresh *refresh, struct json_object **ret_made)
{
	CLEANUP(field_free) struct json_object *made = NULL;
	CLEANUP(bytes_done) struct bytes object_id = BYTES_INIT(OBJECT_ID_MAX);
	struct kc_view published = {NULL, 0};

	TRY(field_data(refresh->object, "object_id", &object_id));
	REQUIRE(survey_find(refresh->survey, field_text(refresh->object, "kind"),
			    bytes_view(&object_id), &published),
		KC_ERR_INTERNAL, "the new %s does not hold up to inspection",
		field_text(refresh->object, "kind"));
	TRY(check_is_the_key(refresh->object, published));
	TRY(field_new_object(&made));
	TRY(field_put_data(made, "object_id", published));
	TRY(field_put(made, "object", json_object_get(refresh->object)));
	*ret_made = take(made);
	return KC_OK;
}

static enum kc_status publish(struct refresh *refresh, struct json_object **ret_made)
{
	const struct registry_hooks *hooks = &refresh->token->registry->hooks;

	TRY(survey_publish(refresh->survey));
	hooks->token_event(hooks->context, "inserted", refresh->token);
	TRY(check_is_told(refresh));
	return refresh->object ? make_result(refresh, ret_made) : KC_OK;
}

static void on_surveyed(void *userdata)
{
	CLEANUP(field_free) struct json_object *made = NULL;
	struct refresh *refresh = userdata;
	enum kc_status status = KC_OK;

	error_clear();
	status = publish(refresh, &made);
	end(refresh, status, made);
}

/* --- what the token has -------------------------------------------------------------------- */

static enum kc_status survey(struct refresh *refresh, struct json_object *contents)
{
	refresh->contents = json_object_get(contents);
	TRY(survey_new(refresh->token, contents, on_surveyed, refresh, &refresh->survey));
	token_pins_read(field_get(contents, "pins"), &refresh->token->pins);
	survey_run(refresh->survey);
	return KC_OK;
}

static enum kc_status call(struct refresh *refresh, const char *method, wire_reply_fn on_reply)
{
	struct token_turn nobody = {.session = 0};

	return token_call(refresh->token, method, NULL, &nobody, on_reply, refresh);
}

static void on_detailed(void *userdata, enum kc_status status, struct json_object *parameters)
{
	struct refresh *refresh = userdata;
	struct json_object *contents = status == KC_OK ? parameters : refresh->enumerated;

	if (status == KC_ERR_NOT_IMPLEMENTED) {
		error_clear();
		status = KC_OK;
	}
	if (status == KC_OK)
		status = survey(refresh, contents);
	if (status != KC_OK)
		end(refresh, status, NULL);
}

static void on_enumerated(void *userdata, enum kc_status status, struct json_object *parameters)
{
	struct refresh *refresh = userdata;
	struct token *token = refresh->token;

	if (status == KC_OK) {
		refresh->enumerated = json_object_get(parameters);
		cache_put(token->registry->cache, token->token_id, parameters);
		status = call(refresh, "org.keycask.Driver.Detail", on_detailed);
	}
	if (status != KC_OK)
		end(refresh, status, NULL);
}

static void run(struct card_task *task)
{
	struct refresh *refresh = list_entry(task, struct refresh, task);
	enum kc_status status = KC_OK;

	error_clear();
	status = call(refresh, "org.keycask.Driver.Enumerate", on_enumerated);
	if (status != KC_OK)
		end(refresh, status, NULL);
}

/* The card is lost: the token goes with it, frees this and ends the operation. */
static void abort_task(struct card_task *task, enum kc_status status)
{
	(void)task;
	(void)status;
}

enum kc_status refresh_start(struct token *token, const struct refresh_change *change,
			     refresh_done_fn on_done, void *userdata)
{
	struct refresh *refresh = calloc(1, sizeof(*refresh));

	/* What was to be read later is read now. */
	token->completion = completion_free(token->completion);
	REQUIRE(refresh, KC_ERR_ALLOCATE, "out of memory");
	*refresh = (struct refresh){.token = token,
				    .object = json_object_get(change->added),
				    .deleted = json_object_get(change->deleted),
				    .on_done = on_done,
				    .userdata = userdata,
				    .task = {.token = token,
					     .channel = token->channel,
					     .can_wait = true,
					     .run = run,
					     .abort = abort_task}};
	list_init(&refresh->task.link);
	token->refresh = refresh;
	card_submit_again(token->card, &refresh->task);
	return KC_OK;
}

struct refresh *refresh_free(struct refresh *refresh)
{
	if (!refresh)
		return NULL;
	refresh->survey = survey_free(refresh->survey);
	card_cancel(refresh->token->card, &refresh->task);
	field_free(&refresh->enumerated);
	field_free(&refresh->contents);
	field_free(&refresh->object);
	field_free(&refresh->deleted);
	free(refresh);
	return NULL;
}

void refresh_forget(struct refresh *refresh, const void *userdata)
{
	if (refresh && refresh->userdata == userdata)
		refresh->on_done = NULL;
}
