/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The decryption key: OpenPGP card 3.4, 7.2.11 DECIPHER. An RSA cryptogram comes behind a byte 00
 * and goes without its padding; for key agreement the other side's point comes in A6 7F49 86, and
 * the answer is the X coordinate of the product. X25519 has its 32 bytes in place of either.
 */
#include "base/cleanup.h"
#include "base/try.h"
#include "codec/tlv.h"
#include "drivers/openpgp/openpgp.h"

enum {
	INS_PERFORM_SECURITY_OPERATION = 0x2A,
	P1_PLAIN = 0x80,
	P2_CIPHER = 0x86,
	PADDING_RSA = 0x00,
	TAG_CIPHER = 0xA6,
	TAG_PUBLIC_KEY = 0x7F49,
	TAG_POINT = 0x86,
	POINT_UNCOMPRESSED = 0x04,
	OPERAND_MAX = 1 + 4096 / 8,
	CURVE25519_PREFIX = 0x40, /* RFC 9580, 11.2.2 */
};

static enum kc_status find_key(struct kc_token *token, struct kc_view object_id, const char *wanted,
			       const char *algorithm, const struct openpgp_key **ret_key)
{
	const struct openpgp_state *state = kc_token_state(token);
	enum openpgp_index index = OPENPGP_SIGNATURE;
	const struct openpgp_key *key = NULL;

	TRY(openpgp_find_key(token, object_id, &index));
	key = &state->keys[index];
	REQUIRE(strcmp(openpgp_algorithms(index, key)[0], wanted) == 0 &&
			strcmp(algorithm, wanted) == 0,
		KC_ERR_NOT_IMPLEMENTED, "this key does not do %s", algorithm);
	*ret_key = key;
	return KC_OK;
}

static enum kc_status decipher(struct kc_token *token, const struct bytes *operand,
			       struct kc_bytes *ret_answer)
{
	const struct kc_apdu apdu = {
		.ins = INS_PERFORM_SECURITY_OPERATION,
		.p1 = P1_PLAIN,
		.p2 = P2_CIPHER,
		.data = bytes_view(operand),
		.le = OPENPGP_LE_ALL,
	};

	return openpgp_command(token, &apdu, "the key", ret_answer);
}

enum kc_status openpgp_decrypt(struct kc_token *token, struct kc_view object_id,
			       const char *algorithm, struct kc_view data,
			       struct kc_bytes *ret_plaintext)
{
	CLEANUP(bytes_done) struct bytes operand = BYTES_INIT(OPERAND_MAX);
	CLEANUP(openpgp_bytes_done) struct kc_bytes answer = {NULL, 0};
	const struct openpgp_key *key = NULL;

	TRY(find_key(token, object_id, "rsa_encryption_pkcs1", algorithm, &key));
	REQUIRE(data.len == openpgp_key_bytes(key), KC_ERR_BAD_PARAMETER,
		"%zu bytes for a key of %zu", data.len, openpgp_key_bytes(key));
	TRY(bytes_append_byte(&operand, PADDING_RSA));
	TRY(bytes_append(&operand, data));
	TRY(decipher(token, &operand, &answer));
	REQUIRE(answer.len < openpgp_key_bytes(key), KC_ERR_CORRUPTED_DATA,
		"the card's plaintext has %zu bytes", answer.len);
	*ret_plaintext = answer;
	answer = (struct kc_bytes){NULL, 0};
	return KC_OK;
}

static enum kc_status put_point(struct bytes *operand, struct kc_view point)
{
	CLEANUP(bytes_done) struct bytes inner = BYTES_INIT(OPERAND_MAX);
	CLEANUP(bytes_done) struct bytes outer = BYTES_INIT(OPERAND_MAX);

	TRY(tlv_put(&inner, TAG_POINT, point));
	TRY(tlv_put(&outer, TAG_PUBLIC_KEY, bytes_view(&inner)));
	return tlv_put(operand, TAG_CIPHER, bytes_view(&outer));
}

static bool is_zero(struct kc_view secret)
{
	uint8_t any = 0;

	for (size_t i = 0; i < secret.len; i++)
		any |= secret.data[i];
	return any == 0;
}

/*
 * Some cards answer the whole point. RFC 7748, 6.1: a public key of small order makes all zeros, a
 * secret that everybody knows.
 */
static enum kc_status take_coordinate(const struct openpgp_key *key, struct kc_view answer,
				      struct bytes *secret)
{
	bool is_x25519 = key->type == KC_KEY_TYPE_X25519;
	size_t size = openpgp_key_bytes(key);
	size_t whole = is_x25519 ? size : 2 * size;

	if (answer.len == 1 + whole &&
	    answer.data[0] == (is_x25519 ? CURVE25519_PREFIX : POINT_UNCOMPRESSED))
		answer = view_slice(answer, 1, size);
	REQUIRE(answer.len == size, KC_ERR_CORRUPTED_DATA, "the card's result has %zu bytes",
		answer.len);
	REQUIRE(!is_x25519 || !is_zero(answer), KC_ERR_BAD_PARAMETER,
		"with this public key the secret is zero, which is none");
	return bytes_append(secret, answer);
}

static bool is_peer_of(const struct openpgp_key *key, struct kc_view public_key)
{
	if (key->type == KC_KEY_TYPE_X25519)
		return public_key.len == openpgp_key_bytes(key);
	return public_key.len == 1 + 2 * openpgp_key_bytes(key) &&
	       public_key.data[0] == POINT_UNCOMPRESSED;
}

enum kc_status openpgp_exchange(struct kc_token *token, struct kc_view object_id,
				const char *algorithm, struct kc_view public_key,
				struct kc_bytes *ret_secret)
{
	CLEANUP(bytes_done) struct bytes operand = BYTES_INIT(OPERAND_MAX);
	CLEANUP(openpgp_secret_done) struct bytes secret = BYTES_INIT(OPERAND_MAX);
	CLEANUP(openpgp_bytes_done) struct kc_bytes answer = {NULL, 0};
	const struct openpgp_key *key = NULL;

	TRY(find_key(token, object_id, "ecdh_key_exchange_standard", algorithm, &key));
	REQUIRE(is_peer_of(key, public_key), KC_ERR_BAD_PARAMETER,
		"a public key that is no point of the key's curve");
	TRY(put_point(&operand, public_key));
	TRY(decipher(token, &operand, &answer));
	TRY(take_coordinate(key, openpgp_view(&answer), &secret));
	*ret_secret = bytes_take(&secret);
	return KC_OK;
}
