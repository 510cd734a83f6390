/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * "When an agent received this message, it will verify the signature and check the consistency of
 * its contents, including refusing to accept a duplicate session identifier, or any attempt to bind
 * a connection previously bound for authentication."
 */
#include "frontends/ssh_agent/ssh_session.h"

#include "base/try.h"
#include "codec/ssh_wire.h"
#include "frontends/ssh_agent/ssh_signature.h"

void ssh_session_done(struct ssh_session *session)
{
	for (size_t i = 0; i < SSH_SESSION_BOUND_MAX; i++)
		bytes_done(&session->content[i]);
	session->n_bound = 0;
}

struct ssh_way ssh_session_way(const struct ssh_session *session)
{
	return (struct ssh_way){session->bound, session->n_bound, session->n_unproved > 0};
}

enum kc_status ssh_session_read(struct kc_view content, struct ssh_binding *ret_binding)
{
	struct ssh_binding binding = {.is_forwarding = false};

	TRY(ssh_wire_string(&content, &binding.host_key));
	TRY(ssh_wire_string(&content, &binding.session_id));
	TRY(ssh_wire_string(&content, &binding.signature));
	TRY(ssh_wire_bool(&content, &binding.is_forwarding));
	TRY(ssh_wire_end(content));
	REQUIRE(binding.session_id.len > 0 && binding.session_id.len <= SSH_SESSION_ID_MAX,
		KC_ERR_DECODE, "a session identifier of %zu bytes", binding.session_id.len);
	*ret_binding = binding;
	return KC_OK;
}

enum kc_status ssh_session_verify(const struct ssh_binding *binding)
{
	struct ssh_blob host;

	TRY(ssh_blob_read(binding->host_key, &host));
	return ssh_signature_verify(&host, binding->session_id, binding->signature);
}

/* Said once more by the same host it is no news; ssh does so for each login that it tries. */
static bool is_known(const struct ssh_session *session, const struct ssh_binding *binding)
{
	for (size_t i = 0; i < session->n_bound; i++) {
		const struct ssh_bound *bound = &session->bound[i];

		if (view_equal(bound->session_id, binding->session_id) &&
		    view_equal(bound->host_key, binding->host_key) &&
		    bound->is_forwarding == binding->is_forwarding)
			return true;
	}
	return false;
}

static enum kc_status check_place(const struct ssh_session *session,
				  const struct ssh_binding *binding)
{
	for (size_t i = 0; i < session->n_bound; i++) {
		const struct ssh_bound *bound = &session->bound[i];

		REQUIRE(bound->is_forwarding, KC_ERR_PARAM,
			"this connection was bound for a login already");
		REQUIRE(!view_equal(bound->session_id, binding->session_id), KC_ERR_PARAM,
			"this session was bound to another host key");
	}
	REQUIRE(session->n_bound < SSH_SESSION_BOUND_MAX, KC_ERR_PARAM,
		"this connection has come over too many hosts");
	return KC_OK;
}

enum kc_status ssh_session_bind(struct ssh_session *session, const struct ssh_binding *binding)
{
	struct bytes *content = &session->content[session->n_bound % SSH_SESSION_BOUND_MAX];
	size_t key_len = binding->host_key.len;

	if (is_known(session, binding))
		return KC_OK;
	TRY(check_place(session, binding));
	*content = BYTES_INIT(SSH_BLOB_MAX + SSH_SESSION_ID_MAX);
	TRY(bytes_append(content, binding->host_key));
	TRY(bytes_append(content, binding->session_id));
	session->bound[session->n_bound++] = (struct ssh_bound){
		.host_key = view_slice(bytes_view(content), 0, key_len),
		.session_id = view_slice(bytes_view(content), key_len, content->len),
		.is_forwarding = binding->is_forwarding,
	};
	return KC_OK;
}
