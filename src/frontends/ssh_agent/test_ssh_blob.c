/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blobs of keys and certificates, and numbers of RSA keys, against what OpenSSH and others say. */
#include "frontends/ssh_agent/ssh_blob.h"

#include "base/try.h"
#include "codec/hex.h"
#include "frontends/ssh_agent/ssh_modulo.h"
#include "frontends/ssh_agent/ssh_wire.h"
#include "harness/test.h"

/* ssh-keygen -t ed25519 -l said SHA256:1W+KcutSAqQd9OrWgE2Jt0MEyPhL3MZoHnCSVIsTMMM of it? No: the
 * fingerprint below is openssl's SHA-256 of the blob. */
TEST(a_fingerprint_is_the_hash_of_the_blob)
{
	char text[SSH_BLOB_FINGERPRINT_MAX];

	ssh_blob_fingerprint(view_of_text("abc"), text);
	CHECK_TEXT(text, "SHA256:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0");
}
