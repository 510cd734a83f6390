/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sealing with OpenSSL, the only file of this room that sees it: the room above that has
 * cryptography, keys/, works with items and must not be called from here.
 *
 * Envelope: "KCCARD", two bytes of version, a nonce of 12 bytes, the text sealed with AES-256-GCM
 * (NIST SP 800-38D), its tag of 16 bytes. Additional data: magic and version as they stand, then
 * the token ID. A random nonce serves 2^32 envelopes under one key (8.3); a card is sealed when
 * its contents change.
 */
#include "tokens/cache_seal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/try.h"

enum {
	HEAD_BYTES = 8,
	NONCE_BYTES = 12,
	TAG_BYTES = 16,
	KEY_BYTES = 32,
	MESSAGE_MAX = 256,
};

static const uint8_t head[HEAD_BYTES] = {'K', 'C', 'C', 'A', 'R', 'D', 0, 1};

static enum kc_status fail_crypto(void)
{
	return fail(KC_ERR_INTERNAL, "OpenSSL cannot do AES-256-GCM or HMAC here");
}

/* One key for each purpose, and nothing is ever under the device key itself: HMAC-SHA-256 as a
 * key derivation, SP 800-108 4.1 with one block. */
static enum kc_status derive(struct kc_view device_key, const char *purpose, struct kc_view text,
			     uint8_t ret_key[KEY_BYTES])
{
	CLEANUP(bytes_done) struct bytes message = BYTES_INIT(MESSAGE_MAX);
	size_t len = 0;

	TRY(bytes_append(&message, view_of(purpose, strlen(purpose) + 1)));
	TRY(bytes_append(&message, text));
	if (!EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, device_key.data, device_key.len,
		       message.data, message.len, ret_key, KEY_BYTES, &len) ||
	    len != KEY_BYTES)
		return fail_crypto();
	return KC_OK;
}

enum kc_status cache_seal_name(struct kc_view device_key, const char *token_id,
			       uint8_t ret_name[CACHE_SEAL_NAME_BYTES])
{
	uint8_t whole[KEY_BYTES];

	TRY(derive(device_key, "keycask card name", view_of_text(token_id), whole));
	memcpy(ret_name, whole, CACHE_SEAL_NAME_BYTES);
	return KC_OK;
}

static void cipher_done(EVP_CIPHER_CTX **cipher)
{
	EVP_CIPHER_CTX_free(*cipher);
	*cipher = NULL;
}

/* A cipher that is ready for the text: key, nonce and additional data are in. */
static enum kc_status start(struct kc_view device_key, const char *token_id, const uint8_t *nonce,
			    bool is_sealing, EVP_CIPHER_CTX **ret_cipher)
{
	CLEANUP(cipher_done) EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	struct kc_view name = view_of_text(token_id);
	uint8_t key[KEY_BYTES];
	bool is_ready = false;
	int n = 0;

	TRY(derive(device_key, "keycask card seal", view_of(NULL, 0), key));
	is_ready = cipher && name.len <= MESSAGE_MAX &&
		   EVP_CipherInit_ex2(cipher, EVP_aes_256_gcm(), key, nonce, is_sealing, NULL) &&
		   EVP_CipherUpdate(cipher, NULL, &n, head, HEAD_BYTES) &&
		   EVP_CipherUpdate(cipher, NULL, &n, name.data, (int)name.len);
	OPENSSL_cleanse(key, sizeof(key));
	if (!is_ready)
		return fail_crypto();
	*ret_cipher = take(cipher);
	return KC_OK;
}

static enum kc_status seal(EVP_CIPHER_CTX *cipher, struct kc_view plain, struct bytes *sealed)
{
	int n = 0;
	int n_last = 0;

	TRY(bytes_reserve(sealed, plain.len + TAG_BYTES));
	if (!EVP_CipherUpdate(cipher, sealed->data + sealed->len, &n, plain.data, (int)plain.len) ||
	    !EVP_CipherFinal_ex(cipher, sealed->data + sealed->len + n, &n_last))
		return fail_crypto();
	sealed->len += plain.len;
	if (!EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES,
				 sealed->data + sealed->len))
		return fail_crypto();
	sealed->len += TAG_BYTES;
	return KC_OK;
}

enum kc_status cache_seal_close(struct kc_view device_key, const char *token_id,
				struct kc_view plain, struct bytes *sealed)
{
	CLEANUP(cipher_done) EVP_CIPHER_CTX *cipher = NULL;
	uint8_t nonce[NONCE_BYTES];

	if (RAND_bytes(nonce, sizeof(nonce)) != 1)
		return fail_crypto();
	TRY(start(device_key, token_id, nonce, true, &cipher));
	TRY(bytes_append(sealed, VIEW_OF(head)));
	TRY(bytes_append(sealed, VIEW_OF(nonce)));
	return seal(cipher, plain, sealed);
}

/* Into a buffer of its own: nothing of it counts before the tag has been compared. */
static enum kc_status unseal(EVP_CIPHER_CTX *cipher, struct kc_view text, struct kc_view tag,
			     struct bytes *plain)
{
	uint8_t expected[TAG_BYTES];
	int n = 0;
	int n_last = 0;

	memcpy(expected, tag.data, TAG_BYTES);
	TRY(bytes_reserve(plain, text.len + 1));
	if (!EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, expected) ||
	    (text.len > 0 &&
	     !EVP_CipherUpdate(cipher, plain->data + plain->len, &n, text.data, (int)text.len)))
		return fail_crypto();
	REQUIRE(EVP_CipherFinal_ex(cipher, plain->data + plain->len + n, &n_last),
		KC_ERR_CORRUPTED_DATA,
		"it is damaged, or was written for another card or on another device");
	plain->len += text.len;
	return KC_OK;
}

enum kc_status cache_seal_open(struct kc_view device_key, const char *token_id,
			       struct kc_view sealed, struct bytes *plain)
{
	CLEANUP(cipher_done) EVP_CIPHER_CTX *cipher = NULL;
	size_t text_len = 0;

	REQUIRE(sealed.len >= CACHE_SEAL_OVERHEAD, KC_ERR_CORRUPTED_DATA, "it is cut off");
	REQUIRE(view_equal(view_slice(sealed, 0, HEAD_BYTES), VIEW_OF(head)), KC_ERR_CORRUPTED_DATA,
		"it is of another version");
	text_len = sealed.len - CACHE_SEAL_OVERHEAD;
	TRY(start(device_key, token_id, sealed.data + HEAD_BYTES, false, &cipher));
	return unseal(cipher, view_slice(sealed, HEAD_BYTES + NONCE_BYTES, text_len),
		      view_slice(sealed, sealed.len - TAG_BYTES, TAG_BYTES), plain);
}
