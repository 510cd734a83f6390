/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Contexts: what they prove, for how long, and how many there may be. */
#include "daemon/context.h"

#include <string.h>

#include "base/error.h"
#include "harness/test.h"

static struct context *make_context(struct list *contexts)
{
	struct secret nothing = {0};
	struct context *context = NULL;

	CHECK_OK(context_new(contexts, false, &nothing, &context));
	return context;
}

static const struct engine_proof presence = {.has_presence = true};
static const struct engine_proof passcode = {.has_presence = true, .has_passcode = true};
static const struct context_time start = {.now_us = 1000, .n_locks = 3};
static const uint64_t lifetime_us = 300ULL * 1000000;

TEST(a_context_remembers_for_five_minutes)
{
	struct context_time time = start;
	struct list contexts;
	struct context *context = NULL;

	list_init(&contexts);
	context = make_context(&contexts);
	CHECK(!context_proof(context, &time).has_presence);
	context_note(context, &passcode, &time);
	CHECK(context_proof(context, &time).has_passcode);
	time.now_us += lifetime_us - 1;
	CHECK(context_proof(context, &time).has_passcode);
	CHECK(context_proof(context, &time).has_presence);
	time.now_us++;
	CHECK(!context_proof(context, &time).has_passcode);
	CHECK(!context_proof(context, &time).has_presence);
	context_note(context, &presence, &time);
	CHECK(context_proof(context, &time).has_presence);
	CHECK(!context_proof(context, &time).has_passcode);
	context_free_all(&contexts);
}

TEST(a_context_forgets_when_the_keychain_is_locked)
{
	struct context_time time = start;
	struct list contexts;
	struct context *context = NULL;

	list_init(&contexts);
	context = make_context(&contexts);
	context_note(context, &presence, &time);
	time.n_locks++;
	CHECK(!context_proof(context, &time).has_presence);
	context_free_all(&contexts);
}

TEST(a_context_carries_an_application_password)
{
	struct secret key = {0};
	struct context_time time = start;
	struct list contexts;
	struct context *context = NULL;

	list_init(&contexts);
	CHECK_OK(secret_init(&key, view_of_text("stretched")));
	CHECK_OK(context_new(&contexts, true, &key, &context));
	CHECK_INT(key.len, 0);
	CHECK(context_forbids_interaction(context));
	time.n_locks++;
	CHECK_HEX(context_proof(context, &time).application_key, "737472657463686564");
	context_free_all(&contexts);
}

TEST(contexts_are_found_by_name_and_not_without_end)
{
	struct secret nothing = {0};
	struct list contexts;
	struct context *context = NULL;
	struct context *found = NULL;
	char name[64];

	list_init(&contexts);
	for (int i = 0; i < CONTEXTS_MAX; i++)
		context = make_context(&contexts);
	CHECK_INT(strlen(context_name(context)), 32);
	CHECK_OK(context_find(&contexts, context_name(context), &found));
	CHECK(found == context);
	error_clear();
	CHECK_STATUS(context_new(&contexts, false, &nothing, &found), KC_ERR_NOT_AVAILABLE);
	CHECK_TEXT(error_get()->message, "one connection may have 16 contexts");
	memcpy(name, context_name(context), 33);
	CHECK(!context_free(context));
	error_clear();
	CHECK_STATUS(context_find(&contexts, name, &found), KC_ERR_PARAM);
	CHECK_TEXT(error_get()->message, "there is no such authentication context");
	context_free_all(&contexts);
	CHECK(list_is_empty(&contexts));
}
