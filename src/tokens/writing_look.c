/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Between two turns of ours other programs may write to a card. What is to be deleted is named by
 * its place, and a certificate goes to the key in a place: so the driver reads the card again,
 * Enumerate and Detail, in the very turn in which it then writes, and what is to be deleted must
 * still be what it was when it was asked for.
 */
#include "base/log.h"
#include "base/try.h"
#include "tokens/refresh.h"
#include "tokens/told.h"
#include "tokens/writing_impl.h"

static enum kc_status identify(struct json_object *objects, const struct writing *writing,
			       struct json_object **ret_identity)
{
	return told_identify(objects, field_text(writing->wish, "kind"),
			     field_text(writing->wish, "object_id"), ret_identity);
}

enum kc_status writing_look_remember(const struct token *token, struct writing *writing)
{
	TRY(identify(token->objects, writing, &writing->meant));
	REQUIRE(writing->meant, KC_ERR_ITEM_NOT_FOUND, "the token has no such %s",
		field_text(writing->wish, "kind"));
	return KC_OK;
}

/* --- what is there now ---------------------------------------------------------------------------
 */

static enum kc_status fail_as_changed(const struct writing *writing, struct json_object *identity)
{
	const char *kind = field_text(writing->wish, "kind");

	error_set_hint("another program has written to the token: list it again, then say what is "
		       "to be deleted");
	REQUIRE(identity, KC_ERR_ITEM_NOT_FOUND, "the %s that was to be deleted is gone", kind);
	return fail(KC_ERR_ITEM_NOT_FOUND,
		    "another %s is in the place of the one that was to be deleted", kind);
}

static enum kc_status check_is_meant(const struct writing *writing, struct json_object *objects)
{
	CLEANUP(field_free) struct json_object *identity = NULL;

	if (!writing->meant)
		return KC_OK;
	TRY(identify(objects, writing, &identity));
	if (identity && json_object_equal(identity, writing->meant))
		return KC_OK;
	return fail_as_changed(writing, identity);
}

/* What is listed is not true any more: it is read behind this turn, by nobody in particular. */
void writing_look_publish(const struct operation *operation)
{
	const struct refresh_change none = {.added = NULL};
	struct token *token = operation->token;
	struct error_record cause = *error_get();

	if (!operation->writing->is_outdated)
		return;
	if (refresh_start(token, &none, NULL, NULL) != KC_OK)
		log_warning("token %s: %s", token->token_id, error_get()->message);
	error_adopt(&cause);
}

static void go_on(struct operation *operation, struct json_object *contents)
{
	struct writing *writing = operation->writing;
	struct json_object *objects = field_get(contents, "objects");
	enum kc_status status = check_is_meant(writing, objects);

	writing->is_outdated = !json_object_equal(operation->token->objects, objects);
	if (status == KC_OK) {
		writing_plan(operation);
		return;
	}
	writing_look_publish(operation);
	operation_fail(operation, status);
}

/* Detail completes what Enumerate has told; not every driver has more to tell. */
static void on_detailed(void *userdata, enum kc_status status, struct json_object *contents)
{
	struct operation *operation = userdata;

	if (!operation_has_returned(operation))
		return;
	if (status != KC_OK && status != KC_ERR_NOT_IMPLEMENTED) {
		operation_fail_by_driver(operation, status);
		return;
	}
	error_clear();
	go_on(operation, status == KC_OK ? contents : operation->writing->seen);
}

static void on_enumerated(void *userdata, enum kc_status status, struct json_object *contents)
{
	struct operation *operation = userdata;

	if (!operation_has_returned(operation))
		return;
	if (status == KC_OK) {
		field_free(&operation->writing->seen);
		operation->writing->seen = json_object_get(contents);
		status = writing_ask_driver(operation, WRITING_METHOD("Detail"), NULL, on_detailed);
	}
	if (status != KC_OK)
		operation_fail_by_driver(operation, status);
}

void writing_look_begin(struct operation *operation)
{
	enum kc_status status =
		writing_ask_driver(operation, WRITING_METHOD("Enumerate"), NULL, on_enumerated);

	if (status != KC_OK)
		operation_fail_by_driver(operation, status);
}
