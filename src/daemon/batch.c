/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Batches of signatures. A batch belongs to one process that the kernel names (sys/ancestor.h) and
 * to one executable that signs for it; both are looked at anew with each call. It is over with that
 * process: whoever holds it then finishes, and nobody finds it any more.
 */
#include "daemon/batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/log.h"
#include "base/try.h"
#include "daemon/client.h"
#include "sys/ancestor.h"

enum {
	BATCHES_MAX = 32,
	SESSIONS_MAX = 8, /* tokens */
	SCOPE_MAX = 192,
	USEC_PER_SEC = 1000000,
};

/* What a software key wants was proved; of tokens the sessions know. */
struct batch_key {
	struct list link; /* batch::keys */
	char *key;
	struct list contexts; /* just one */
	struct context *context;
	uint64_t used_us;
};

struct batch {
	struct list link; /* daemon::batches, or nothing when it is over */
	struct daemon *daemon;
	struct ancestor ancestor;
	struct peer_file signer;
	sd_event_source *end;
	char scope[SCOPE_MAX];
	struct pin_session *sessions[SESSIONS_MAX];
	size_t n_sessions;
	struct list keys;
	unsigned n_members; /* calls under way */
	bool is_over;
};

static struct batch_key *batch_key_free(struct batch_key *key)
{
	if (!key)
		return NULL;
	list_remove(&key->link);
	context_free_all(&key->contexts);
	free(key->key);
	free(key);
	return NULL;
}
DEFINE_FREEP(batch_key)

static struct batch *batch_free(struct batch *batch)
{
	if (!batch)
		return NULL;
	list_remove(&batch->link);
	batch->end = sd_event_source_disable_unref(batch->end);
	for (size_t i = 0; i < batch->n_sessions; i++)
		batch->sessions[i] = pin_session_free(batch->sessions[i]);
	while (!list_is_empty(&batch->keys))
		ignore(batch_key_free(list_entry(batch->keys.next, struct batch_key, link)) !=
		       NULL);
	ancestor_done(&batch->ancestor);
	free(batch);
	return NULL;
}
DEFINE_FREEP(batch)

/* --- its life ------------------------------------------------------------------------------ */

/* pidfd_open(2): readable when the process ends. */
static int on_end(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct batch *batch = userdata;

	(void)source;
	(void)fd;
	(void)events;
	log_debug("batch of process %ld: over", (long)batch->ancestor.pid);
	batch->is_over = true;
	batch->end = sd_event_source_disable_unref(batch->end);
	list_remove(&batch->link);
	for (size_t i = 0; i < batch->n_sessions; i++)
		pin_session_forget(batch->sessions[i]);
	if (batch->n_members == 0)
		ignore(batch_free(batch) != NULL);
	return 0;
}

/* Takes what @ancestor holds. */
static enum kc_status batch_new(struct daemon *daemon, const struct peer *peer,
				struct ancestor *ancestor, struct batch **ret_batch)
{
	CLEANUP(batch_freep) struct batch *batch = calloc(1, sizeof(*batch));

	REQUIRE(batch, KC_ERR_ALLOCATE, "out of memory");
	list_init(&batch->link);
	list_init(&batch->keys);
	batch->daemon = daemon;
	batch->signer = peer->program;
	batch->ancestor = *ancestor;
	ancestor->pidfd = -1;
	(void)snprintf(batch->scope, sizeof(batch->scope),
		       "every signature of this run of %s (process %ld), until it ends",
		       batch->ancestor.command, (long)batch->ancestor.pid);
	REQUIRE(sd_event_add_io(daemon->event, &batch->end, batch->ancestor.pidfd, EPOLLIN, on_end,
				batch) >= 0,
		KC_ERR_INTERNAL, "cannot wait for the end of a process");
	list_append(&daemon->batches, &batch->link);
	*ret_batch = take(batch);
	return KC_OK;
}

static bool is_of(const struct batch *batch, const struct ancestor *ancestor,
		  const struct peer *peer)
{
	return ancestor_is_same(&batch->ancestor, ancestor) &&
	       batch->signer.device == peer->program.device &&
	       batch->signer.inode == peer->program.inode;
}

/* *ret_n: of how many. */
static struct batch *find(const struct daemon *daemon, const struct ancestor *ancestor,
			  const struct peer *peer, size_t *ret_n)
{
	*ret_n = 0;
	list_for_each (link, &daemon->batches) {
		struct batch *batch = list_entry(link, struct batch, link);

		if (is_of(batch, ancestor, peer))
			return batch;
		++*ret_n;
	}
	return NULL;
}

/* What is shown may have changed: a program that is started enters a folder first. */
static void renew_words(struct batch *batch, const struct ancestor *ancestor)
{
	(void)snprintf(batch->ancestor.folder, sizeof(batch->ancestor.folder), "%s",
		       ancestor->folder);
}

/* The programs whose runs are batches: git asks its signer anew for each commit. With any other a
 * batch could be a whole login, which nobody would have agreed to. */
static enum kc_status check_program(const char *program)
{
	REQUIRE(strcmp(program, "git") == 0, KC_ERR_PARAM,
		"\"batch\" is \"git\": there are no batches of other programs");
	return KC_OK;
}

