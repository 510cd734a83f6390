/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_ADMIN_CIPHER_H
#define TOKENS_ADMIN_CIPHER_H

/*
 * Proving that a management key is known (SP 800-73-5 part 2, appendix A): one block of a cipher,
 * either way. Drivers have no cryptography; this is theirs (design/decisions.md 10).
 */

#include <stdbool.h>

#include "base/secret.h"

struct admin_cipher;

/* Named as org.keycask.Driver does, "3des"; NULL when there is none such. */
const struct admin_cipher *admin_cipher_find(const char *name);
size_t admin_cipher_block_bytes(const struct admin_cipher *cipher);

/*
 * @text is the key as its owner has it: hexadecimal digits, as many as the cipher wants.
 * Expected: KC_ERR_AUTH_FAILED  it cannot be one, saying why and not what it was
 */
KC_MUST_CHECK enum kc_status admin_cipher_read_key(const struct admin_cipher *cipher,
						   struct kc_view text, struct secret *ret_key);

enum {
	ADMIN_CIPHER_BLOCK_MAX = 16,
};

/* @input is one block; so is @output. */
KC_MUST_CHECK enum kc_status admin_cipher_run(const struct admin_cipher *cipher,
					      const struct secret *key, bool is_encryption,
					      struct kc_view input,
					      uint8_t output[ADMIN_CIPHER_BLOCK_MAX]);

/* A block that nobody can guess. */
KC_MUST_CHECK enum kc_status admin_cipher_challenge(const struct admin_cipher *cipher,
						    uint8_t block[ADMIN_CIPHER_BLOCK_MAX]);

#endif
