/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Handlers of a token watcher (reference/cryptotokenkit.md 1.6). Insertions go by state: whatever
 * is present and has not been told is told, so that a handler that comes late misses nothing.
 * Removals go by event, after a first look whether the token is there at all. Nothing is held
 * across a handler but the watcher itself, which is freed no sooner than the last one has come
 * back.
 */
#include "client/watcher_impl.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/try.h"
#include "client/convert.h"
#include "client/line.h"
#include "client/typed_impl.h"

enum {
	NS_IN_MS = 1000 * 1000,
	MS_IN_S = 1000,
};

static struct removal_handler *removal_free(struct removal_handler *removal)
{
	if (!removal)
		return NULL;
	free(removal->token_id);
	free(removal);
	return NULL;
}

static void removal_freep(struct removal_handler **removal)
{
	*removal = removal_free(*removal);
}

void watcher_handlers_done(struct kc_token_watcher *watcher)
{
	while (watcher->removals) {
		CLEANUP(removal_freep) struct removal_handler *removal = watcher->removals;

		watcher->removals = removal->next;
	}
	watcher->told = kc_dictionary_free(watcher->told);
}

/* --- setting them -------------------------------------------------------------------------- */

enum kc_status kc_token_watcher_set_insertion_handler(struct kc_token_watcher *watcher,
						      kc_token_handler_fn handler, void *userdata)
{
	CLEANUP(dictionary_freep) struct kc_dictionary *told = kc_dictionary_new(NULL, 0);

	error_clear();
	REQUIRE(watcher, KC_ERR_PARAM, "no watcher");
	REQUIRE(told, KC_ERR_ALLOCATE, "out of memory");
	kc_dictionary_free(watcher->told);
	watcher->told = take(told);
	watcher->on_insertion = handler;
	watcher->insertion_userdata = userdata;
	return KC_OK;
}

/* Where the handler of @token_id hangs, or would. */
static struct removal_handler **find(struct kc_token_watcher *watcher, const char *token_id)
{
	struct removal_handler **place = &watcher->removals;

	while (*place && strcmp((*place)->token_id, token_id) != 0)
		place = &(*place)->next;
	return place;
}

static struct removal_handler *unhook(struct removal_handler **place)
{
	struct removal_handler *removal = *place;

	if (removal)
		*place = removal->next;
	return removal;
}

enum kc_status kc_token_watcher_add_removal_handler(struct kc_token_watcher *watcher,
						    const char *token_id,
						    kc_token_handler_fn handler, void *userdata)
{
	CLEANUP(removal_freep) struct removal_handler *removal = NULL;
	CLEANUP(removal_freep) struct removal_handler *former = NULL;

	error_clear();
	REQUIRE(watcher, KC_ERR_PARAM, "no watcher");
	REQUIRE(token_id && *token_id, KC_ERR_PARAM, "no token ID");
	removal = calloc(1, sizeof(*removal));
	REQUIRE(removal, KC_ERR_ALLOCATE, "out of memory");
	removal->token_id = strdup(token_id);
	REQUIRE(removal->token_id, KC_ERR_ALLOCATE, "out of memory");
	removal->handler = handler;
	removal->userdata = userdata;
	former = unhook(find(watcher, token_id));
	if (handler)
		*find(watcher, token_id) = take(removal);
	return KC_OK;
}

/* --- asking the daemon, and never starting one ----------------------------------------------- */

static enum kc_status ask(const char *method, struct json_object *parameters,
			  struct json_object **ret_answer)
{
	struct line_call call = {.method = method,
				 .parameters = parameters,
				 .descriptor = -1,
				 .timeout_ms = LINE_QUERY_MS,
				 .is_repeatable = true,
				 .may_go_aside = true,
				 .never_starts = true};

	return line_call(&call, ret_answer);
}

/* A daemon that is away has no tokens. */
static enum kc_status ask_about(const char *token_id, bool *ret_is_there)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(field_free) struct json_object *answer = NULL;
	enum kc_status status = KC_OK;
	const char *state = NULL;

	TRY(field_new_object(&parameters));
	TRY(field_put_text(parameters, "token_id", token_id));
	status = ask("org.keycask.Tokens.Info", take(parameters), &answer);
	state = field_text(field_get(answer, "token"), "state");
	*ret_is_there = state && strcmp(state, "present") == 0;
	if (status == KC_ERR_ITEM_NOT_FOUND || status == KC_ERR_NOT_AVAILABLE)
		error_clear();
	else
		TRY(status);
	return KC_OK;
}

static enum kc_status append_present(struct json_object *token, struct kc_value *array)
{
	const char *state = field_text(token, "state");
	struct kc_value *token_id = NULL;

	if (!state || strcmp(state, "present") != 0)
		return KC_OK;
	TRY(kc_value_new(KC_TEXT(field_text(token, KC_TOKEN_ID)), &token_id));
	return typed_append(array, token_id);
}

enum kc_status kc_token_watcher_copy_token_ids(const struct kc_token_watcher *watcher,
					       struct kc_value **ret_token_ids)
{
	CLEANUP(field_free) struct json_object *answer = NULL;
	CLEANUP(typed_freep) struct kc_value *array = NULL;
	enum kc_status status = KC_OK;
	struct json_object *tokens = NULL;

	error_clear();
	REQUIRE(watcher, KC_ERR_PARAM, "no watcher");
	status = ask("org.keycask.Tokens.List", NULL, &answer);
	if (status != KC_ERR_NOT_AVAILABLE)
		TRY(status);
	error_clear();
	TRY(typed_new_empty(KC_TYPE_ARRAY, &array));
	tokens = field_get(answer, "tokens");
	for (size_t i = 0; tokens && i < json_object_array_length(tokens); i++)
		TRY(append_present(json_object_array_get_idx(tokens, i), array));
	*ret_token_ids = take(array);
	return KC_OK;
}

