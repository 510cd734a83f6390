/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Verification by OpenSSL's EVP, never by code that also makes signatures: our own padding has to
 * satisfy somebody else's reading of the standard each time.
 */
#include "keys/verify_impl.h"

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#include "base/try.h"
#include "keys/digest_impl.h"
#include "keys/ecdsa_form_impl.h"
#include "keys/public_key_impl.h"

enum {
	SIGNATURE_MAX = 4096, /* of RSA and ECDSA */
};

static void context_done(EVP_PKEY_CTX **context)
{
	EVP_PKEY_CTX_free(*context);
	*context = NULL;
}

static enum kc_status fail_mismatch(void)
{
	ERR_clear_error();
	return fail(KC_ERR_VERIFY_FAILED, "the signature does not match");
}

/* RSAVP1 (RFC 8017 5.2.2): what was signed comes out again, with leading zeros. */
static enum kc_status check_raw(EVP_PKEY_CTX *context, EVP_PKEY *pkey, struct kc_view input,
				struct kc_view signature)
{
	CLEANUP(freep) uint8_t *out = calloc(1, SIGNATURE_MAX);
	size_t len = (size_t)EVP_PKEY_get_size(pkey);
	size_t n_zeros = 0;

	REQUIRE(out, KC_ERR_ALLOCATE, "out of memory");
	if (len > SIGNATURE_MAX || input.len > len || signature.len != len ||
	    EVP_PKEY_verify_recover_init(context) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING) != 1 ||
	    EVP_PKEY_verify_recover(context, out, &len, signature.data, signature.len) != 1)
		return fail_mismatch();
	n_zeros = len - input.len;
	for (size_t i = 0; i < n_zeros; i++)
		if (out[i] != 0)
			return fail_mismatch();
	return view_equal(view_of(out + n_zeros, input.len), input) ? KC_OK : fail_mismatch();
}

static bool set_rsa(EVP_PKEY_CTX *context, const struct algorithm *algorithm)
{
	const EVP_MD *type = digest_type(algorithm->hash);
	bool is_pss = algorithm->family == ALGORITHM_RSA_PSS;
	int padding = is_pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING;

	if (EVP_PKEY_CTX_set_rsa_padding(context, padding) != 1)
		return false;
	if (type && EVP_PKEY_CTX_set_signature_md(context, type) != 1)
		return false;
	return !is_pss || (EVP_PKEY_CTX_set_rsa_mgf1_md(context, type) == 1 &&
			   EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1);
}

static bool matches(EVP_PKEY_CTX *context, struct kc_view input, struct kc_view signature)
{
	return EVP_PKEY_verify(context, signature.data, signature.len, input.data, input.len) == 1;
}

static enum kc_status check_rsa(EVP_PKEY_CTX *context, const struct algorithm *algorithm,
				struct kc_view input, struct kc_view signature)
{
	if (EVP_PKEY_verify_init(context) != 1 || !set_rsa(context, algorithm))
		return digest_fail_openssl("verification");
	return matches(context, input, signature) ? KC_OK : fail_mismatch();
}

static enum kc_status check_ecdsa(EVP_PKEY_CTX *context, struct kc_view input,
				  struct kc_view signature)
{
	if (EVP_PKEY_verify_init(context) != 1)
		return digest_fail_openssl("verification");
	return matches(context, input, signature) ? KC_OK : fail_mismatch();
}

static void digest_context_done(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
	*context = NULL;
}

static enum kc_status check_eddsa(EVP_PKEY *pkey, struct kc_view message, struct kc_view signature)
{
	CLEANUP(digest_context_done) EVP_MD_CTX *context = EVP_MD_CTX_new();

	if (!context || EVP_DigestVerifyInit(context, NULL, NULL, NULL, pkey) != 1)
		return digest_fail_openssl("verification");
	return EVP_DigestVerify(context, signature.data, signature.len, message.data,
				message.len) == 1
		       ? KC_OK
		       : fail_mismatch();
}

static enum kc_status check_plain_ecdsa(const struct key_facts *key, EVP_PKEY_CTX *context,
					struct kc_view input, struct kc_view signature)
{
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(SIGNATURE_MAX);

	TRY(ecdsa_form_put_der(signature, key->size_in_bits, &der));
	return check_ecdsa(context, input, bytes_view(&der));
}

enum kc_status verify_check(const struct key_facts *key, const struct algorithm *algorithm,
			    struct kc_view input, struct kc_view signature)
{
	CLEANUP(public_key_done) EVP_PKEY *pkey = NULL;
	CLEANUP(context_done) EVP_PKEY_CTX *context = NULL;

	TRY(public_key_new(key, &pkey));
	context = EVP_PKEY_CTX_new(pkey, NULL);
	REQUIRE(context, KC_ERR_ALLOCATE, "out of memory");
	switch (algorithm->family) {
	case ALGORITHM_RSA_RAW:
		return check_raw(context, pkey, input, signature);
	case ALGORITHM_RSA_PKCS1V15:
	case ALGORITHM_RSA_PSS:
		return check_rsa(context, algorithm, input, signature);
	case ALGORITHM_ECDSA_X962:
		return check_ecdsa(context, input, signature);
	case ALGORITHM_ECDSA_RFC4754:
		return check_plain_ecdsa(key, context, input, signature);
	case ALGORITHM_EDDSA:
		return check_eddsa(pkey, input, signature);
	case ALGORITHM_RSA_ENCRYPTION_RAW:
	case ALGORITHM_RSA_ENCRYPTION_PKCS1:
	case ALGORITHM_RSA_ENCRYPTION_OAEP:
	case ALGORITHM_RSA_ENCRYPTION_OAEP_AESGCM:
	case ALGORITHM_ECIES_STANDARD:
	case ALGORITHM_ECIES_STANDARD_VARIABLE_IV:
	case ALGORITHM_ECIES_COFACTOR:
	case ALGORITHM_ECIES_COFACTOR_VARIABLE_IV:
	case ALGORITHM_ECDH_STANDARD:
	case ALGORITHM_ECDH_COFACTOR:
		break;
	}
	return fail(KC_ERR_PARAM, "%s cannot be verified", algorithm->name);
}
