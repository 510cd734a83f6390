/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sealing with OpenSSL. Sealed: one byte of version, a salt of 24 random bytes, the text under
 * AES-256-GCM, its tag of 16 bytes. Key and nonce of each sealing are the first 32 and the next 12
 * bytes of HMAC-SHA-512(key, purpose, 0, salt), so a nonce comes twice under one key only if the
 * salt does; SP 800-38D 8.3 would bound random nonces under one lasting key to 2^32. Additional
 * data: the version, the owner, what is beside it.
 *
 * Looking an algorithm up costs OpenSSL 3.0 more than using it on an item: each is fetched once.
 */
#include "store/seal.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/try.h"

enum {
	VERSION = 1,
	NONCE_BYTES = 12,
	TAG_BYTES = 16,
	SHA512_BYTES = 64,
	TEXT_MAX = INT_MAX - SEAL_OVERHEAD,
};

/* Shared by all threads; what is done with them needs a context of its own. */
static struct {
	pthread_once_t once;
	EVP_CIPHER *gcm;
	EVP_MAC *hmac;
} algorithms = {.once = PTHREAD_ONCE_INIT};

static void fetch_algorithms(void)
{
	algorithms.gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	algorithms.hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
}

static enum kc_status fail_crypto(void)
{
	return fail(KC_ERR_INTERNAL, "OpenSSL cannot do AES-256-GCM or HMAC here");
}

static enum kc_status find_algorithms(void)
{
	if (pthread_once(&algorithms.once, fetch_algorithms) != 0 || !algorithms.gcm ||
	    !algorithms.hmac)
		return fail_crypto();
	return KC_OK;
}

static void mac_done(EVP_MAC_CTX **mac)
{
	EVP_MAC_CTX_free(*mac);
	*mac = NULL;
}

static void cipher_done(EVP_CIPHER_CTX **cipher)
{
	EVP_CIPHER_CTX_free(*cipher);
	*cipher = NULL;
}

/* @digest: "SHA256" or "SHA512". It has no key yet. */
static enum kc_status new_mac(const char *digest, EVP_MAC_CTX **ret_mac)
{
	CLEANUP(mac_done) EVP_MAC_CTX *mac = NULL;
	char name[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
		OSSL_PARAM_construct_end(),
	};

	memcpy(name, digest, sizeof(name));
	TRY(find_algorithms());
	mac = EVP_MAC_CTX_new(algorithms.hmac);
	if (!mac || !EVP_MAC_CTX_set_params(mac, params))
		return fail_crypto();
	*ret_mac = take(mac);
	return KC_OK;
}

/* HMAC of @label, a zero byte, @text. Without @key: the one that it has, which is not prepared
 * anew. (OpenSSL before 3.0.3 would go on where it was: meson.build.) */
static enum kc_status run_mac(EVP_MAC_CTX *mac, struct kc_view key, const char *label,
			      struct kc_view text, uint8_t *ret_mac, size_t mac_bytes)
{
	size_t len = 0;

	if (!EVP_MAC_init(mac, key.data, key.len, NULL) ||
	    !EVP_MAC_update(mac, (const unsigned char *)label, strlen(label) + 1) ||
	    (text.len > 0 && !EVP_MAC_update(mac, text.data, text.len)) ||
	    !EVP_MAC_final(mac, ret_mac, &len, mac_bytes) || len != mac_bytes)
		return fail_crypto();
	return KC_OK;
}

/* --- sealing ------------------------------------------------------------------------------- */

static bool put_owner(EVP_CIPHER_CTX *cipher, struct kc_view owner)
{
	int n = 0;

	return owner.len == 0 || EVP_CipherUpdate(cipher, NULL, &n, owner.data, (int)owner.len);
}

static enum kc_status load(EVP_CIPHER_CTX *cipher, const uint8_t *key_and_nonce,
			   const struct seal_terms *terms, bool is_sealing)
{
	static const uint8_t version = VERSION;
	int n = 0;

	if (!EVP_CipherInit_ex2(cipher, algorithms.gcm, key_and_nonce,
				key_and_nonce + SEAL_KEY_BYTES, is_sealing, NULL) ||
	    !EVP_CipherUpdate(cipher, NULL, &n, &version, 1) || !put_owner(cipher, terms->owner) ||
	    !put_owner(cipher, terms->beside))
		return fail_crypto();
	return KC_OK;
}

/* A cipher that is ready for the text: key, nonce and additional data are in. */
static enum kc_status start(const struct seal_terms *terms, struct kc_view salt, bool is_sealing,
			    EVP_CIPHER_CTX **ret_cipher)
{
	CLEANUP(cipher_done) EVP_CIPHER_CTX *cipher = NULL;
	CLEANUP(mac_done) EVP_MAC_CTX *mac = NULL;
	uint8_t derived[SHA512_BYTES];
	enum kc_status status = KC_OK;

	REQUIRE(terms->key.len == SEAL_KEY_BYTES && terms->owner.len <= TEXT_MAX &&
			terms->beside.len <= TEXT_MAX,
		KC_ERR_PARAM, "nothing to seal with");
	TRY(new_mac("SHA512", &mac));
	cipher = EVP_CIPHER_CTX_new();
	if (!cipher)
		return fail_crypto();
	status = run_mac(mac, terms->key, terms->purpose, salt, derived, sizeof(derived));
	if (status == KC_OK)
		status = load(cipher, derived, terms, is_sealing);
	OPENSSL_cleanse(derived, sizeof(derived));
	TRY(status);
	*ret_cipher = take(cipher);
	return KC_OK;
}