static enum kc_status join(struct daemon *daemon, const struct peer *peer,
			   struct ancestor *ancestor, struct batch **ret_batch)
{
	size_t n = 0;
	struct batch *batch = find(daemon, ancestor, peer, &n);

	if (batch)
		renew_words(batch, ancestor);
	else if (n < BATCHES_MAX)
		TRY(batch_new(daemon, peer, ancestor, &batch));
	if (batch)
		batch->n_members++;
	*ret_batch = batch;
	return KC_OK;
}

enum kc_status batch_join(struct wire_call *call, struct batch **ret_batch)
{
	CLEANUP(ancestor_done) struct ancestor ancestor = {.pidfd = -1};
	const char *program =
		field_text(field_get(wire_call_parameters(call), "interaction"), "batch");
	const struct peer *peer = client_peer(wire_call_peer(call));

	*ret_batch = NULL;
	if (!program)
		return KC_OK;
	TRY(check_program(program));
	if (peer->program.inode == 0 || ancestor_find(peer, program, &ancestor) != KC_OK) {
		error_clear();
		return KC_OK;
	}
	return join(wire_call_context(call), peer, &ancestor, ret_batch);
}

/* Is there anything to remember? */
static bool is_of_use(const struct batch *batch)
{
	bool is_of_use = !list_is_empty(&batch->keys);

	for (size_t i = 0; i < batch->n_sessions; i++)
		is_of_use |= pin_session_is_authenticated(batch->sessions[i]);
	return is_of_use && !batch->is_over;
}

struct batch *batch_leave(struct batch *batch)
{
	if (batch && --batch->n_members == 0 && !is_of_use(batch))
		return batch_free(batch);
	return NULL;
}

void batch_forget_all(struct daemon *daemon)
{
	while (!list_is_empty(&daemon->batches))
		ignore(batch_free(list_entry(daemon->batches.next, struct batch, link)) != NULL);
}

/* --- what it knows ------------------------------------------------------------------------- */

enum kc_status batch_session(struct batch *batch, const char *token_id,
			     struct pin_session **ret_session)
{
	for (size_t i = 0; i < batch->n_sessions; i++) {
		if (strcmp(pin_session_token_id(batch->sessions[i]), token_id) == 0) {
			*ret_session = batch->sessions[i];
			return KC_OK;
		}
	}
	REQUIRE(batch->n_sessions < SESSIONS_MAX, KC_ERR_NOT_AVAILABLE,
		"one batch may use %d tokens", SESSIONS_MAX);
	TRY(pin_session_new(batch->daemon->registry, token_id,
			    &batch->sessions[batch->n_sessions]));
	*ret_session = batch->sessions[batch->n_sessions++];
	return KC_OK;
}

static enum kc_status add_key(struct batch *batch, const char *name, struct batch_key **ret_key)
{
	CLEANUP(batch_key_freep) struct batch_key *key = calloc(1, sizeof(*key));
	struct config_pin_limits limits = config_pin_limits(&batch->daemon->config);
	struct secret nothing = {0};

	REQUIRE(key, KC_ERR_ALLOCATE, "out of memory");
	list_init(&key->link);
	list_init(&key->contexts);
	key->key = strdup(name);
	REQUIRE(key->key, KC_ERR_ALLOCATE, "out of memory");
	TRY(context_new(&key->contexts, false, &nothing, &key->context));
	context_set_limit(key->context, limits.idle_s > 0 ? limits.absolute_s : 0);
	list_append(&batch->keys, &key->link);
	*ret_key = take(key);
	return KC_OK;
}

static struct batch_key *find_key(const struct batch *batch, const char *name, size_t *ret_n)
{
	*ret_n = 0;
	list_for_each (link, &batch->keys) {
		struct batch_key *key = list_entry(link, struct batch_key, link);

		if (strcmp(key->key, name) == 0)
			return key;
		++*ret_n;
	}
	return NULL;
}

/* As a PIN is forgotten that nobody uses. */
static void note_use(struct batch *batch, struct batch_key *key)
{
	const struct engine_proof nothing = {.has_presence = false};
	struct config_pin_limits limits = config_pin_limits(&batch->daemon->config);
	struct context_time time = context_now(batch->daemon->n_locks);

	if (time.now_us - key->used_us >= (uint64_t)limits.idle_s * USEC_PER_SEC)
		context_note(key->context, &nothing, &time);
	key->used_us = time.now_us;
}

enum kc_status batch_context(struct batch *batch, const char *key, struct context **ret_context)
{
	size_t n = 0;
	struct batch_key *found = find_key(batch, key, &n);

	REQUIRE(found || n < CONTEXTS_MAX, KC_ERR_NOT_AVAILABLE, "one batch may use %d keys",
		CONTEXTS_MAX);
	if (!found)
		TRY(add_key(batch, key, &found));
	note_use(batch, found);
	*ret_context = found->context;
	return KC_OK;
}

const char *batch_scope(const struct batch *batch)
{
	return batch->scope;
}

const char *batch_folder(const struct batch *batch)
{
	return batch->ancestor.folder[0] ? batch->ancestor.folder : NULL;
}
