/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The private key moves into a piece of work of its own, which the thread may outlive us with. */
#include "daemon/software_use.h"

#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "daemon/idle.h"
#include "keys/software_key.h"
#include "wire/message.h"

struct software_use;

/* All that the thread touches, but for @use, which is the loop's. */
struct work {
	struct software_use *use;
	char *key_type;
	unsigned size_in_bits;
	struct secret external;	   /* or else */
	struct opened_key *opened; /* of a key that is used often */
	const char *operation;	   /* static */
	struct bytes input;
	struct bytes answer;
};

struct software_use {
	struct wire_call *call;
	struct software_use_options options;
	struct crew_job *job;
};

static struct work *work_free(struct work *work)
{
	if (!work)
		return NULL;
	free(work->key_type);
	secret_done(&work->external);
	work->opened = opened_key_free(work->opened);
	bytes_done(&work->input);
	bytes_done(&work->answer);
	free(work);
	return NULL;
}
DEFINE_FREEP(work)

static void free_abandoned(void *work)
{
	ignore(work_free(work) != NULL);
}

static enum kc_status perform(void *userdata)
{
	struct work *work = userdata;
	struct software_key key = {.key_type = work->key_type,
				   .size_in_bits = work->size_in_bits,
				   .external = secret_view(&work->external),
				   .opened = work->opened};

	return software_key_perform(&key, work->operation, bytes_view(&work->input), &work->answer);
}

/* --- in a thread --------------------------------------------------------------------------- */

static void on_performed(void *userdata, enum kc_status status)
{
	CLEANUP(work_freep) struct work *work = userdata;
	struct software_use_options options = work->use->options;

	wire_call_on_gone(work->use->call, NULL, NULL);
	free(work->use);
	options.done(options.details, status, bytes_view(&work->answer));
}

static void on_gone(void *userdata)
{
	struct software_use *use = userdata;
	struct software_use_options options = use->options;
	struct wire_call *call = use->call;

	wire_call_on_gone(call, NULL, NULL);
	crew_abandon(use->job, free_abandoned);
	free(use);
	options.gone(options.details);
	wire_call_drop(call);
}

static enum kc_status start_thread(struct wire_call *call, struct work *work,
				   const struct software_use_options *options)
{
	struct daemon *daemon = wire_call_context(call);
	CLEANUP(freep) struct software_use *use = calloc(1, sizeof(*use));

	REQUIRE(use, KC_ERR_ALLOCATE, "out of memory");
	*use = (struct software_use){.call = call, .options = *options};
	work->use = use;
	TRY(crew_start(daemon->crew, perform, work, on_performed, &use->job));
	wire_call_on_gone(call, on_gone, use);
	take(use); /* the thread's end brings it back */
	return KC_OK;
}

/* --- a key that is used often -------------------------------------------------------------- */

static void free_made(void *opened)
{
	ignore(opened_key_free(opened) != NULL);
}

static enum kc_status open_kept(struct engine_key *key)
{
	CLEANUP(opened_key_freep) struct opened_key *opened = NULL;

	TRY(opened_key_new(key->key_type, key->size_in_bits, secret_view(&key->private_key),
			   &opened));
	kept_key_put(key->kept, take(opened), free_made);
	return KC_OK;
}

static enum kc_status take_key(struct work *work, struct engine_key *key)
{
	if (key->kept && !kept_key_made(key->kept))
		TRY(open_kept(key));
	if (key->kept && kept_key_made(key->kept))
		return opened_key_share(kept_key_made(key->kept), &work->opened);
	work->external = secret_take(&key->private_key);
	return KC_OK;
}

/* --- a use --------------------------------------------------------------------------------- */

static enum kc_status fill(struct work *work, struct engine_key *key, const struct plan *plan)
{
	*work = (struct work){.size_in_bits = key->size_in_bits,
			      .operation = plan_operation(plan),
			      .input = BYTES_INIT(WIRE_MESSAGE_MAX),
			      .answer = BYTES_INIT(SOFTWARE_KEY_ANSWER_MAX)};
	work->key_type = strdup(key->key_type);
	REQUIRE(work->key_type, KC_ERR_ALLOCATE, "out of memory");
	TRY(take_key(work, key));
	return bytes_append(&work->input, plan_input(plan));
}

enum kc_status software_use_start(struct wire_call *call, struct engine_key *key,
				  const struct plan *plan,
				  const struct software_use_options *options)
{
	const struct daemon *daemon = wire_call_context(call);
	CLEANUP(work_freep) struct work *work = NULL;
	enum kc_status status = KC_OK;

	REQUIRE(key->private_key.len > 0 || key->kept, KC_ERR_PARAM,
		"the key \"%.64s\" has no value to use", key->label ? key->label : "(no label)");
	idle_expect(daemon->idle);
	work = calloc(1, sizeof(*work));
	REQUIRE(work, KC_ERR_ALLOCATE, "out of memory");
	TRY(fill(work, key, plan));
	if (!software_key_is_quick(work->key_type)) {
		TRY(start_thread(call, work, options));
		take(work);
		return KC_OK;
	}
	status = perform(work);
	options->done(options->details, status, bytes_view(&work->answer));
	return KC_OK;
}
