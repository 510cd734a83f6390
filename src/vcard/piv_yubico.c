/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Yubico's PIV extensions, as published in its user's manual (PIV APDUs): version, serial number,
 * metadata, management key, tries, reset, moving keys. The version decides what tools dare to send:
 * 5.4.3 knows metadata and AES management keys, 5.7.1 moves and deletes keys.
 */
#include "vcard/piv_yubico.h"

#include <openssl/crypto.h>

#include "base/try.h"
#include "codec/tlv.h"
#include "vcard/key_material.h"

enum {
	META_ALGORITHM = 0x01,
	META_POLICY = 0x02,
	META_ORIGIN = 0x03,
	META_PUBLIC_KEY = 0x04,
	META_IS_DEFAULT = 0x05,
	META_TRIES = 0x06,
	META_ALGORITHM_PIN = 0xFF,
	P1_NOWHERE = 0xFF,
	P2_TOUCH_NEVER = 0xFF,
	P2_TOUCH_ALWAYS = 0xFE,
	PUBLIC_KEY_MAX = 600,
};

static uint16_t sw_for(enum kc_status status)
{
	return status == KC_OK ? SW_OK : SW_INTERNAL;
}

static bool has_p1_p2(const struct apdu_command *command, uint8_t p1, uint8_t p2)
{
	return command->p1 == p1 && command->p2 == p2;
}

uint16_t piv_yubico_version(struct card *card, const struct apdu_command *command,
			    struct bytes *answer)
{
	static const uint8_t version[] = {5, 4, 3};
	static const uint8_t later[] = {5, 7, 1};

	if (!has_p1_p2(command, 0, 0))
		return SW_WRONG_P1P2;
	return sw_for(bytes_append(answer, card->state.manner.moves_keys ? VIEW_OF(later)
									 : VIEW_OF(version)));
}

uint16_t piv_yubico_serial(struct card *card, const struct apdu_command *command,
			   struct bytes *answer)
{
	uint32_t serial = card->state.serial;
	const uint8_t octets[] = {(uint8_t)(serial >> 24), (uint8_t)(serial >> 16),
				  (uint8_t)(serial >> 8), (uint8_t)serial};

	if (!has_p1_p2(command, 0, 0))
		return SW_WRONG_P1P2;
	return sw_for(bytes_append(answer, VIEW_OF(octets)));
}

static enum kc_status put_byte(struct bytes *answer, uint32_t tag, unsigned byte)
{
	const uint8_t octet = (uint8_t)byte;

	return tlv_put(answer, tag, view_of(&octet, 1));
}

static enum kc_status put_pair(struct bytes *answer, uint32_t tag, unsigned first, unsigned second)
{
	const uint8_t octets[] = {(uint8_t)first, (uint8_t)second};

	return tlv_put(answer, tag, VIEW_OF(octets));
}

static enum kc_status put_pin_metadata(const struct card_pin *pin, const char *factory_value,
				       struct bytes *answer)
{
	TRY(put_byte(answer, META_ALGORITHM, META_ALGORITHM_PIN));
	TRY(put_byte(answer, META_IS_DEFAULT, card_state_pin_is(pin, factory_value)));
	return put_pair(answer, META_TRIES, pin->tries_max, pin->tries_left);
}

static enum kc_status put_management_metadata(const struct card_management_key *management,
					      struct bytes *answer)
{
	TRY(put_byte(answer, META_ALGORITHM, management->cipher->id));
	TRY(put_pair(answer, META_POLICY, PIV_PIN_DEFAULT, management->touch_policy));
	return put_byte(answer, META_IS_DEFAULT, card_state_management_is_default(management));
}

static enum kc_status put_key_metadata(const struct card_key *key, struct bytes *answer)
{
	CLEANUP(bytes_done) struct bytes public_key = BYTES_INIT(PUBLIC_KEY_MAX);

	TRY(put_byte(answer, META_ALGORITHM, key->algorithm->id));
	TRY(put_pair(answer, META_POLICY, key->pin_policy, key->touch_policy));
	TRY(put_byte(answer, META_ORIGIN, key->origin));
	TRY(key_material_put_public(key->pkey, &public_key));
	return tlv_put(answer, META_PUBLIC_KEY, bytes_view(&public_key));
}

uint16_t piv_yubico_metadata(struct card *card, const struct apdu_command *command,
			     struct bytes *answer)
{
	struct card_state *state = &card->state;
	const struct card_key *key = card_state_find_key(state, command->p2);

