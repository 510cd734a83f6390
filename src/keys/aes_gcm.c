/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* AES-GCM by OpenSSL. What has not been found authentic is wiped where it was written. */
#include "keys/aes_gcm_impl.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/try.h"
#include "keys/digest_impl.h"
#include "keys/unpad_impl.h"

static void context_done(EVP_CIPHER_CTX **context)
{
	EVP_CIPHER_CTX_free(*context);
	*context = NULL;
}

static bool begin(EVP_CIPHER_CTX *context, const struct aes_gcm *gcm, bool seals)
{
	static const uint8_t zeros[AES_GCM_IV_BYTES];
	const EVP_CIPHER *type =
		gcm->key.len == AES_GCM_SHORT_KEY ? EVP_aes_128_gcm() : EVP_aes_256_gcm();
	const uint8_t *iv = gcm->iv.len ? gcm->iv.data : zeros;
	int len = 0;

	return context && EVP_CipherInit_ex(context, type, NULL, NULL, NULL, seals) == 1 &&
	       EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, AES_GCM_IV_BYTES, NULL) == 1 &&
	       EVP_CipherInit_ex(context, NULL, NULL, gcm->key.data, iv, seals) == 1 &&
	       (gcm->aad.len == 0 ||
		EVP_CipherUpdate(context, NULL, &len, gcm->aad.data, (int)gcm->aad.len) == 1);
}

/* The bytes themselves; GCM gives as many as it gets. */
static bool transform(EVP_CIPHER_CTX *context, struct kc_view input, uint8_t *out)
{
	int len = 0;

	return input.len == 0 ||
	       (EVP_CipherUpdate(context, out, &len, input.data, (int)input.len) == 1 &&
		(size_t)len == input.len);
}

enum kc_status aes_gcm_seal(const struct aes_gcm *gcm, struct kc_view plaintext,
			    struct bytes *sealed)
{
	CLEANUP(context_done) EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	uint8_t *out = NULL;
	uint8_t *tag = NULL;
	int len = 0;

	TRY(bytes_reserve(sealed, plaintext.len + AES_GCM_TAG_BYTES));
	out = sealed->data + sealed->len;
	tag = out + plaintext.len;
	if (!begin(context, gcm, true) || !transform(context, plaintext, out) ||
	    EVP_CipherFinal_ex(context, tag, &len) != 1 ||
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, AES_GCM_TAG_BYTES, tag) != 1)
		return digest_fail_openssl("AES-GCM");
	sealed->len += plaintext.len + AES_GCM_TAG_BYTES;
	return KC_OK;
}

static bool is_authentic(EVP_CIPHER_CTX *context, struct kc_view tag)
{
	uint8_t copy[AES_GCM_TAG_BYTES];
	uint8_t nothing[AES_GCM_TAG_BYTES];
	int len = 0;

	memcpy(copy, tag.data, sizeof(copy));
	return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, AES_GCM_TAG_BYTES, copy) == 1 &&
	       EVP_CipherFinal_ex(context, nothing, &len) == 1;
}

enum kc_status aes_gcm_open(const struct aes_gcm *gcm, struct kc_view sealed,
			    struct bytes *plaintext)
{
	CLEANUP(context_done) EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	struct kc_view ciphertext;
	uint8_t *out = NULL;

	if (sealed.len < AES_GCM_TAG_BYTES)
		return unpad_fail();
	ciphertext = view_slice(sealed, 0, sealed.len - AES_GCM_TAG_BYTES);
	TRY(bytes_reserve(plaintext, sealed.len));
	out = plaintext->data + plaintext->len;
	if (!begin(context, gcm, false) || !transform(context, ciphertext, out))
		return digest_fail_openssl("AES-GCM");
	if (!is_authentic(context, view_slice(sealed, ciphertext.len, AES_GCM_TAG_BYTES))) {
		explicit_bzero(out, ciphertext.len);
		ERR_clear_error();
		return unpad_fail();
	}
	plaintext->len += ciphertext.len;
	return KC_OK;
}
