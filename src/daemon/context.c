/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Contexts of a connection. A proof has a time of its own, and does not grow by being used. */
#include "daemon/context.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/try.h"
#include "codec/hex.h"

enum {
	NAME_BYTES = 16,
	USEC_PER_SEC = 1000000,
	NSEC_PER_USEC = 1000,
};

struct context {
	struct list link; /* of the connection */
	char *name;
	bool interaction_not_allowed;
	struct secret application_key;
	bool has_presence;
	bool has_passcode;
	struct context_time proved;
	unsigned limit_s;
};

static enum kc_status make_name(struct context *context)
{
	uint8_t bytes[NAME_BYTES];

	REQUIRE(getrandom(bytes, sizeof(bytes), 0) == NAME_BYTES, KC_ERR_INTERNAL,
		"the kernel has no random numbers");
	context->name = hex_encode(view_of(bytes, sizeof(bytes)), HEX_LOWER);
	REQUIRE(context->name, KC_ERR_ALLOCATE, "out of memory");
	return KC_OK;
}

static enum kc_status check_room(const struct list *contexts)
{
	size_t n = 0;

	list_for_each (link, contexts)
		n++;
	if (n < CONTEXTS_MAX)
		return KC_OK;
	error_set_hint("end those that are not used any more");
	return fail(KC_ERR_NOT_AVAILABLE, "one connection may have %d contexts", CONTEXTS_MAX);
}

enum kc_status context_new(struct list *contexts, bool interaction_not_allowed,
			   struct secret *application_key, struct context **ret_context)
{
	CLEANUP(context_freep) struct context *context = calloc(1, sizeof(*context));

	REQUIRE(context, KC_ERR_ALLOCATE, "out of memory");
	list_init(&context->link);
	TRY(check_room(contexts));
	TRY(make_name(context));
	context->limit_s = CONTEXT_PROOF_S;
	context->interaction_not_allowed = interaction_not_allowed;
	context->application_key = secret_take(application_key);
	list_append(contexts, &context->link);
	*ret_context = take(context);
	return KC_OK;
}

struct context *context_free(struct context *context)
{
	if (!context)
		return NULL;
	list_remove(&context->link);
	secret_done(&context->application_key);
	free(context->name);
	free(context);
	return NULL;
}

void context_free_all(struct list *contexts)
{
	while (!list_is_empty(contexts))
		ignore(context_free(list_entry(contexts->next, struct context, link)) != NULL);
}

const char *context_name(const struct context *context)
{
	return context->name;
}

enum kc_status context_find(struct list *contexts, const char *name, struct context **ret_context)
{
	list_for_each (link, contexts) {
		struct context *context = list_entry(link, struct context, link);

		if (strcmp(context->name, name) == 0) {
			*ret_context = context;
			return KC_OK;
		}
	}
	error_set_hint(
		"a context is its connection's own; org.keycask.Keychain.NewContext makes one");
	return fail(KC_ERR_PARAM, "there is no such authentication context");
}

void context_set_limit(struct context *context, unsigned seconds)
{
	context->limit_s = seconds;
}

bool context_forbids_interaction(const struct context *context)
{
	return context->interaction_not_allowed;
}

struct context_time context_now(unsigned n_locks)
{
	struct timespec time = {.tv_sec = 0};

	ignore(clock_gettime(CLOCK_BOOTTIME, &time) != 0);
	return (struct context_time){.now_us = (uint64_t)time.tv_sec * USEC_PER_SEC +
					       (uint64_t)time.tv_nsec / NSEC_PER_USEC,
				     .n_locks = n_locks};
}

static bool still_counts(const struct context *context, const struct context_time *time)
{
	return context->proved.n_locks == time->n_locks &&
	       time->now_us - context->proved.now_us < (uint64_t)context->limit_s * USEC_PER_SEC;
}

struct engine_proof context_proof(const struct context *context, const struct context_time *time)
{
	bool counts = still_counts(context, time);

	return (struct engine_proof){
		.has_presence = counts && context->has_presence,
		.has_passcode = counts && context->has_passcode,
		.application_key = secret_view(&context->application_key),
	};
}

void context_note(struct context *context, const struct engine_proof *proof,
		  const struct context_time *time)
{
	context->has_presence = proof->has_presence;
	context->has_passcode = proof->has_passcode;
	context->proved = *time;
}
