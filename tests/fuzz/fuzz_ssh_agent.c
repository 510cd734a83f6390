/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a client of the ssh-agent sends: whole messages, and each form that is in them by itself.
 * The agent has one key, to log in to one host. */
#include <stdlib.h>

#include <keycask/daemon.h>

#include "base/log.h"
#include "base/try.h"
#include "codec/ssh_wire.h"
#include "frontends/ssh_agent/ssh_login.h"
#include "frontends/ssh_agent/ssh_request.h"

enum {
	KEY_BYTES = 32,
	FILLING = 0x11,
	REPLY_MAX = 256 * 1024,
};

static struct ssh_agent agent;

static void put_blob(struct bytes *blob)
{
	uint8_t key[KEY_BYTES];

	memset(key, FILLING, sizeof(key));
	ignore(ssh_wire_put_text(blob, "ssh-ed25519"));
	ignore(ssh_wire_put_string(blob, VIEW_OF(key)));
}

static void offer_key(void)
{
	CLEANUP(bytes_done) struct bytes blob = BYTES_INIT(SSH_BLOB_MAX);
	CLEANUP(bytes_done) struct bytes constraints = BYTES_INIT(SSH_BLOB_MAX);
	bool is_authority = false;
	struct kc_view host_key;
	struct ssh_destination_hop host = {"jo", "host.example", &host_key, &is_authority, 1};
	struct ssh_offer *offer = NULL;
	struct ssh_key *key = NULL;
	struct kc_key *name = NULL;

	put_blob(&blob);
	host_key = bytes_view(&blob);
	ignore(kc_key_from_persistent_ref(view_of_text("reference"), &name));
	ignore(ssh_key_new(name, NULL, &key));
	if (ssh_offer_new(bytes_view(&blob), "comment", key, &offer) != KC_OK)
		abort();
	ignore(ssh_key_free(key) != NULL);
	ignore(ssh_destination_put(NULL, &host, &constraints));
	ignore(ssh_destinations_add(&offer->limits.destinations, bytes_view(&constraints)));
	offer->is_added = true;
	list_append(&agent.added, &offer->link);
}

static void begin(void)
{
	struct ssh_agent_places places = {"/nonexistent/ssh-agent.json", "/nonexistent", NULL};

	log_setup("fuzz", LOG_LEVEL_ERROR);
	kc_daemon_set_autostart(false);
	if (setenv("KEYCASK_SOCKET", "/nonexistent/keycask.sock", 1) != 0 ||
	    ssh_agent_init(&agent, &places) != KC_OK)
		abort();
}

static void try_message(struct kc_view message)
{
	CLEANUP(bytes_done) struct bytes reply = BYTES_INIT(REPLY_MAX);
	CLEANUP(ssh_session_done) struct ssh_session session = {.n_bound = 0};
	struct ssh_task *task = NULL;

	if (list_is_empty(&agent.added))
		offer_key();
	ssh_request_handle(&agent, &session, 1, message, &reply, &task);
	if (!task && reply.len == 0)
		abort(); /* nobody would be answered */
	ignore(ssh_task_free(task) != NULL);
	if (agent.lock.is_locked) {
		ssh_lock_done(&agent.lock);
		agent.lock.is_locked = false;
	}
}

static void try_blob(struct kc_view data)
{
	CLEANUP(bytes_done) struct bytes plain = BYTES_INIT(2 * SSH_BLOB_MAX);
	CLEANUP(bytes_done) struct bytes external = BYTES_INIT(2 * SSH_BLOB_MAX);
	CLEANUP(bytes_done) struct bytes again = BYTES_INIT(2 * SSH_BLOB_MAX);
	struct ssh_blob blob;

	if (ssh_blob_read(data, &blob) != KC_OK)
		return;
	if (ssh_blob_put_plain(&blob, &plain) != KC_OK ||
	    ssh_blob_put_external(&blob, &external) != KC_OK ||
	    ssh_blob_put(blob.kind, bytes_view(&external), &again) != KC_OK ||
	    !view_equal(bytes_view(&plain), bytes_view(&again)))
		abort(); /* it is another key now */
}

static void try_parts(struct kc_view data)
{
	struct ssh_limits limits = SSH_LIMITS_INIT;
	struct ssh_private key = {.kind = NULL};
	struct ssh_binding binding;
	struct ssh_login login;
	struct kc_view rest = data;

	ignore(ssh_limits_read(data, &limits));
	ssh_limits_done(&limits);
	if (ssh_private_read(&rest, &key) == KC_OK)
		ssh_private_done(&key);
	ignore(ssh_session_read(data, &binding));
	ignore(ssh_login_read(data, view_of_text("key"), &login));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!agent.settings)
		begin();
	error_clear();
	try_message(view_of(data, size));
	try_blob(view_of(data, size));
	try_parts(view_of(data, size));
	if (size > 1)
		try_parts(view_of(data + 1, size - 1));
	error_clear();
	return 0;
}
