/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is ssh's own: all of its form has to be there, or a host that the agent is forwarded to
 * could hide something else behind its beginning. */
#include "base/cleanup.h"
#include "codec/ssh_wire.h"
#include "frontends/ssh_agent/ssh_login.h"
#include "harness/test.h"

enum {
	DATA_MAX = 4096,
};

static bool is_document(const char *namespace, const char *reserved, const char *algorithm,
			size_t digest_bytes)
{
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(DATA_MAX);
	const uint8_t digest[64] = {0};

	CHECK_OK(bytes_append(&data, view_of_text("SSHSIG")));
	CHECK_OK(ssh_wire_put_text(&data, namespace));
	CHECK_OK(ssh_wire_put_text(&data, reserved));
	CHECK_OK(ssh_wire_put_text(&data, algorithm));
	CHECK_OK(ssh_wire_put_string(&data, view_of(digest, digest_bytes)));
	return ssh_login_is_of_ssh(bytes_view(&data), view_of_text("key"));
}

TEST(documents)
{
	CHECK(is_document("git", "", "sha256", 32) && is_document("file", "", "sha512", 64));
	CHECK(!is_document("", "", "sha256", 32) && !is_document("git", "x", "sha256", 32));
	CHECK(!is_document("git", "", "sha1", 20) && !is_document("git", "", "sha256", 64));
	CHECK(!is_document("git", "", "sha512", 32));
	CHECK(!ssh_login_is_of_ssh(view_of_text("SSHSIG"), view_of_text("key")));
	CHECK(!ssh_login_is_of_ssh(view_of("SSHSIG\0\0\0\3git", 13), view_of_text("key")));
}

static void put_zeros(struct bytes *data, size_t n)
{
	for (size_t i = 0; i < n; i++)
		CHECK_OK(bytes_append_byte(data, 0));
}

/* PROTOCOL.certkeys, of an Ed25519 key, as the authority signs it. */
static void put_certificate(const char *authority, struct bytes *data)
{
	const uint8_t zeros[32] = {0};

	CHECK_OK(ssh_wire_put_text(data, "ssh-ed25519-cert-v01@openssh.com"));
	CHECK_OK(ssh_wire_put_text(data, "nonce"));
	CHECK_OK(ssh_wire_put_string(data, VIEW_OF(zeros)));
	put_zeros(data, 8); /* serial */
	CHECK_OK(ssh_wire_put_uint32(data, 1));
	CHECK_OK(ssh_wire_put_text(data, "id"));
	CHECK_OK(ssh_wire_put_text(data, NULL)); /* principals */
	put_zeros(data, 16);			 /* valid */
	for (int i = 0; i < 3; i++)
		CHECK_OK(ssh_wire_put_text(data, NULL));
	CHECK_OK(ssh_wire_put_text(data, authority));
}

TEST(certificates)
{
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(DATA_MAX);
	struct kc_view all = {NULL, 0};

	put_certificate("authority", &data);
	all = bytes_view(&data);
	CHECK(ssh_login_is_of_ssh(all, view_of_text("authority")));
	CHECK(!ssh_login_is_of_ssh(all, view_of_text("other")));
	for (size_t len = 0; len < all.len; len++)
		CHECK(!ssh_login_is_of_ssh(view_slice(all, 0, len), view_of_text("authority")));
	put_zeros(&data, 1);
	CHECK(!ssh_login_is_of_ssh(bytes_view(&data), view_of_text("authority")));
}
