/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Base operations by OpenSSL. RSA is raw: OpenSSL blinds it and checks what it computed by the
 * Chinese remainder, and all padding is ours (keys/signature.c, keys/unpad.c), so that nothing here
 * can tell a good padding from a bad one.
 */
#include "keys/software_key.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

#include "base/try.h"
#include "keys/digest_impl.h"
#include "keys/exchange_impl.h"
#include "keys/opened_key_impl.h"
#include "keys/private_pkey_impl.h"
#include "keys/public_key_impl.h"

typedef enum kc_status (*perform_fn)(EVP_PKEY *pkey, const struct software_key *key,
				     struct kc_view input, struct bytes *answer);

static void context_done(EVP_PKEY_CTX **context)
{
	EVP_PKEY_CTX_free(*context);
	*context = NULL;
}

static void digest_context_done(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
	*context = NULL;
}

/* What OpenSSL begins and does with an input in one go; both kinds of calls look alike. */
struct step {
	const char *name;
	int (*begin)(EVP_PKEY_CTX *context);
	int (*run)(EVP_PKEY_CTX *context, unsigned char *out, size_t *out_len,
		   const unsigned char *in, size_t in_len);
	bool is_raw; /* RSA without padding */
};

static enum kc_status take_step(EVP_PKEY *pkey, const struct step *step, struct kc_view input,
				struct bytes *answer)
{
	CLEANUP(context_done) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(pkey, NULL);
	size_t len = (size_t)EVP_PKEY_get_size(pkey);

	TRY(bytes_reserve(answer, len));
	if (!context || step->begin(context) != 1 ||
	    (step->is_raw && EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING) != 1) ||
	    step->run(context, answer->data, &len, input.data, input.len) != 1)
		return digest_fail_openssl(step->name);
	answer->len = len;
	return KC_OK;
}

static enum kc_status sign_rsa(EVP_PKEY *pkey, const struct software_key *key, struct kc_view input,
			       struct bytes *answer)
{
	static const struct step step = {"RSA", EVP_PKEY_sign_init, EVP_PKEY_sign, true};

	(void)key;
	return take_step(pkey, &step, input, answer);
}

static enum kc_status decrypt_rsa(EVP_PKEY *pkey, const struct software_key *key,
				  struct kc_view input, struct bytes *answer)
{
	static const struct step step = {"RSA", EVP_PKEY_decrypt_init, EVP_PKEY_decrypt, true};

	(void)key;
	return take_step(pkey, &step, input, answer);
}

static enum kc_status sign_ecdsa(EVP_PKEY *pkey, const struct software_key *key,
				 struct kc_view input, struct bytes *answer)
{
	static const struct step step = {"ECDSA", EVP_PKEY_sign_init, EVP_PKEY_sign, false};

	(void)key;
	return take_step(pkey, &step, input, answer);
}

static enum kc_status sign_eddsa(EVP_PKEY *pkey, const struct software_key *key,
				 struct kc_view input, struct bytes *answer)
{
	CLEANUP(digest_context_done) EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t len = (size_t)EVP_PKEY_get_size(pkey);

	(void)key;
	TRY(bytes_reserve(answer, len));
	if (!context || EVP_DigestSignInit(context, NULL, NULL, NULL, pkey) != 1 ||
	    EVP_DigestSign(context, answer->data, &len, input.data, input.len) != 1)
		return digest_fail_openssl("EdDSA");
	answer->len = len;
	return KC_OK;
}

/* The other side's key has been looked at by the plan. */
static enum kc_status exchange(EVP_PKEY *pkey, const struct software_key *key, struct kc_view input,
			       struct bytes *answer)
{
	const struct key_facts other = {
		.key_type = key->key_type, .size_in_bits = key->size_in_bits, .public_key = input};
	CLEANUP(public_key_done) EVP_PKEY *peer = NULL;

	TRY(public_key_new(&other, &peer));
	return exchange_put_secret(pkey, peer, answer);
}

static const struct row {
	const char *key_type;
	const char *operation;
	perform_fn perform;
} rows[] = {
	{"rsa", "rsa_signature_raw", sign_rsa},
	{"rsa", "rsa_encryption_raw", decrypt_rsa},
	{"ec", "ecdsa_signature_digest_x962", sign_ecdsa},
	{"ec", "ecdh_key_exchange_standard", exchange},
	{"ed25519", "eddsa_signature_message_ed25519", sign_eddsa},
	{"ed448", "eddsa_signature_message_ed448", sign_eddsa},
	{"x25519", "ecdh_key_exchange_standard", exchange},
	{"x448", "ecdh_key_exchange_standard", exchange},
};

static const struct row *find(const char *key_type, const char *operation)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].key_type, key_type) == 0 &&
		    strcmp(rows[i].operation, operation) == 0)
			return &rows[i];
	return NULL;
}

bool software_key_offers(const char *key_type, const char *operation)
{
	return find(key_type, operation) != NULL;
}

bool software_key_is_quick(const char *key_type)
{
	return strcmp(key_type, "rsa") != 0;
}

enum kc_status software_key_perform(const struct software_key *key, const char *operation,
				    struct kc_view input, struct bytes *answer)
{
	const struct row *row = find(key->key_type, operation);
	CLEANUP(opened_key_freep) struct opened_key *opened = NULL;

	REQUIRE(row, KC_ERR_PARAM, "keys of type \"%s\" do not do %s", key->key_type, operation);
	if (key->opened)
		TRY(opened_key_share(key->opened, &opened));
	else
		TRY(opened_key_new(key->key_type, key->size_in_bits, key->external, &opened));
	return row->perform(opened->pkey, key, input, answer);
}
