/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One function for each kind of message, in a table. The protocol says nothing of why something
 * failed; the log does.
 */
#include "frontends/ssh_agent/ssh_request.h"

#include "base/log.h"
#include "base/try.h"
#include "codec/ssh_wire.h"
#include "frontends/ssh_agent/ssh_login.h"

enum {
	REQUEST_IDENTITIES = 11,
	SIGN_REQUEST = 13,
	ADD_IDENTITY = 17,
	REMOVE_IDENTITY = 18,
	REMOVE_ALL_IDENTITIES = 19,
	ADD_SMARTCARD_KEY = 20,
	REMOVE_SMARTCARD_KEY = 21,
	LOCK = 22,
	UNLOCK = 23,
	ADD_ID_CONSTRAINED = 25,
	ADD_SMARTCARD_KEY_CONSTRAINED = 26,
	EXTENSION = 27,
};

struct request {
	struct ssh_agent *agent;
	struct ssh_session *session;
	struct ssh_way way;
	pid_t client;
	struct kc_view message; /* all of it */
	struct kc_view content; /* without the byte that says what it is */
	struct bytes *reply;
	struct ssh_task *task; /* of what will be answered later */
};

static enum kc_status succeed(struct request *request)
{
	return bytes_append_byte(request->reply, SSH_AGENT_SUCCESS);
}

/* The same bytes in the task's own copy of the message. */
static struct kc_view moved(const struct request *request, const struct ssh_task *task,
			    struct kc_view view)
{
	size_t offset = view.len ? (size_t)(view.data - request->message.data) : 0;

	return view_slice(bytes_view(&task->message), offset, view.len);
}

/* --- keys ---------------------------------------------------------------------------------- */

/* Without the daemon there is nothing of tokens and of the keychain, and the rest is shown. */
static enum kc_status list_identities(struct request *request)
{
	TRY(ssh_wire_end(request->content));
	if (ssh_agent_refresh(request->agent, !request->agent->lock.is_locked) != KC_OK) {
		log_warning("keys of tokens and of the keychain are not offered: %s",
			    error_get()->message);
		error_clear();
	}
	TRY(bytes_append_byte(request->reply, SSH_AGENT_IDENTITIES_ANSWER));
	return ssh_agent_list(request->agent, &request->way, request->reply);
}

/* A key that nobody has listed yet: its card may have come since. */
static enum kc_status find_key(struct request *request, struct kc_view blob,
			       struct ssh_offer **ret_offer)
{
	TRY(ssh_agent_refresh(request->agent, false));
	*ret_offer = ssh_agent_find(request->agent, blob, &request->way);
	if (!*ret_offer && !request->agent->lock.is_locked) {
		TRY(ssh_agent_refresh(request->agent, true));
		*ret_offer = ssh_agent_find(request->agent, blob, &request->way);
	}
	REQUIRE(*ret_offer, KC_ERR_ITEM_NOT_FOUND, "this key is not offered here");
	return KC_OK;
}

/* Where a binding was refused, it may have been that of a host that the agent is forwarded to. */
static bool may_be_forwarded(const struct ssh_way *way)
{
	for (size_t i = 0; i < way->n_bound; i++)
		if (way->bound[i].is_forwarding)
			return true;
	return way->has_failed;
}

/*
 * A key signs for TLS, mail or documents too, when it has a certificate for them, and a PIN that
 * was given for a login would serve: a host that the agent is forwarded to gets signatures of ssh's
 * own.
 */
static enum kc_status check_data(const struct request *request, const struct ssh_offer *offer,
				 struct kc_view blob, struct kc_view data)
{
	if (!may_be_forwarded(&request->way) || ssh_login_is_of_ssh(data, blob))
		return KC_OK;
	error_set_hint("programs of this machine may have it signed");
	return fail(
		KC_ERR_MISSING_ENTITLEMENT,
		"%s must not sign this for a host that the agent is forwarded to: it is neither "
		"a login nor a document nor an SSH certificate",
		offer->fingerprint);
}

static enum kc_status begin_sign(struct request *request, const struct ssh_offer *offer,
				 struct kc_view blob, struct kc_view data, uint32_t flags)
{
	const struct ssh_limits *limits = ssh_agent_limits(request->agent, offer);
	struct ssh_reason reason = {&request->way, &limits->destinations,
				    request->agent->known_hosts, blob, data};
	const struct ssh_algorithm *algorithm = NULL;
	struct ssh_task *task = NULL;

	REQUIRE(ssh_destinations_permit(&limits->destinations, &request->way, blob, data),
		KC_ERR_MISSING_ENTITLEMENT, "%s must not sign this: it is for certain hosts only",
		offer->fingerprint);
	TRY(check_data(request, offer, blob, data));
	TRY(ssh_signature_choose(offer->kind, flags, &algorithm));
	TRY(ssh_task_new(&ssh_task_sign, request->message, &task));
	task->key = ssh_key_hold(offer->key);
	task->algorithm = algorithm;
	task->data = moved(request, task, data);
	task->confirm = limits->confirm;
	task->client = request->client;
	memcpy(task->fingerprint, offer->fingerprint, sizeof(task->fingerprint));
	ssh_reason_say(&reason, task->reason);
	request->task = task;
	return KC_OK;
}

