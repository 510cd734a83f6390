/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_RSA_PARTS_H
#define VCARD_RSA_PARTS_H

/* RSA private keys as import commands carry them: primes, and as little else as will do. */

#include <openssl/evp.h>

#include "base/bytes.h"
#include "vcard/key_type.h"

/* Either the public exponent, or the private ones modulo p-1 and q-1; the others empty. */
struct rsa_parts {
	struct kc_view p;
	struct kc_view q;
	struct kc_view e;
	struct kc_view dp;
	struct kc_view dq;
};

/* Expected: KC_ERR_PARAM  the parts are no key of this type. */
KC_MUST_CHECK enum kc_status rsa_parts_assemble(const struct key_type *type,
						const struct rsa_parts *parts, EVP_PKEY **ret_pkey);

#endif
