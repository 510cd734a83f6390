/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ECIES. Encryption makes a key pair that lives as long as the call; decryption is a key exchange.
 */
#include "keys/ecies_impl.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>

#include "base/try.h"
#include "codec/curve.h"
#include "keys/aes_gcm_impl.h"
#include "keys/digest_impl.h"
#include "keys/exchange_impl.h"
#include "keys/public_key_impl.h"
#include "keys/unpad_impl.h"
#include "keys/x963_impl.h"

enum {
	CURVE_NAME_SIZE = 64,
	SHORT_CURVE_BITS = 256, /* up to here AES-128 */
	POINT_MAX = 1024,
};

bool ecies_is(const struct algorithm *algorithm)
{
	return algorithm->family == ALGORITHM_ECIES_STANDARD ||
	       algorithm->family == ALGORITHM_ECIES_STANDARD_VARIABLE_IV ||
	       algorithm->family == ALGORITHM_ECIES_COFACTOR ||
	       algorithm->family == ALGORITHM_ECIES_COFACTOR_VARIABLE_IV;
}

static bool has_variable_iv(const struct algorithm *algorithm)
{
	return algorithm->family == ALGORITHM_ECIES_STANDARD_VARIABLE_IV ||
	       algorithm->family == ALGORITHM_ECIES_COFACTOR_VARIABLE_IV;
}

static size_t point_len(const struct key_facts *key)
{
	return 1 + 2 * curve_width(key->size_in_bits);
}

static size_t key_len(const struct key_facts *key)
{
	return key->size_in_bits <= SHORT_CURVE_BITS ? AES_GCM_SHORT_KEY : AES_GCM_LONG_KEY;
}

/* Key and IV of the message that begins with @point. */
static enum kc_status derive(const struct key_facts *key, const struct algorithm *algorithm,
			     struct kc_view secret, struct kc_view point, struct bytes *derived)
{
	size_t len = key_len(key) + (has_variable_iv(algorithm) ? AES_GCM_IV_BYTES : 0);

	return x963_derive(algorithm->hash, secret, point, len, derived);
}

static struct aes_gcm gcm_of(const struct key_facts *key, const struct bytes *derived)
{
	size_t len = key_len(key);

	return (struct aes_gcm){
		.key = view_slice(bytes_view(derived), 0, len),
		.iv = view_slice(bytes_view(derived), len, AES_GCM_IV_BYTES),
	};
}

/* --- encryption ---------------------------------------------------------------------------- */

static enum kc_status new_ephemeral(EVP_PKEY *pkey, EVP_PKEY **ret_ephemeral)
{
	char curve[CURVE_NAME_SIZE];

	if (EVP_PKEY_get_group_name(pkey, curve, sizeof(curve), NULL) != 1)
		return digest_fail_openssl("curve");
	*ret_ephemeral = EVP_EC_gen(curve);
	return *ret_ephemeral ? KC_OK : digest_fail_openssl("ephemeral key");
}

static enum kc_status put_point(EVP_PKEY *pkey, size_t len, struct bytes *point)
{
	size_t written = 0;

	TRY(bytes_reserve(point, len));
	if (EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, point->data, len,
					    &written) != 1 ||
	    written != len)
		return digest_fail_openssl("ephemeral key");
	point->len = len;
	return KC_OK;
}

enum kc_status ecies_encrypt(const struct key_facts *key, const struct algorithm *algorithm,
			     struct kc_view data, struct bytes *ciphertext)
{
	CLEANUP(public_key_done) EVP_PKEY *pkey = NULL;
	CLEANUP(public_key_done) EVP_PKEY *ephemeral = NULL;
	CLEANUP(bytes_done) struct bytes point = BYTES_INIT(POINT_MAX);
	CLEANUP(bytes_done) struct bytes secret = BYTES_INIT(POINT_MAX);
	CLEANUP(bytes_done) struct bytes derived = BYTES_INIT(POINT_MAX);
	struct aes_gcm gcm;

	TRY(public_key_new(key, &pkey));
	TRY(new_ephemeral(pkey, &ephemeral));
	TRY(put_point(ephemeral, point_len(key), &point));
	TRY(exchange_put_secret(ephemeral, pkey, &secret));
	TRY(derive(key, algorithm, bytes_view(&secret), bytes_view(&point), &derived));
	gcm = gcm_of(key, &derived);
	TRY(bytes_append(ciphertext, bytes_view(&point)));
	return aes_gcm_seal(&gcm, data, ciphertext);
}

/* --- decryption ---------------------------------------------------------------------------- */

enum kc_status ecies_plan(const struct key_facts *key, struct kc_view ciphertext, struct plan *plan)
{
	size_t len = point_len(key);
	struct kc_view point = view_slice(ciphertext, 0, len);

	REQUIRE(ciphertext.len >= len + AES_GCM_TAG_BYTES, KC_ERR_PARAM,
		"%s takes %zu bytes or more with this key, not %zu", plan->wanted->name,
		len + AES_GCM_TAG_BYTES, ciphertext.len);
	if (public_key_check_peer(key, point) != KC_OK)
		return unpad_fail();
	TRY(bytes_append(&plan->input, point));
	return bytes_append(&plan->kept, view_slice(ciphertext, len, ciphertext.len));
}

enum kc_status ecies_finish(struct plan *plan, const struct key_facts *key, struct kc_view answer,
			    struct bytes *plaintext)
{
	CLEANUP(bytes_done) struct bytes derived = BYTES_INIT(POINT_MAX);
	struct aes_gcm gcm;

	TRY(exchange_check_secret(key, answer));
	TRY(derive(key, plan->wanted, answer, bytes_view(&plan->input), &derived));
	gcm = gcm_of(key, &derived);
	return aes_gcm_open(&gcm, bytes_view(&plan->kept), plaintext);
}
