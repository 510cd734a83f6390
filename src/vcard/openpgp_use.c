/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keys at work: OpenPGP card 3.4, 7.2.10 COMPUTE DIGITAL SIGNATURE, 7.2.11 DECIPHER, 7.2.13
 * INTERNAL AUTHENTICATE, 7.2.15 GET CHALLENGE. With RSA the card pads and unpads (PKCS#1 v1.5);
 * ECDSA signatures are r and s one behind the other.
 */
#include "vcard/openpgp_use.h"

#include <openssl/rand.h>

#include "base/try.h"
#include "codec/tlv.h"
#include "vcard/key_operation.h"

enum {
	OPERATION_SIGN = 0x9E9A,
	OPERATION_DECIPHER = 0x8086,
	PADDING_RSA = 0x00,
	TAG_CIPHER = 0xA6,
	TAG_PUBLIC_KEY = 0x7F49,
	TAG_POINT = 0x86,
	EDWARDS_INPUT_MAX = 512,
	SIGNATURE_COUNTER_MAX = 0xFFFFFF,
};

static bool is_touched(struct card *card, const struct openpgp_key *key)
{
	return card_is_touched(card, key->touch == OPENPGP_TOUCH_OFF ? PIV_TOUCH_NEVER
								     : PIV_TOUCH_ALWAYS);
}

/* 7.2.10.2: DigestInfo, or what else is to be padded, is at most 40 % of the modulus. */
static enum kc_status sign_rsa(const struct openpgp_key *key, struct kc_view input,
			       struct bytes *output)
{
	REQUIRE(input.len > 0 && input.len * 5 <= key->type->field_bytes * 2, KC_ERR_PARAM,
		"too much to sign");
	return key_operation_rsa_sign_padded(key->pkey, input, output);
}

static enum kc_status sign(const struct openpgp_key *key, struct kc_view input,
			   struct bytes *output)
{
	switch (key->type->family) {
	case KEY_RSA:
		return sign_rsa(key, input, output);
	case KEY_EC:
		REQUIRE(input.len > 0 && input.len <= key->type->field_bytes, KC_ERR_PARAM,
			"a hash longer than the curve");
		return key_operation_ecdsa_plain(key->pkey, key->type->field_bytes, input, output);
	case KEY_EDWARDS:
		REQUIRE(input.len <= EDWARDS_INPUT_MAX, KC_ERR_PARAM, "too much to sign");
		return key_operation_eddsa(key->pkey, input, output);
	case KEY_MONTGOMERY:
		break;
	}
	return fail(KC_ERR_PARAM, "this key does not sign");
}

static uint16_t use_to_sign(struct card *card, size_t index, struct kc_view input,
			    struct bytes *answer)
{
	const struct openpgp_key *key = &card->state.openpgp.keys[index];

	if (!key->pkey)
		return SW_NO_REFERENCE;
	if (!is_touched(card, key))
		return SW_NOT_TOUCHED;
	return sign(key, input, answer) == KC_OK ? SW_OK : SW_WRONG_DATA;
}

static uint16_t compute_signature(struct card *card, struct kc_view input, struct bytes *answer)
{
	struct openpgp_state *state = &card->state.openpgp;
	struct openpgp_session *session = &card->session.openpgp;
	uint16_t sw = SW_OK;

	if (!session->is_sign_verified)
		return SW_NOT_AUTHENTICATED;
	/* 4.3.1, C4: PW1 serves one signature, unless the administrator has said otherwise. */
	if (!state->is_pw1_lasting)
		session->is_sign_verified = false;
	sw = use_to_sign(card, OPENPGP_SIGNATURE, input, answer);
	if (sw == SW_OK && state->signature_counter < SIGNATURE_COUNTER_MAX) {
		state->signature_counter++;
		card->is_changed = true;
	}
	return sw;
}

/* 7.2.11: A6 holds 7F49 holds 86, the other side's point. */
static enum kc_status agree(const struct openpgp_key *key, struct kc_view data,
			    struct bytes *output)
{
	struct kc_view cipher = {0};
	struct kc_view public_key = {0};
	struct kc_view point = {0};

	TRY(tlv_find(data, TAG_CIPHER, &cipher));
	TRY(tlv_find(cipher, TAG_PUBLIC_KEY, &public_key));
	TRY(tlv_find(public_key, TAG_POINT, &point));
	return key_operation_ecdh(key->pkey, point, output);
}

static enum kc_status decrypt(const struct openpgp_key *key, struct kc_view data,
			      struct bytes *output)
{
	if (key->type->family != KEY_RSA)
		return agree(key, data, output);
	REQUIRE(data.len > 0 && data.data[0] == PADDING_RSA, KC_ERR_PARAM, "no RSA cryptogram");
	return key_operation_rsa_decrypt_padded(key->pkey, view_slice(data, 1, data.len), output);
}

static uint16_t decipher(struct card *card, struct kc_view data, struct bytes *answer)
{
	const struct openpgp_key *key = &card->state.openpgp.keys[OPENPGP_DECRYPTION];

	if (!card->session.openpgp.is_user_verified)
		return SW_NOT_AUTHENTICATED;
	if (!key->pkey)
		return SW_NO_REFERENCE;
	if (!is_touched(card, key))
		return SW_NOT_TOUCHED;
	return decrypt(key, data, answer) == KC_OK ? SW_OK : SW_WRONG_DATA;
}

uint16_t openpgp_use_security_operation(struct card *card, const struct apdu_command *command,
					struct bytes *answer)
{
	switch (command->p1 << 8 | command->p2) {
	case OPERATION_SIGN:
		return compute_signature(card, command->data, answer);
	case OPERATION_DECIPHER:
		return decipher(card, command->data, answer);
	default:
		return SW_WRONG_P1P2;
	}
}

uint16_t openpgp_use_internal_authenticate(struct card *card, const struct apdu_command *command,
					   struct bytes *answer)
{
	if (command->p1 != 0 || command->p2 != 0)
		return SW_WRONG_P1P2;
	if (!card->session.openpgp.is_user_verified)
		return SW_NOT_AUTHENTICATED;
	return use_to_sign(card, OPENPGP_AUTHENTICATION, command->data, answer);
}

uint16_t openpgp_use_get_challenge(struct card *card, const struct apdu_command *command,
				   struct bytes *answer)
{
	uint8_t octets[OPENPGP_CHALLENGE_MAX];

	(void)card;
	if (command->p1 != 0 || command->p2 != 0)
		return SW_WRONG_P1P2;
	if (command->le == 0 || command->le > sizeof(octets))
		return SW_WRONG_LENGTH;
	if (RAND_bytes(octets, (int)command->le) != 1 ||
	    bytes_append(answer, view_of(octets, command->le)) != KC_OK)
		return SW_INTERNAL;
	return SW_OK;
}