/* --- running them ---------------------------------------------------------------------------- */

static bool has(const struct kc_dictionary *dictionary, const char *name)
{
	return kc_dictionary_get(dictionary, name) != NULL;
}

/* One token that the insertion handler does not know of; NULL when it knows all. */
static const char *find_untold(const struct kc_token_watcher *watcher)
{
	for (size_t i = 0; i < kc_dictionary_count(watcher->present); i++) {
		const char *token_id = kc_dictionary_name_at(watcher->present, i);

		if (!has(watcher->told, token_id))
			return token_id;
	}
	return NULL;
}

/* The handler may change everything that belongs to the watcher, so it is given a copy. */
static enum kc_status tell_insertion(struct kc_token_watcher *watcher, const char *token_id)
{
	CLEANUP(dictionary_freep) struct kc_dictionary *token = NULL;

	TRY(kc_dictionary_copy(kc_dictionary_dictionary(watcher->present, token_id), &token));
	TRY(kc_dictionary_set(watcher->told, token_id, KC_TRUE));
	watcher->on_insertion(kc_dictionary_text(token, KC_TOKEN_ID), token,
			      watcher->insertion_userdata);
	return KC_OK;
}

/* Frees @removal, which hangs nowhere any more. @event NULL: the token was not there. */
static enum kc_status tell_removal(struct removal_handler *removal,
				   const struct kc_dictionary *event)
{
	CLEANUP(removal_freep) struct removal_handler *owned = removal;
	CLEANUP(dictionary_freep)
	struct kc_dictionary *bare = KC_DICTIONARY({KC_TOKEN_ID, KC_TEXT(removal->token_id)});

	REQUIRE(bare, KC_ERR_ALLOCATE, "out of memory");
	owned->handler(owned->token_id, event ? event : bare, owned->userdata);
	return KC_OK;
}

/* Look once for the token of each new removal handler. */
static enum kc_status arm(struct kc_token_watcher *watcher, struct removal_handler **ret_due)
{
	for (struct removal_handler *removal = watcher->removals; removal;
	     removal = removal->next) {
		bool is_there = removal->is_armed || has(watcher->present, removal->token_id);

		if (!is_there)
			TRY(ask_about(removal->token_id, &is_there));
		removal->is_armed = is_there;
		if (is_there)
			continue;
		*ret_due = unhook(find(watcher, removal->token_id));
		return KC_OK;
	}
	return KC_OK;
}

/* Everything that follows from the state alone. True: a handler has run. */
static enum kc_status settle(struct kc_token_watcher *watcher, bool *has_run)
{
	bool is_settled = false;

	while (!is_settled && !watcher->is_freed) {
		const char *token_id = watcher->on_insertion ? find_untold(watcher) : NULL;
		struct removal_handler *due = NULL;

		if (token_id)
			TRY(tell_insertion(watcher, token_id));
		else
			TRY(arm(watcher, &due));
		if (due)
			TRY(tell_removal(due, NULL));
		is_settled = !token_id && !due;
		*has_run |= !is_settled;
	}
	return KC_OK;
}

static enum kc_status take_event(struct kc_token_watcher *watcher,
				 const struct kc_dictionary *event, bool *has_run)
{
	const char *token_id = kc_dictionary_text(event, KC_TOKEN_ID);
	struct removal_handler *removal = NULL;

	if (strcmp(kc_dictionary_text(event, KC_EVENT), KC_EVENT_REMOVED) == 0) {
		kc_dictionary_remove(watcher->told, token_id);
		removal = unhook(find(watcher, token_id));
	}
	if (removal)
		TRY(tell_removal(removal, event));
	*has_run |= removal != NULL;
	return settle(watcher, has_run);
}

static int64_t clock_ms(void)
{
	struct timespec now = {0};

	ignore(clock_gettime(CLOCK_MONOTONIC, &now));
	return (int64_t)now.tv_sec * MS_IN_S + now.tv_nsec / NS_IN_MS;
}

/* As long as to @deadline, at most @timeout_ms; for ever stays for ever. */
static int time_left(int timeout_ms, int64_t deadline)
{
	int64_t left = deadline - clock_ms();

	if (timeout_ms < 0)
		return -1;
	return left > 0 ? (int)left : 0;
}

static enum kc_status dispatch(struct kc_token_watcher *watcher, int timeout_ms)
{
	int64_t deadline = clock_ms() + timeout_ms;
	bool has_run = false;

	TRY(settle(watcher, &has_run));
	while (!watcher->is_freed) {
		CLEANUP(dictionary_freep) struct kc_dictionary *event = NULL;

		TRY(kc_token_watcher_next(watcher, has_run ? 0 : time_left(timeout_ms, deadline),
					  &event));
		if (!event)
			break;
		TRY(take_event(watcher, event, &has_run));
	}
	return KC_OK;
}

enum kc_status kc_token_watcher_dispatch(struct kc_token_watcher *watcher, int timeout_ms)
{
	enum kc_status status = KC_OK;

	error_clear();
	REQUIRE(watcher, KC_ERR_PARAM, "no watcher");
	REQUIRE(!watcher->is_dispatching, KC_ERR_PARAM, "this watcher's handlers run already");
	watcher->is_dispatching = true;
	status = dispatch(watcher, timeout_ms);
	watcher->is_dispatching = false;
	if (watcher->is_freed)
		kc_token_watcher_free(watcher);
	if (status == KC_OK)
		error_clear(); /* whatever handlers have met */
	return status;
}
