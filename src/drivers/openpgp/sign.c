/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signing: OpenPGP card 3.4, 7.2.10 COMPUTE DIGITAL SIGNATURE with the signature key, 7.2.13
 * INTERNAL AUTHENTICATE with the authentication key. The card pads for RSA what it is given; its
 * ECDSA signatures are r and s one behind the other. Ed25519 is over the message itself, which must
 * fit the card.
 */
#include "base/cleanup.h"
#include "base/try.h"
#include "drivers/openpgp/openpgp.h"

enum {
	INS_PERFORM_SECURITY_OPERATION = 0x2A,
	P1_SIGNATURE = 0x9E,
	P2_DIGEST = 0x9A,
	INS_INTERNAL_AUTHENTICATE = 0x88,
	SIGNATURE_MAX = 544,
};

/* 4.1.3.1: as much as a command may carry, in a chain or not. Some cards take less than they say.
 */
static enum kc_status check_message(const struct openpgp_state *state, struct kc_view message)
{
	REQUIRE(message.len <= state->command_max, KC_ERR_BAD_PARAMETER,
		"a message of %zu bytes; this card signs up to %u", message.len,
		(unsigned)state->command_max);
	return KC_OK;
}

/* 7.2.10.2: what is to be padded takes at most two fifths of the modulus. */
static enum kc_status check_input(const struct openpgp_state *state, const struct openpgp_key *key,
				  struct kc_view data)
{
	size_t max = openpgp_key_bytes(key);

	if (key->type == KC_KEY_TYPE_ED25519)
		return check_message(state, data);
	if (key->type == KC_KEY_TYPE_RSA)
		max = max * 2 / 5;
	REQUIRE(data.len > 0 && data.len <= max, KC_ERR_BAD_PARAMETER,
		"%zu bytes to sign; this key takes up to %zu", data.len, max);
	return KC_OK;
}

/* Ed25519's is R and S one behind the other (RFC 8032, 5.1.6), and stays so. */
static enum kc_status put_signature(const struct openpgp_key *key, struct kc_view answer,
				    struct bytes *signature)
{
	size_t size = openpgp_key_bytes(key);
	size_t expected = key->type == KC_KEY_TYPE_RSA ? size : 2 * size;

	REQUIRE(answer.len == expected, KC_ERR_CORRUPTED_DATA, "the card's signature has %zu bytes",
		answer.len);
	if (key->type != KC_KEY_TYPE_EC)
		return bytes_append(signature, answer);
	return openpgp_put_pair(signature, view_slice(answer, 0, size),
				view_slice(answer, size, size));
}

static struct kc_apdu command_for(enum openpgp_index index, struct kc_view data)
{
	struct kc_apdu apdu = {
		.ins = INS_INTERNAL_AUTHENTICATE, .data = data, .le = OPENPGP_LE_ALL};

	if (index == OPENPGP_SIGNATURE) {
		apdu.ins = INS_PERFORM_SECURITY_OPERATION;
		apdu.p1 = P1_SIGNATURE;
		apdu.p2 = P2_DIGEST;
	}
	return apdu;
}

/* A message that the card finds too long is refused for that, not for the key's sake. */
static enum kc_status run(struct kc_token *token, const struct openpgp_key *key,
			  const struct kc_apdu *apdu, struct kc_bytes *ret_answer)
{
	enum kc_status status = openpgp_command(token, apdu, "the key", ret_answer);
	uint16_t sw = error_get()->sw;

	if (status != KC_ERR_BAD_PARAMETER || key->type != KC_KEY_TYPE_ED25519)
		return status;
	error_clear();
	error_set_sw(sw);
	return fail(status, "the card refuses to sign a message of %zu bytes", apdu->data.len);
}

enum kc_status openpgp_sign(struct kc_token *token, struct kc_view object_id, const char *algorithm,
			    struct kc_view data, struct kc_bytes *ret_signature)
{
	const struct openpgp_state *state = kc_token_state(token);
	CLEANUP(bytes_done) struct bytes signature = BYTES_INIT(SIGNATURE_MAX);
	CLEANUP(openpgp_bytes_done) struct kc_bytes answer = {NULL, 0};
	enum openpgp_index index = OPENPGP_SIGNATURE;
	const struct openpgp_key *key = NULL;
	struct kc_apdu apdu = {0};

	TRY(openpgp_find_key(token, object_id, &index));
	key = &state->keys[index];
	REQUIRE(index != OPENPGP_DECRYPTION, KC_ERR_NOT_IMPLEMENTED,
		"the decryption key does not sign");
	REQUIRE(strcmp(algorithm, openpgp_algorithms(index, key)[0]) == 0, KC_ERR_NOT_IMPLEMENTED,
		"this key does not do %s", algorithm);
	TRY(check_input(state, key, data));
	apdu = command_for(index, data);
	TRY(run(token, key, &apdu, &answer));
	TRY(put_signature(key, openpgp_view(&answer), &signature));
	*ret_signature = bytes_take(&signature);
	return KC_OK;
}