static enum kc_status sign(struct request *request)
{
	struct kc_view blob = {NULL, 0};
	struct kc_view data = {NULL, 0};
	struct ssh_offer *offer = NULL;
	uint32_t flags = 0;

	TRY(ssh_wire_string(&request->content, &blob));
	TRY(ssh_wire_string(&request->content, &data));
	TRY(ssh_wire_uint32(&request->content, &flags));
	TRY(ssh_wire_end(request->content));
	TRY(find_key(request, blob, &offer));
	return begin_sign(request, offer, blob, data, flags);
}

/* --- what ssh-add brings and takes away ------------------------------------------------------ */

static size_t count_added(const struct ssh_agent *agent)
{
	size_t n = 0;

	list_for_each (link, &agent->added)
		n++;
	return n;
}

static enum kc_status read_added(struct request *request, struct ssh_task *task,
				 bool is_constrained)
{
	TRY(ssh_private_read(&request->content, &task->private_key));
	TRY(ssh_wire_string(&request->content, &task->comment));
	task->comment = moved(request, task, task->comment);
	if (is_constrained)
		return ssh_limits_read(request->content, &task->limits);
	return ssh_wire_end(request->content);
}

/* One that is there, and not for whoever came that way, is not theirs to change. */
static enum kc_status check_room(const struct request *request, const struct ssh_task *task)
{
	struct ssh_offer *same =
		ssh_offer_find(&request->agent->added, bytes_view(&task->private_key.blob));

	REQUIRE(!same || ssh_agent_shows(request->agent, same, &request->way),
		KC_ERR_MISSING_ENTITLEMENT, "%s is not for whoever wants to add it",
		same->fingerprint);
	REQUIRE(same || count_added(request->agent) < SSH_AGENT_ADDED_MAX, KC_ERR_NOT_AVAILABLE,
		"%d keys were added already", SSH_AGENT_ADDED_MAX);
	return KC_OK;
}

static enum kc_status begin_add(struct request *request, bool is_constrained)
{
	CLEANUP(ssh_task_freep) struct ssh_task *task = NULL;

	REQUIRE(request->agent->event, KC_ERR_UNIMPLEMENTED, "nothing is added here");
	ignore(ssh_agent_expire(request->agent) != 0);
	TRY(ssh_task_new(&ssh_task_add, request->message, &task));
	TRY(read_added(request, task, is_constrained));
	TRY(check_room(request, task));
	request->task = take(task);
	return KC_OK;
}

static enum kc_status add(struct request *request)
{
	return begin_add(request, false);
}

static enum kc_status add_constrained(struct request *request)
{
	return begin_add(request, true);
}

static enum kc_status remove_one(struct request *request)
{
	struct kc_view blob = {NULL, 0};
	struct ssh_offer *offer = NULL;

	TRY(ssh_wire_string(&request->content, &blob));
	TRY(ssh_wire_end(request->content));
	offer = ssh_offer_find(&request->agent->added, blob);
	if (!offer)
		error_set_hint("keys of tokens leave with the card; keycask ssh-agent restrict "
			       "--hide has one not be offered");
	REQUIRE(offer && ssh_agent_shows(request->agent, offer, &request->way),
		KC_ERR_ITEM_NOT_FOUND, "ssh-add has not brought this key");
	ignore(ssh_offer_free(offer) != NULL);
	return succeed(request);
}

static enum kc_status remove_all(struct request *request)
{
	TRY(ssh_wire_end(request->content));
	TRY(ssh_task_new(&ssh_task_clear, request->message, &request->task));
	ssh_agent_clear(request->agent);
	return KC_OK;
}

/* CVE-2023-38408: whoever the agent was forwarded to named a library, and the agent loaded it. */
static enum kc_status refuse_module(struct request *request)
{
	(void)request;
	error_set_hint("cards that keycask knows are offered without being added");
	return fail(
		KC_ERR_UNIMPLEMENTED,
		"ssh-add -s is refused: this agent loads no PKCS#11 module, and no library at all");
}

/* --- the lock ------------------------------------------------------------------------------ */

static enum kc_status lock(struct request *request)
{
	struct kc_view password = {NULL, 0};

	TRY(ssh_wire_string(&request->content, &password));
	TRY(ssh_wire_end(request->content));
	TRY(ssh_lock_close(&request->agent->lock, password));
	return succeed(request);
}

static enum kc_status unlock(struct request *request)
{
	struct kc_view password = {NULL, 0};

	TRY(ssh_wire_string(&request->content, &password));
	TRY(ssh_wire_end(request->content));
	TRY(ssh_lock_open(&request->agent->lock, password));
	return succeed(request);
}

