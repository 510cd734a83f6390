/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SSH_AGENT_SSH_BLOB_H
#define SSH_AGENT_SSH_BLOB_H

/*
 * Public keys and certificates as SSH has them (RFC 4253 section 6.6, RFC 5656, RFC 8709; OpenSSH's
 * PROTOCOL.certkeys).
 */

#include "base/bytes.h"
#include "frontends/ssh_agent/ssh_kind.h"

enum {
	SSH_BLOB_MAX = 16 * 1024, /* a certificate with many principals is smaller */
};

/* All views point into the blob. */
struct ssh_blob {
	const struct ssh_kind *kind;
	bool is_certificate;
	struct kc_view parts;	 /* what follows the name (and nonce) and makes the public key */
	struct kc_view exponent; /* of RSA */
	struct kc_view modulus;
	struct kc_view point; /* of EC, 04 X Y; of Ed25519 its 32 bytes */
	/* Of certificates. */
	bool is_of_host;
	struct kc_view key_id;
	struct kc_view principals; /* strings, one after the other; none: any */
	struct kc_view critical_options;
	uint64_t valid_after; /* seconds since 1970 */
	uint64_t valid_before;
	struct kc_view signature_key; /* a blob: the authority's */
	struct kc_view signed_part;
	struct kc_view signature;
};

/* Expected: KC_ERR_DECODE         it is damaged
 *           KC_ERR_UNIMPLEMENTED  of a kind that is not known here */
KC_MUST_CHECK enum kc_status ssh_blob_read(struct kc_view data, struct ssh_blob *ret_blob);

/* Append the plain public key of @blob: of a certificate the one that it certifies. */
KC_MUST_CHECK enum kc_status ssh_blob_put_plain(const struct ssh_blob *blob, struct bytes *bytes);

/* Append the blob of a key from its external representation.
 * Expected: KC_ERR_UNIMPLEMENTED  an RSA key that is too short */
KC_MUST_CHECK enum kc_status ssh_blob_put(const struct ssh_kind *kind, struct kc_view external,
					  struct bytes *bytes);

/* The other way: append its external representation. */
KC_MUST_CHECK enum kc_status ssh_blob_put_external(const struct ssh_blob *blob,
						   struct bytes *bytes);

/* Read the parts of a public key of that kind that @input begins with, and move past them. */
KC_MUST_CHECK enum kc_status ssh_blob_read_parts(struct kc_view *input, struct ssh_blob *blob);

enum {
	SSH_BLOB_FINGERPRINT_MAX = 64,
};

/* "SHA256:" and base64 without padding, as ssh-keygen -l shows it. */
void ssh_blob_fingerprint(struct kc_view data, char ret_text[SSH_BLOB_FINGERPRINT_MAX]);

#endif
