/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_DIGEST_IMPL_H
#define KEYS_DIGEST_IMPL_H

/* Hashes by our names for them. */

#include <openssl/evp.h>

#include "keys/algorithms_impl.h"

/* NULL for ALGORITHM_NO_HASH. */
const EVP_MD *digest_type(enum algorithm_hash hash);
size_t digest_len(enum algorithm_hash hash);

/* Append the hash of @data. */
KC_MUST_CHECK enum kc_status digest_put(enum algorithm_hash hash, struct kc_view data,
					struct bytes *bytes);

/* What stands before the hash in a DigestInfo (RFC 8017 9.2 note 1). */
struct kc_view digest_info_prefix(enum algorithm_hash hash);

/* KC_ERR_INTERNAL with OpenSSL's own reason, and an empty queue of its errors after. */
KC_MUST_CHECK enum kc_status digest_fail_openssl(const char *what);

#endif