	if (command->p1 != 0)
		return SW_WRONG_P1P2;
	if (command->p2 == PIV_PIN)
		return sw_for(put_pin_metadata(&state->pin, CARD_DEFAULT_PIN, answer));
	if (command->p2 == PIV_PUK)
		return sw_for(put_pin_metadata(&state->puk, CARD_DEFAULT_PUK, answer));
	if (command->p2 == PIV_MANAGEMENT_KEY)
		return sw_for(put_management_metadata(&state->management, answer));
	if (!key || !key->pkey)
		return SW_NO_REFERENCE;
	return sw_for(put_key_metadata(key, answer));
}

/* Data: algorithm, 9B, length, key. */
uint16_t piv_yubico_set_management_key(struct card *card, const struct apdu_command *command,
				       struct bytes *answer)
{
	struct card_management_key *management = &card->state.management;
	const uint8_t *data = command->data.data;
	const struct piv_cipher *cipher = NULL;

	(void)answer;
	if (!has_p1_p2(command, 0xFF, P2_TOUCH_NEVER) && !has_p1_p2(command, 0xFF, P2_TOUCH_ALWAYS))
		return SW_WRONG_P1P2;
	if (!card->session.is_management_verified)
		return SW_NOT_AUTHENTICATED;
	if (command->data.len < 3 || data[1] != PIV_MANAGEMENT_KEY)
		return SW_WRONG_DATA;
	cipher = piv_cipher_find(data[0]);
	if (!cipher || data[2] != cipher->key_bytes || command->data.len != 3 + cipher->key_bytes)
		return SW_WRONG_DATA;
	OPENSSL_cleanse(management->value, sizeof(management->value));
	memcpy(management->value, data + 3, cipher->key_bytes);
	management->cipher = cipher;
	management->touch_policy =
		command->p2 == P2_TOUCH_NEVER ? PIV_TOUCH_NEVER : PIV_TOUCH_ALWAYS;
	card->is_changed = true;
	return SW_OK;
}

/* P2 to P1, or to nowhere. */
uint16_t piv_yubico_move_key(struct card *card, const struct apdu_command *command,
			     struct bytes *answer)
{
	struct card_key *from = card_state_find_key(&card->state, command->p2);
	struct card_key *to = card_state_find_key(&card->state, command->p1);
	struct card_key none = {0};

	(void)answer;
	if (!from || (!to && command->p1 != P1_NOWHERE) || from == to)
		return SW_WRONG_P1P2;
	if (!card->session.is_management_verified)
		return SW_NOT_AUTHENTICATED;
	if (!from->pkey)
		return SW_NO_REFERENCE;
	if (to && to->pkey)
		return SW_CONDITIONS;
	if (to) {
		*to = *from;
		from->pkey = NULL;
	}
	card_state_put_key(&card->state, command->p2, &none);
	card->is_changed = true;
	return SW_OK;
}

/* P1 and P2 are the tries of PIN and PUK. Both go back to their factory values, as on a YubiKey. */
uint16_t piv_yubico_set_retries(struct card *card, const struct apdu_command *command,
				struct bytes *answer)
{
	struct card_state *state = &card->state;

	(void)answer;
	if (!card->session.is_management_verified || !card_has_pin(&card->session))
		return SW_NOT_AUTHENTICATED;
	if (command->p1 == 0 || command->p2 == 0)
		return SW_WRONG_P1P2;
	if (card_state_set_pin(&state->pin, CARD_DEFAULT_PIN) != KC_OK ||
	    card_state_set_pin(&state->puk, CARD_DEFAULT_PUK) != KC_OK)
		return SW_INTERNAL;
	state->pin.tries_max = state->pin.tries_left = command->p1;
	state->puk.tries_max = state->puk.tries_left = command->p2;
	card->is_changed = true;
	return SW_OK;
}

/* Back to the factory, only for a card that nobody can use any more: PIN and PUK blocked. */
uint16_t piv_yubico_reset(struct card *card, const struct apdu_command *command,
			  struct bytes *answer)
{
	(void)answer;
	if (!has_p1_p2(command, 0, 0))
		return SW_WRONG_P1P2;
	if (card->state.pin.tries_left > 0 || card->state.puk.tries_left > 0)
		return SW_CONDITIONS;
	if (card_state_reset(&card->state) != KC_OK)
		return SW_INTERNAL;
	OPENSSL_cleanse(&card->session, sizeof(card->session));
	card->session.selected = &piv_application;
	card->is_changed = true;
	return SW_OK;
}
