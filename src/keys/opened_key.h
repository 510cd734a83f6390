/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_OPENED_KEY_H
#define KEYS_OPENED_KEY_H

/*
 * A private key in the form in which OpenSSL uses it. To make one takes as long as a signature of
 * an elliptic curve, so whoever signs often keeps it (items/kept.h).
 */

#include "base/bytes.h"
#include "base/cleanup.h"

struct opened_key;

/*
 * From reference/keychain.md 5.5's bytes, which are copied.
 * Expected: KC_ERR_DECODE  the key is damaged
 */
KC_MUST_CHECK enum kc_status opened_key_new(const char *key_type, unsigned size_in_bits,
					    struct kc_view external,
					    struct opened_key **ret_opened);
/* The same key once more: each is used in any thread, and freed on its own. */
KC_MUST_CHECK enum kc_status opened_key_share(const struct opened_key *opened,
					      struct opened_key **ret_opened);
/* The last one wipes the key. NULL is fine. Always returns NULL. */
struct opened_key *opened_key_free(struct opened_key *opened);
DEFINE_FREEP(opened_key)

#endif
