/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SSH_AGENT_SSH_SIGNATURE_H
#define SSH_AGENT_SSH_SIGNATURE_H

/* Signatures as SSH has them, and the algorithms that make them: RFC 4253 6.6, RFC 5656 3.1.2, RFC
 * 8332, RFC 8709. */

#include "frontends/ssh_agent/ssh_blob.h"

/* RFC 9987, "Signature flags". */
enum {
	SSH_SIGNATURE_RSA_SHA2_256 = 2,
	SSH_SIGNATURE_RSA_SHA2_512 = 4,
};

struct ssh_algorithm {
	const char *name;	  /* in the signature: "rsa-sha2-512" */
	const char *key_name;	  /* of struct ssh_kind */
	const char *keycask_name; /* KC_ALGORITHM_… */
};

/* Which one a request with @flags wants.
 * Expected: KC_ERR_UNIMPLEMENTED  ssh-rsa, whose hash is SHA-1 */
KC_MUST_CHECK enum kc_status ssh_signature_choose(const struct ssh_kind *kind, uint32_t flags,
						  const struct ssh_algorithm **ret_algorithm);

/* Append the signature that @algorithm gave, in SSH's form. */
KC_MUST_CHECK enum kc_status ssh_signature_put(const struct ssh_algorithm *algorithm,
					       struct kc_view signature, struct bytes *bytes);

/* Does @signature, in SSH's form, hold for @data and the public key @blob? Asks the daemon.
 * Expected: KC_ERR_VERIFY_FAILED, KC_ERR_DECODE, KC_ERR_UNIMPLEMENTED */
KC_MUST_CHECK enum kc_status ssh_signature_verify(const struct ssh_blob *blob, struct kc_view data,
						  struct kc_view signature);

#endif
