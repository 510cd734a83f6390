/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The agent signs bytes; these forms it understands, so that rules and prompts can say of what they
 * are. None of them is the beginning of something else that a key could sign: the others' bytes are
 * TLS's, ASN.1's, or anybody's, so a form is taken for what it is only when all of it is there.
 */
#include "frontends/ssh_agent/ssh_login.h"

#include "base/try.h"
#include "codec/ssh_wire.h"
#include "frontends/ssh_agent/ssh_blob.h"

enum {
	USERAUTH_REQUEST = 50, /* SSH_MSG_USERAUTH_REQUEST */
	SHA256_BYTES = 32,
	SHA512_BYTES = 64,
};

static enum kc_status read_head(struct kc_view *input, struct ssh_login *login)
{
	struct kc_view service = {NULL, 0};
	uint8_t type = 0;

	TRY(ssh_wire_string(input, &login->session_id));
	TRY(ssh_wire_byte(input, &type));
	REQUIRE(type == USERAUTH_REQUEST, KC_ERR_DECODE, "no login");
	TRY(ssh_wire_string(input, &login->user));
	TRY(ssh_wire_string(input, &service));
	REQUIRE(ssh_wire_is(service, "ssh-connection"), KC_ERR_DECODE, "a login to no shell");
	return KC_OK;
}

/* publickey, or OpenSSH's publickey-hostbound-v00@openssh.com, which names the host key as well. */
static enum kc_status read_method(struct kc_view *input, struct ssh_login *login)
{
	struct kc_view method = {NULL, 0};
	bool has_signature = false;

	TRY(ssh_wire_string(input, &method));
	login->has_host_key = ssh_wire_is(method, "publickey-hostbound-v00@openssh.com");
	REQUIRE(login->has_host_key || ssh_wire_is(method, "publickey"), KC_ERR_DECODE,
		"a login without key");
	TRY(ssh_wire_bool(input, &has_signature));
	REQUIRE(has_signature, KC_ERR_DECODE, "a login without signature");
	return KC_OK;
}

enum kc_status ssh_login_read(struct kc_view data, struct kc_view key, struct ssh_login *ret_login)
{
	struct ssh_login login = {0};
	struct kc_view algorithm = {NULL, 0};
	struct kc_view blob = {NULL, 0};

	TRY(read_head(&data, &login));
	TRY(read_method(&data, &login));
	TRY(ssh_wire_string(&data, &algorithm));
	TRY(ssh_wire_string(&data, &blob));
	REQUIRE(view_equal(blob, key), KC_ERR_DECODE, "a login with another key");
	if (login.has_host_key)
		TRY(ssh_wire_string(&data, &login.host_key));
	TRY(ssh_wire_end(data));
	*ret_login = login;
	return KC_OK;
}

/* PROTOCOL.sshsig 2: "byte[6] MAGIC_PREAMBLE; string namespace; string reserved; string
 * hash_algorithm; string H(message)". */
bool ssh_login_is_document(struct kc_view data, struct kc_view *ret_namespace)
{
	static const char magic[] = "SSHSIG";
	size_t len = sizeof(magic) - 1;
	struct kc_view namespace = {NULL, 0};
	struct kc_view algorithm = {NULL, 0};
	struct kc_view digest = {NULL, 0};

	if (!ssh_wire_is(view_slice(data, 0, len), magic))
		return false;
	data = view_slice(data, len, data.len);
	if (ssh_wire_string(&data, &namespace) != KC_OK || namespace.len == 0 ||
	    ssh_wire_string(&data, &digest) != KC_OK || digest.len > 0 || /* reserved */
	    ssh_wire_string(&data, &algorithm) != KC_OK ||
	    ssh_wire_string(&data, &digest) != KC_OK || ssh_wire_end(data) != KC_OK)
		return false;
	if (!(ssh_wire_is(algorithm, "sha256") && digest.len == SHA256_BYTES) &&
	    !(ssh_wire_is(algorithm, "sha512") && digest.len == SHA512_BYTES))
		return false;
	*ret_namespace = namespace;
	return true;
}

/* PROTOCOL.certkeys: the signature is "computed over all preceding fields from the initial string
 * up to, and including the signature key". An empty one behind them makes it one to be read. */
static bool is_certificate(struct kc_view data, struct kc_view key)
{
	CLEANUP(bytes_done) struct bytes signed_by_nobody = BYTES_INIT(SSH_BLOB_MAX);
	struct ssh_blob blob;

	return bytes_append(&signed_by_nobody, data) == KC_OK &&
	       ssh_wire_put_text(&signed_by_nobody, NULL) == KC_OK &&
	       ssh_blob_read(bytes_view(&signed_by_nobody), &blob) == KC_OK &&
	       blob.is_certificate && view_equal(blob.signature_key, key);
}

bool ssh_login_is_of_ssh(struct kc_view data, struct kc_view key)
{
	struct kc_view namespace = {NULL, 0};
	struct ssh_login login;
	bool is_of_ssh = ssh_login_read(data, key, &login) == KC_OK ||
			 ssh_login_is_document(data, &namespace) || is_certificate(data, key);

	error_clear();
	return is_of_ssh;
}