static enum kc_status encrypt(EVP_CIPHER_CTX *cipher, struct kc_view plain, uint8_t *ret_text)
{
	int n = 0;

	if ((plain.len > 0 &&
	     !EVP_CipherUpdate(cipher, ret_text, &n, plain.data, (int)plain.len)) ||
	    !EVP_CipherFinal_ex(cipher, ret_text + plain.len, &n) ||
	    !EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, ret_text + plain.len))
		return fail_crypto();
	return KC_OK;
}

enum kc_status seal_close(const struct seal_terms *terms, struct kc_view plain,
			  struct bytes *sealed)
{
	CLEANUP(cipher_done) EVP_CIPHER_CTX *cipher = NULL;
	uint8_t *envelope = NULL;

	REQUIRE(plain.len <= TEXT_MAX, KC_ERR_PARAM, "a value is too long");
	TRY(bytes_reserve(sealed, plain.len + SEAL_OVERHEAD));
	envelope = sealed->data + sealed->len;
	envelope[0] = VERSION;
	if (RAND_bytes(envelope + 1, SEAL_SALT_BYTES) != 1)
		return fail_crypto();
	TRY(start(terms, view_of(envelope + 1, SEAL_SALT_BYTES), true, &cipher));
	TRY(encrypt(cipher, plain, envelope + 1 + SEAL_SALT_BYTES));
	sealed->len += plain.len + SEAL_OVERHEAD;
	return KC_OK;
}

/* Nothing of it counts before the tag has been compared. The last call writes nothing: GCM leaves
 * no rest of a block. */
static enum kc_status decrypt(EVP_CIPHER_CTX *cipher, struct kc_view text, struct kc_view tag,
			      uint8_t *ret_plain)
{
	uint8_t expected[TAG_BYTES];
	uint8_t rest[TAG_BYTES];
	int n = 0;

	memcpy(expected, tag.data, TAG_BYTES);
	if (!EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, expected) ||
	    (text.len > 0 && !EVP_CipherUpdate(cipher, ret_plain, &n, text.data, (int)text.len)))
		return fail_crypto();
	if (EVP_CipherFinal_ex(cipher, rest, &n))
		return KC_OK;
	if (text.len > 0)
		OPENSSL_cleanse(ret_plain, text.len);
	return fail(KC_ERR_DECODE, "what was sealed is damaged, or belongs elsewhere");
}

enum kc_status seal_open(const struct seal_terms *terms, struct kc_view sealed, struct bytes *plain)
{
	CLEANUP(cipher_done) EVP_CIPHER_CTX *cipher = NULL;
	size_t text_len = 0;

	REQUIRE(sealed.len >= SEAL_OVERHEAD && sealed.len <= INT_MAX, KC_ERR_DECODE,
		"what was sealed is cut off");
	REQUIRE(sealed.data[0] == VERSION, KC_ERR_DECODE, "it was sealed in a way not known here");
	text_len = sealed.len - SEAL_OVERHEAD;
	TRY(bytes_reserve(plain, text_len));
	TRY(start(terms, view_slice(sealed, 1, SEAL_SALT_BYTES), false, &cipher));
	TRY(decrypt(cipher, view_slice(sealed, 1 + SEAL_SALT_BYTES, text_len),
		    view_slice(sealed, sealed.len - TAG_BYTES, TAG_BYTES),
		    plain->data ? plain->data + plain->len : NULL));
	plain->len += text_len;
	return KC_OK;
}

enum kc_status seal_derive(struct kc_view key, const char *purpose, struct kc_view text,
			   uint8_t ret_key[SEAL_KEY_BYTES])
{
	CLEANUP(mac_done) EVP_MAC_CTX *mac = NULL;

	TRY(new_mac("SHA256", &mac));
	return run_mac(mac, key, purpose, text, ret_key, SEAL_KEY_BYTES);
}

/* --- keyed hashes -------------------------------------------------------------------------- */

struct seal_hasher {
	EVP_MAC_CTX *mac; /* has its key; wiped by OpenSSL when it is freed */
};

struct seal_hasher *seal_hasher_free(struct seal_hasher *hasher)
{
	if (!hasher)
		return NULL;
	mac_done(&hasher->mac);
	free(hasher);
	return NULL;
}

enum kc_status seal_hasher_new(struct kc_view key, struct seal_hasher **ret_hasher)
{
	CLEANUP(seal_hasher_freep) struct seal_hasher *hasher = calloc(1, sizeof(*hasher));

	REQUIRE(hasher, KC_ERR_ALLOCATE, "out of memory");
	REQUIRE(key.len == SEAL_KEY_BYTES, KC_ERR_PARAM, "nothing to hash with");
	TRY(new_mac("SHA256", &hasher->mac));
	if (!EVP_MAC_init(hasher->mac, key.data, key.len, NULL))
		return fail_crypto();
	*ret_hasher = take(hasher);
	return KC_OK;
}

enum kc_status seal_hash(struct seal_hasher *hasher, const char *domain, struct kc_view value,
			 uint8_t ret_hash[SEAL_HASH_BYTES])
{
	uint8_t whole[SEAL_KEY_BYTES];

	TRY(run_mac(hasher->mac, view_of(NULL, 0), domain, value, whole, sizeof(whole)));
	memcpy(ret_hash, whole, SEAL_HASH_BYTES);
	return KC_OK;
}
