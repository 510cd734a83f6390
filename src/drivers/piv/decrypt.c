/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Key management keys: RSA decryption is the same raw operation as signing (SP 800-73-5 part 2,
 * appendix A.4), key agreement answers the X coordinate of the shared point (A.5). Taking padding
 * off and deriving keys is for whoever asks.
 */
#include "base/cleanup.h"
#include "base/try.h"
#include "drivers/piv/piv.h"

enum {
	POINT_UNCOMPRESSED = 0x04,
};

/* How one kind of key management key is used. */
struct use {
	enum kc_key_type type;
	const char *algorithm;
	uint32_t tag;
};

static const struct use decryption = {KC_KEY_TYPE_RSA, "rsa_encryption_raw", PIV_TAG_CHALLENGE};
static const struct use agreement = {KC_KEY_TYPE_EC, "ecdh_key_exchange_standard",
				     PIV_TAG_EXPONENTIATION};

static enum kc_status find_key(struct kc_token *token, struct kc_view object_id,
			       const struct use *use, const char *algorithm,
			       const struct piv_key **ret_key)
{
	const struct piv_key *key = NULL;

	TRY(piv_find_key(token, object_id, &key));
	REQUIRE(key->type == use->type && strcmp(algorithm, use->algorithm) == 0,
		KC_ERR_NOT_IMPLEMENTED, "this key does not do %s", algorithm);
	*ret_key = key;
	return KC_OK;
}

/* The result is as long as the modulus or a coordinate. It is a secret: no copy stays behind. */
static enum kc_status use_key(struct kc_token *token, const struct piv_key *key,
			      const struct use *use, struct kc_view operand,
			      struct kc_bytes *ret_result)
{
	CLEANUP(bytes_done) struct bytes copy = BYTES_INIT(PIV_ANSWER_MAX);
	struct kc_bytes answer = {NULL, 0};
	struct kc_view result = {NULL, 0};
	enum kc_status status = KC_OK;

	TRY(piv_use_key(token, key, use->tag, operand, &answer, &result));
	if (result.len == piv_key_bytes(key))
		status = bytes_append(&copy, result);
	else
		status = fail(KC_ERR_CORRUPTED_DATA, "the card's result has %zu bytes", result.len);
	explicit_bzero(answer.data, answer.len);
	piv_bytes_done(&answer);
	TRY(status);
	*ret_result = bytes_take(&copy);
	return KC_OK;
}

enum kc_status piv_decrypt(struct kc_token *token, struct kc_view object_id, const char *algorithm,
			   struct kc_view data, struct kc_bytes *ret_plaintext)
{
	const struct piv_key *key = NULL;

	TRY(find_key(token, object_id, &decryption, algorithm, &key));
	REQUIRE(data.len == piv_key_bytes(key), KC_ERR_BAD_PARAMETER, "%zu bytes for a key of %zu",
		data.len, piv_key_bytes(key));
	return use_key(token, key, &decryption, data, ret_plaintext);
}

/* Cards exist that have a P-256 key and no key agreement (6A80): that is no fault of the point. */
static enum kc_status judge(enum kc_status status)
{
	uint16_t sw = error_get()->sw;

	if (status != KC_ERR_BAD_PARAMETER)
		return status;
	error_clear();
	error_set_sw(sw);
	return fail(KC_ERR_NOT_IMPLEMENTED, "the card refuses key agreement with this key");
}

enum kc_status piv_exchange(struct kc_token *token, struct kc_view object_id, const char *algorithm,
			    struct kc_view public_key, struct kc_bytes *ret_secret)
{
	const struct piv_key *key = NULL;

	TRY(find_key(token, object_id, &agreement, algorithm, &key));
	REQUIRE(public_key.len == 1 + 2 * piv_key_bytes(key) &&
			public_key.data[0] == POINT_UNCOMPRESSED,
		KC_ERR_BAD_PARAMETER, "a public key that is no point of the key's curve");
	return judge(use_key(token, key, &agreement, public_key, ret_secret));
}
