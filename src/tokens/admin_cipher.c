/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ciphers of management keys (SP 800-78-5, table 9, and 3DES of the editions before it), from
 * OpenSSL. A single block takes no time, so it is done in the loop.
 */
#include "tokens/admin_cipher.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/try.h"

enum {
	MESSAGE_BYTES = 2 * ADMIN_CIPHER_BLOCK_MAX,
};

struct admin_cipher {
	const char *name;
	const char *what; /* a person reads */
	const EVP_CIPHER *(*evp)(void);
	size_t key_bytes;
	size_t block_bytes;
};

static const struct admin_cipher ciphers[] = {
	{"3des", "3DES", EVP_des_ede3_ecb, 24, 8},
	{"aes128", "AES-128", EVP_aes_128_ecb, 16, 16},
	{"aes192", "AES-192", EVP_aes_192_ecb, 24, 16},
	{"aes256", "AES-256", EVP_aes_256_ecb, 32, 16},
};

const struct admin_cipher *admin_cipher_find(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_LEN(ciphers); i++) {
		if (strcmp(ciphers[i].name, name) == 0)
			return &ciphers[i];
	}
	return NULL;
}

size_t admin_cipher_block_bytes(const struct admin_cipher *cipher)
{
	return cipher->block_bytes;
}

static int digit_of(uint8_t character)
{
	if (character >= '0' && character <= '9')
		return character - '0';
	if (character >= 'a' && character <= 'f')
		return character - 'a' + 10;
	return character >= 'A' && character <= 'F' ? character - 'A' + 10 : -1;
}

/* Straight into locked memory: no other has it in between. */
static bool decode(struct kc_view text, struct secret *key)
{
	for (size_t i = 0; i < text.len; i += 2) {
		int high = digit_of(text.data[i]);
		int low = digit_of(text.data[i + 1]);

		if (high < 0 || low < 0)
			return false;
		key->data[key->len++] = (uint8_t)(high << 4 | low);
	}
	return true;
}

enum kc_status admin_cipher_read_key(const struct admin_cipher *cipher, struct kc_view text,
				     struct secret *ret_key)
{
	CLEANUP(secret_done) struct secret key = {0};
	bool is_read = false;

	TRY(secret_reserve(&key, cipher->key_bytes));
	is_read = text.len == 2 * cipher->key_bytes && decode(text, &key);
	if (!is_read)
		error_set_hint("the card's management key is one of %s: %zu hexadecimal digits",
			       cipher->what, 2 * cipher->key_bytes);
	REQUIRE(is_read, KC_ERR_AUTH_FAILED,
		"that is no management key of this card; the card was not asked");
	*ret_key = secret_take(&key);
	return KC_OK;
}

static void context_free(EVP_CIPHER_CTX **context)
{
	EVP_CIPHER_CTX_free(*context);
}

enum kc_status admin_cipher_run(const struct admin_cipher *cipher, const struct secret *key,
				bool is_encryption, struct kc_view input,
				uint8_t output[ADMIN_CIPHER_BLOCK_MAX])
{
	CLEANUP(context_free) EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	uint8_t result[MESSAGE_BYTES];
	int len = 0;

	REQUIRE(context, KC_ERR_ALLOCATE, "out of memory");
	REQUIRE(input.len == cipher->block_bytes && key->len == cipher->key_bytes,
		KC_ERR_CORRUPTED_DATA, "a block of %zu bytes where %s has %zu", input.len,
		cipher->what, cipher->block_bytes);
	REQUIRE(EVP_CipherInit_ex(context, cipher->evp(), NULL, key->data, NULL, is_encryption) ==
				1 &&
			EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
			EVP_CipherUpdate(context, result, &len, input.data, (int)input.len) == 1 &&
			(size_t)len == cipher->block_bytes,
		KC_ERR_INTERNAL, "OpenSSL does not do %s", cipher->what);
	memcpy(output, result, cipher->block_bytes);
	explicit_bzero(result, sizeof(result));
	return KC_OK;
}

enum kc_status admin_cipher_challenge(const struct admin_cipher *cipher,
				      uint8_t block[ADMIN_CIPHER_BLOCK_MAX])
{
	REQUIRE(RAND_bytes(block, (int)cipher->block_bytes) == 1, KC_ERR_INTERNAL,
		"no random numbers");
	return KC_OK;
}
