/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Contexts of a process: made when they are used, on the connection that uses them. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <keycask/context.h>
#include <keycask/daemon.h>
#include <keycask/error.h>
#include <keycask/item.h>
#include <keycask/key.h>

#include "base/bytes.h"
#include "harness/canned_daemon.h"
#include "harness/test.h"

#define ITEMS "[{\"class\":\"generic_password\",\"label\":\"L\",\"value_persistent_ref\":\"cmVm\"}]"

static struct canned_daemon canned;

static struct kc_authentication_context *start(void)
{
	struct kc_authentication_context *context = NULL;

	canned = canned_daemon_start(ITEMS, "[]");
	CHECK_OK(kc_authentication_context_new(&context));
	CHECK_INT(canned.state->n_connections, 0);
	return context;
}

static void stop(struct kc_authentication_context *context)
{
	kc_authentication_context_free(context);
	kc_daemon_disconnect();
	canned_daemon_stop(&canned);
}

static enum kc_status query_with(const struct kc_authentication_context *context)
{
	struct kc_dictionary *query =
		KC_DICTIONARY({KC_CLASS, KC_TEXT(KC_CLASS_GENERIC_PASSWORD)},
			      {KC_USE_AUTHENTICATION_CONTEXT, KC_AUTHENTICATION_CONTEXT(context)});
	enum kc_status status = kc_item_copy_matching(query, NULL);

	kc_dictionary_free(query);
	return status;
}

static bool has_sent(const char *text)
{
	return strstr(canned.state->parameters, text) != NULL;
}

TEST(a_context_is_made_when_it_is_used_and_once)
{
	struct kc_authentication_context *context = start();

	CHECK_OK(query_with(context));
	CHECK(has_sent("\"use_authentication_context\":\"context 1\""));
	CHECK_OK(query_with(context));
	CHECK(has_sent("\"use_authentication_context\":\"context 1\""));
	CHECK_INT(canned.state->n_contexts, 1);
	CHECK_TEXT(canned.state->context_secret, "");
	context = kc_authentication_context_free(context);
	CHECK_INT(canned.state->n_contexts_ended, 1);
	stop(context);
}

TEST(a_context_is_made_anew_on_another_connection)
{
	struct kc_authentication_context *context = start();

	CHECK_OK(query_with(context));
	canned.state->dies_on_query = true;
	CHECK_OK(query_with(context));
	CHECK(has_sent("\"use_authentication_context\":\"context 2\""));
	kc_daemon_disconnect();
	CHECK_OK(query_with(context));
	CHECK(has_sent("\"use_authentication_context\":\"context 3\""));
	CHECK_INT(canned.state->n_contexts, 3);
	stop(context);
}

TEST(a_child_makes_its_own_and_leaves_the_parents_alone)
{
	struct kc_authentication_context *context = start();
	int status = 0;
	pid_t child = 0;

	CHECK_OK(query_with(context));
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		bool is_own = query_with(context) == KC_OK && has_sent("context 2");

		kc_authentication_context_free(context);
		_exit(is_own ? 0 : 1);
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	CHECK_INT(canned.state->n_contexts_ended, 1);
	CHECK_OK(query_with(context));
	CHECK(has_sent("context 1"));
	stop(context);
}

TEST(an_application_password_travels_in_sealed_memory)
{
	struct kc_authentication_context *context = start();

	CHECK_OK(kc_authentication_context_set_application_password(context,
								    view_of_text("open sesame")));
	CHECK_OK(query_with(context));
	CHECK_TEXT(canned.state->context_secret, "open sesame");
	CHECK_OK(
		kc_authentication_context_set_application_password(context, view_of_text("other")));
	CHECK_INT(canned.state->n_contexts_ended, 1);
	CHECK_OK(query_with(context));
	CHECK_TEXT(canned.state->context_secret, "other");
	CHECK_OK(kc_authentication_context_set_application_password(context,
								    (struct kc_view){NULL, 0}));
	CHECK_OK(query_with(context));
	CHECK_TEXT(canned.state->context_secret, "");
	stop(context);
}

TEST(what_is_no_application_password_is_refused)
{
	struct kc_authentication_context *context = start();
	uint8_t long_text[256];

	memset(long_text, 'x', sizeof(long_text));
	CHECK_STATUS(kc_authentication_context_set_application_password(context, view_of_text("")),
		     KC_ERR_PARAM);
	CHECK_TEXT(kc_error_message(kc_error_last()), "an application password has 1 to 255 bytes");
	CHECK_STATUS(kc_authentication_context_set_application_password(
			     context, view_of(long_text, sizeof(long_text))),
		     KC_ERR_PARAM);
	CHECK_OK(kc_authentication_context_set_application_password(context,
								    view_of(long_text, 255)));
	CHECK_STATUS(
		kc_authentication_context_set_application_password(context, view_of("a\0b", 3)),
		KC_ERR_PARAM);
	CHECK_TEXT(kc_error_message(kc_error_last()), "an application password is text");
	CHECK_STATUS(kc_authentication_context_set_application_password(NULL, view_of_text("a")),
		     KC_ERR_PARAM);
	CHECK_TEXT(kc_error_message(kc_error_last()), "no context");
	stop(context);
}

TEST(nobody_is_asked_when_the_context_says_so)
{
	struct kc_authentication_context *context = start();
	struct kc_dictionary *item =
		KC_DICTIONARY({KC_CLASS, KC_TEXT(KC_CLASS_GENERIC_PASSWORD)},
			      {KC_USE_AUTHENTICATION_CONTEXT, KC_AUTHENTICATION_CONTEXT(context)});

	kc_authentication_context_set_interaction_not_allowed(context, true);
	canned.state->dies_on_change = true;
	CHECK_STATUS(kc_item_add(item, NULL), KC_ERR_NOT_AVAILABLE);
	CHECK(has_sent("\"interaction_not_allowed\":true"));
	kc_dictionary_free(item);
	kc_authentication_context_set_interaction_not_allowed(NULL, true);
	CHECK(!kc_authentication_context_name(NULL));
	CHECK(!kc_authentication_context_free(NULL));
	stop(context);
}

TEST(keys_are_used_in_a_context_too)
{
	struct kc_authentication_context *context = start();
	struct kc_options options = KC_OPTIONS_INIT;
	struct kc_bytes signature = {NULL, 0};
	struct kc_key *key = NULL;

	options.context = context;
	CHECK_OK(kc_key_from_persistent_ref(view_of_text("ref"), &key));
	CHECK_OK(kc_key_sign(key, "algorithm", view_of_text("data"), &options, &signature));
	CHECK(strstr(canned.state->interaction, "\"authentication_context\":\"context 1\""));
	kc_bytes_free(&signature);
	kc_key_free(key);
	stop(context);
}
