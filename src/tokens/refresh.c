/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Enumerate, whose answer goes into the card cache, so that the next insertion knows the key →
 * Detail → Inspect → publish. The card is ours until then: nobody uses a key that is not told of
 * yet. That the token tells of the very key that was made is looked at here.
 */
#include "tokens/refresh.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/try.h"
#include "tokens/cache.h"
#include "tokens/completion.h"
#include "tokens/survey.h"

enum {
	OBJECT_ID_MAX = 128,
};

struct refresh {
	struct card_task task;
	struct token *token;
	struct json_object *object;	/* that was made; NULL: none was */
	struct json_object *enumerated; /* what the token has */
	struct survey *survey;
	refresh_done_fn on_done;
	void *userdata;
};

/* The answer leaves before the card is given to the next. */
static void end(struct refresh *refresh, enum kc_status status, struct json_object *made)
{
	struct token *token = refresh->token;

	if (status != KC_OK)
		log_warning("token %s: what a new key has changed is not told of: %s",
			    token->token_id, error_get()->message);
	if (refresh->on_done)
		refresh->on_done(refresh->userdata, status, made);
	token->refresh = refresh_free(token->refresh);
}

static enum kc_status make_result(struct refresh *refresh, struct json_object **ret_made)
{
	CLEANUP(field_free) struct json_object *made = NULL;
	CLEANUP(bytes_done) struct bytes object_id = BYTES_INIT(OBJECT_ID_MAX);
	struct kc_view published = {NULL, 0};

	TRY(field_data(refresh->object, "object_id", &object_id));
	REQUIRE(survey_find_key(refresh->survey, bytes_view(&object_id), &published),
		KC_ERR_INTERNAL, "the new key does not hold up to inspection");
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

static bool is_text_equal(struct json_object *one, struct json_object *other, const char *name)
{
	const char *a = field_text(one, name);
	const char *b = field_text(other, name);

	return a && b && strcmp(a, b) == 0;
}

/* A new key has no certificate, so its public half stands there by itself. */
static enum kc_status check_is_told(const struct refresh *refresh, struct json_object *contents)
{
	struct json_object *objects = field_get(contents, "objects");
	size_t n = objects ? json_object_array_length(objects) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *object = json_object_array_get_idx(objects, i);

		if (is_text_equal(object, refresh->object, "kind") &&
		    is_text_equal(object, refresh->object, "object_id") &&
		    is_text_equal(object, refresh->object, "public_key"))
			return KC_OK;
	}
	return fail(KC_ERR_INTERNAL, "the token does not tell of the key that it has made");
}

static enum kc_status survey(struct refresh *refresh, struct json_object *contents)
{
	if (refresh->object)
		TRY(check_is_told(refresh, contents));
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

enum kc_status refresh_start(struct token *token, struct json_object *object,
			     refresh_done_fn on_done, void *userdata)
{
	struct refresh *refresh = calloc(1, sizeof(*refresh));

	/* What was to be read later is read now. */
	token->completion = completion_free(token->completion);
	REQUIRE(refresh, KC_ERR_ALLOCATE, "out of memory");
	*refresh = (struct refresh){.token = token,
				    .object = json_object_get(object),
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
	field_free(&refresh->object);
	free(refresh);
	return NULL;
}

void refresh_forget(struct refresh *refresh, const void *userdata)
{
	if (refresh && refresh->userdata == userdata)
		refresh->on_done = NULL;
}