/* --- extensions ---------------------------------------------------------------------------- */

static enum kc_status bind(struct request *request)
{
	struct ssh_task *task = NULL;
	struct ssh_binding binding;

	request->session->n_unproved++; /* until it is proved */
	TRY(ssh_session_read(request->content, &binding));
	TRY(ssh_task_new(&ssh_task_bind, request->message, &task));
	binding.host_key = moved(request, task, binding.host_key);
	binding.session_id = moved(request, task, binding.session_id);
	binding.signature = moved(request, task, binding.signature);
	task->binding = binding;
	request->task = task;
	return KC_OK;
}

static enum kc_status query(struct request *request);

static const struct {
	const char *name;
	enum kc_status (*handle)(struct request *request);
} extensions[] = {
	{"query", query},
	{"session-bind@openssh.com", bind},
};

static enum kc_status query(struct request *request)
{
	TRY(ssh_wire_end(request->content));
	TRY(bytes_append_byte(request->reply, SSH_AGENT_EXTENSION_RESPONSE));
	TRY(ssh_wire_put_text(request->reply, "query"));
	for (size_t i = 0; i < ARRAY_LEN(extensions); i++)
		TRY(ssh_wire_put_text(request->reply, extensions[i].name));
	return KC_OK;
}

static enum kc_status extend(struct request *request)
{
	struct kc_view name = {NULL, 0};

	TRY(ssh_wire_string(&request->content, &name));
	for (size_t i = 0; i < ARRAY_LEN(extensions); i++)
		if (ssh_wire_is(name, extensions[i].name))
			return extensions[i].handle(request);
	return fail(KC_ERR_UNIMPLEMENTED, "an extension that is unknown here");
}

/* --- all of them --------------------------------------------------------------------------- */

static const struct {
	uint8_t type;
	bool works_locked;
	enum kc_status (*handle)(struct request *request);
} handlers[] = {
	{REQUEST_IDENTITIES, true, list_identities},
	{SIGN_REQUEST, false, sign},
	{ADD_IDENTITY, false, add},
	{ADD_ID_CONSTRAINED, false, add_constrained},
	{REMOVE_IDENTITY, false, remove_one},
	{REMOVE_ALL_IDENTITIES, false, remove_all},
	{ADD_SMARTCARD_KEY, false, refuse_module},
	{ADD_SMARTCARD_KEY_CONSTRAINED, false, refuse_module},
	{REMOVE_SMARTCARD_KEY, false, refuse_module},
	{LOCK, false, lock},
	{UNLOCK, true, unlock},
	{EXTENSION, true, extend},
};

static enum kc_status handle(struct request *request, uint8_t type)
{
	for (size_t i = 0; i < ARRAY_LEN(handlers); i++) {
		if (handlers[i].type != type)
			continue;
		REQUIRE(handlers[i].works_locked || !request->agent->lock.is_locked,
			KC_ERR_NOT_AVAILABLE, "the agent is locked: ssh-add -X");
		return handlers[i].handle(request);
	}
	return fail(KC_ERR_UNIMPLEMENTED, "a message of type %u, which is unknown here", type);
}

/* RFC 9987: of an extension that failed, rather than being unknown, SSH_AGENT_EXTENSION_FAILURE. */
static void answer_failure(struct bytes *reply, bool is_extension, enum kc_status status)
{
	const struct error_record *record = error_get();
	bool is_known = is_extension && status != KC_ERR_UNIMPLEMENTED;

	log_warning("refused: %s%s%s", record->message, record->hint[0] ? "; " : "", record->hint);
	error_clear();
	reply->len = 0;
	ignore(bytes_append_byte(reply,
				 is_known ? SSH_AGENT_EXTENSION_FAILURE : SSH_AGENT_FAILURE));
}

void ssh_request_handle(struct ssh_agent *agent, struct ssh_session *session, pid_t client,
			struct kc_view message, struct bytes *reply, struct ssh_task **ret_task)
{
	struct request request = {.agent = agent,
				  .session = session,
				  .way = ssh_session_way(session),
				  .client = client,
				  .message = message,
				  .content = message,
				  .reply = reply};
	enum kc_status status = KC_OK;
	uint8_t type = 0;

	error_clear();
	status = ssh_wire_byte(&request.content, &type);
	if (status == KC_OK)
		status = handle(&request, type);
	if (status != KC_OK)
		answer_failure(reply, type == EXTENSION, status);
	*ret_task = request.task;
}

void ssh_request_finish(struct ssh_agent *agent, struct ssh_session *session, struct ssh_task *task,
			enum kc_status status, struct bytes *reply)
{
	bool is_extension = task->kind == &ssh_task_bind;

	if (status == KC_OK)
		status = task->kind->finish(task, agent, session, reply);
	if (status != KC_OK)
		answer_failure(reply, is_extension, status);
	ignore(ssh_task_free(task) != NULL);
}
