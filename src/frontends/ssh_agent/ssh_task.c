/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The four things that are done in threads. */
#include "frontends/ssh_agent/ssh_task.h"

#include <stdlib.h>

#include <keycask/daemon.h>
#include <keycask/dictionary.h>
#include <keycask/names.h>

#include "base/log.h"
#include "base/try.h"
#include "codec/ssh_wire.h"
#include "frontends/owned.h"

enum {
	COMMENT_MAX = 1024,
};

enum kc_status ssh_task_new(const struct ssh_task_kind *kind, struct kc_view message,
			    struct ssh_task **ret_task)
{
	CLEANUP(ssh_task_freep) struct ssh_task *task = calloc(1, sizeof(*task));

	REQUIRE(task, KC_ERR_ALLOCATE, "out of memory");
	task->kind = kind;
	task->limits = SSH_LIMITS_INIT;
	task->message = BYTES_INIT(message.len);
	TRY(bytes_append(&task->message, message));
	*ret_task = take(task);
	return KC_OK;
}

struct ssh_task *ssh_task_free(struct ssh_task *task)
{
	if (!task)
		return NULL;
	bytes_done(&task->message);
	task->key = ssh_key_free(task->key);
	kc_bytes_free(&task->signature);
	ssh_private_done(&task->private_key);
	ssh_limits_done(&task->limits);
	task->imported = kc_key_free(task->imported);
	free(task);
	return NULL;
}

/* --- a signature --------------------------------------------------------------------------- */

static enum kc_status run_sign(struct ssh_task *task)
{
	struct kc_options options = KC_OPTIONS_INIT;

	options.operation_prompt = task->reason;
	options.on_behalf_of = (int)task->client;
	options.confirm = task->confirm;
	return kc_key_sign(task->key->key, task->algorithm->keycask_name, task->data, &options,
			   &task->signature);
}

static enum kc_status finish_sign(struct ssh_task *task, struct ssh_agent *agent,
				  struct ssh_session *session, struct bytes *reply)
{
	CLEANUP(bytes_done) struct bytes signature = BYTES_INIT(reply->max);
	struct ssh_way way = ssh_session_way(session);

	TRY(ssh_signature_put(task->algorithm, kc_view_of_bytes(&task->signature), &signature));
	ssh_agent_note(agent, &way, task->fingerprint);
	TRY(bytes_append_byte(reply, SSH_AGENT_SIGN_RESPONSE));
	return ssh_wire_put_string(reply, bytes_view(&signature));
}

const struct ssh_task_kind ssh_task_sign = {run_sign, finish_sign};

/* --- a binding ----------------------------------------------------------------------------- */

static enum kc_status run_bind(struct ssh_task *task)
{
	return ssh_session_verify(&task->binding);
}

static enum kc_status finish_bind(struct ssh_task *task, struct ssh_agent *agent,
				  struct ssh_session *session, struct bytes *reply)
{
	(void)agent;
	TRY(ssh_session_bind(session, &task->binding));
	session->n_unproved--;
	return bytes_append_byte(reply, SSH_AGENT_SUCCESS);
}

const struct ssh_task_kind ssh_task_bind = {run_bind, finish_bind};

/* --- a key that comes ---------------------------------------------------------------------- */

/* Else it could take the place of somebody else's key: what ssh-add brought comes first. */
static enum kc_status check_halves(struct ssh_task *task)
{
	CLEANUP(kc_key_freep) struct kc_key *public_key = NULL;
	CLEANUP(kc_bytes_free) struct kc_bytes external = {0};
	CLEANUP(bytes_done) struct bytes claimed = BYTES_INIT(SSH_BLOB_MAX);
	CLEANUP(bytes_done) struct bytes derived = BYTES_INIT(SSH_BLOB_MAX);
	struct ssh_blob blob;

	TRY(ssh_blob_read(bytes_view(&task->private_key.blob), &blob));
	TRY(ssh_blob_put_plain(&blob, &claimed));
	TRY(kc_key_copy_public(task->imported, &public_key));
	TRY(kc_key_copy_external_representation(public_key, &external));
	TRY(ssh_blob_put(blob.kind, kc_view_of_bytes(&external), &derived));
	REQUIRE(view_equal(bytes_view(&derived), bytes_view(&claimed)), KC_ERR_DECODE,
		"a key whose halves do not belong together");
	return KC_OK;
}

static enum kc_status run_add(struct ssh_task *task)
{
	CLEANUP(kc_dictionary_freep)
	struct kc_dictionary *attributes =
		KC_DICTIONARY({KC_ATTR_KEY_TYPE, KC_TEXT(task->private_key.kind->key_type)},
			      {KC_ATTR_KEY_CLASS, KC_TEXT(KC_KEY_CLASS_PRIVATE)},
			      {KC_ATTR_LABEL, KC_TEXT("from ssh-add")});

	TRY(kc_key_import(secret_view(&task->private_key.value), attributes, NULL,
			  &task->imported));
	return check_halves(task);
}

static enum kc_status name_of(struct kc_view comment, char **ret_name)
{
	*ret_name = view_copy_text(view_slice(comment, 0, COMMENT_MAX));
	REQUIRE(*ret_name, KC_ERR_ALLOCATE, "out of memory");
	return KC_OK;
}

static enum kc_status make_offer(struct ssh_task *task, sd_event *event,
				 struct ssh_offer **ret_offer)
{
	CLEANUP(ssh_key_freep) struct ssh_key *key = NULL;
	CLEANUP(freep) char *comment = NULL;

	TRY(name_of(task->comment, &comment));
	TRY(ssh_key_new(take(task->imported), event, &key));
	TRY(ssh_offer_new(bytes_view(&task->private_key.blob), comment, key, ret_offer));
	ssh_limits_done(&(*ret_offer)->limits);
	(*ret_offer)->limits = task->limits;
	task->limits = SSH_LIMITS_INIT;
	(*ret_offer)->is_added = true;
	return KC_OK;
}

/* Said again, with other limits: these count. Whoever could not see it has not come this far. */
static enum kc_status finish_add(struct ssh_task *task, struct ssh_agent *agent,
				 struct ssh_session *session, struct bytes *reply)
{
	struct ssh_offer *offer = NULL;

	(void)session;
	REQUIRE(!agent->lock.is_locked, KC_ERR_PARAM, "the agent was locked meanwhile");
	TRY(make_offer(task, agent->event, &offer));
	ignore(ssh_offer_free(ssh_offer_find(&agent->added, bytes_view(&offer->blob))) != NULL);
	list_append(&agent->added, &offer->link);
	return bytes_append_byte(reply, SSH_AGENT_SUCCESS);
}

const struct ssh_task_kind ssh_task_add = {run_add, finish_add};

/* --- everything goes ----------------------------------------------------------------------- */

/* With the connection goes what was proved on it, PINs above all, and the keys that were its own.
 */
static enum kc_status run_clear(struct ssh_task *task)
{
	(void)task;
	kc_daemon_disconnect();
	return KC_OK;
}

static enum kc_status finish_clear(struct ssh_task *task, struct ssh_agent *agent,
				   struct ssh_session *session, struct bytes *reply)
{
	(void)task;
	(void)agent;
	(void)session;
	return bytes_append_byte(reply, SSH_AGENT_SUCCESS);
}

const struct ssh_task_kind ssh_task_clear = {run_clear, finish_clear};
