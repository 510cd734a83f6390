/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Encryption by OpenSSL's EVP; RSA never by code that also decrypts. */
#include "keys/encryption_impl.h"

#include <openssl/rsa.h>

#include "base/error.h"
#include "base/try.h"
#include "keys/digest_impl.h"
#include "keys/ecies_impl.h"
#include "keys/encryption.h"
#include "keys/hybrid_impl.h"
#include "keys/limits_impl.h"
#include "keys/padding_impl.h"
#include "keys/public_key_impl.h"

enum {
	RSA_MAX = 2048, /* 16384 bits */
};

static enum kc_status find(const struct key_facts *key, const char *name,
			   const struct algorithm **ret_algorithm)
{
	TRY(algorithms_choose(name, ALGORITHM_ENCRYPTION, key->key_type, ret_algorithm));
	return limits_check_size(key, *ret_algorithm);
}

static enum kc_status check_length(const struct key_facts *key, const struct algorithm *algorithm,
				   size_t len)
{
	size_t most = key_facts_len(key);

	if (algorithm->family == ALGORITHM_RSA_ENCRYPTION_OAEP)
		most -= limits_oaep_overhead(algorithm);
	else
		most -= PADDING_PKCS1_OVERHEAD;
	REQUIRE(len <= most, KC_ERR_PARAM, "%s takes at most %zu bytes with this key, not %zu",
		algorithm->name, most, len);
	return KC_OK;
}

/* Raw: short input is a number with leading zeros. Otherwise the padding is OpenSSL's work. */
static enum kc_status put_input(const struct key_facts *key, const struct algorithm *algorithm,
				struct kc_view data, struct bytes *input)
{
	if (algorithm->family != ALGORITHM_RSA_ENCRYPTION_RAW) {
		TRY(check_length(key, algorithm, data.len));
		return bytes_append(input, data);
	}
	TRY(limits_check_raw(key, data));
	for (size_t i = data.len; i < key_facts_len(key); i++)
		TRY(bytes_append_byte(input, 0));
	return bytes_append(input, data);
}

static bool set_padding(EVP_PKEY_CTX *context, const struct algorithm *algorithm)
{
	const EVP_MD *type = digest_type(algorithm->hash);

	if (algorithm->family == ALGORITHM_RSA_ENCRYPTION_RAW)
		return EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING) == 1;
	if (algorithm->family == ALGORITHM_RSA_ENCRYPTION_PKCS1)
		return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
	return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_oaep_md(context, type) == 1 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(context, type) == 1;
}

static void context_done(EVP_PKEY_CTX **context)
{
	EVP_PKEY_CTX_free(*context);
	*context = NULL;
}

static enum kc_status put_ciphertext(EVP_PKEY *pkey, const struct algorithm *algorithm,
				     struct kc_view input, struct bytes *ciphertext)
{
	static const uint8_t nothing[1];
	CLEANUP(context_done) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(pkey, NULL);
	size_t len = RSA_MAX;

	TRY(bytes_reserve(ciphertext, len));
	if (!context || EVP_PKEY_encrypt_init(context) != 1 || !set_padding(context, algorithm) ||
	    EVP_PKEY_encrypt(context, ciphertext->data, &len, input.data ? input.data : nothing,
			     input.len) != 1)
		return digest_fail_openssl("encryption");
	ciphertext->len = len;
	return KC_OK;
}

enum kc_status encryption_put_rsa(const struct key_facts *key, const struct algorithm *algorithm,
				  struct kc_view data, struct bytes *ciphertext)
{
	CLEANUP(public_key_done) EVP_PKEY *pkey = NULL;
	CLEANUP(bytes_done) struct bytes input = BYTES_INIT(RSA_MAX);

	TRY(put_input(key, algorithm, data, &input));
	TRY(public_key_new(key, &pkey));
	return put_ciphertext(pkey, algorithm, bytes_view(&input), ciphertext);
}

enum kc_status encryption_run(const struct key_facts *key, const char *name, struct kc_view data,
			      struct kc_bytes *ret_ciphertext)
{
	CLEANUP(bytes_done) struct bytes ciphertext = BYTES_INIT(PLAN_INPUT_MAX);
	const struct algorithm *algorithm = NULL;

	TRY(find(key, name, &algorithm));
	if (ecies_is(algorithm))
		TRY(ecies_encrypt(key, algorithm, data, &ciphertext));
	else if (algorithm->family == ALGORITHM_RSA_ENCRYPTION_OAEP_AESGCM)
		TRY(hybrid_encrypt(key, algorithm, data, &ciphertext));
	else
		TRY(encryption_put_rsa(key, algorithm, data, &ciphertext));
	*ret_ciphertext = bytes_take(&ciphertext);
	return KC_OK;
}

bool encryption_is_supported(const struct key_facts *key, const char *name)
{
	const struct error_record before = *error_get();
	const struct algorithm *algorithm = NULL;
	bool is_supported = find(key, name, &algorithm) == KC_OK;

	error_adopt(&before);
	return is_supported;
}
