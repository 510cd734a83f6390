/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The PIN, its PUK and, where the card has one, the global PIN: SP 800-73-5 part 2, 3.2.1 VERIFY,
 * 3.2.2 CHANGE REFERENCE DATA, 3.2.3 RESET RETRY COUNTER. This card has no biometrics and no
 * pairing code (6A88).
 */
#include "vcard/piv_pin.h"

#include <openssl/crypto.h>

#include "base/try.h"

enum {
	P1_CLEAR_STATUS = 0xFF,
	TRIES_SHOWN_MAX = 15, /* what 63CX has room for */
};

static uint16_t sw_for_tries(const struct card_pin *pin)
{
	unsigned tries = pin->tries_left < TRIES_SHOWN_MAX ? pin->tries_left : TRIES_SHOWN_MAX;

	return (uint16_t)(SW_WRONG_PIN | tries);
}

/* A PIN of this card, and where its session notes that it was verified; NULL for the PUK. */
struct pin_place {
	struct card_pin *pin;
	bool *is_verified;
};

/* pin is NULL when the card has no such reference data. */
static struct pin_place place_of(struct card *card, uint8_t reference)
{
	bool has_global = card->state.manner.pin_usage != PIV_USAGE_APPLICATION;

	if (reference == PIV_PIN)
		return (struct pin_place){&card->state.pin, &card->session.is_pin_verified};
	if (reference == PIV_GLOBAL_PIN && has_global)
		return (struct pin_place){&card->state.global_pin,
					  &card->session.is_global_pin_verified};
	if (reference == PIV_PUK)
		return (struct pin_place){&card->state.puk, NULL};
	return (struct pin_place){NULL, NULL};
}

/*
 * Compare and count. The counter is one lower before anyone learns the result, and the card saves
 * it before it answers, so that pulling the card gives no free try.
 */
static uint16_t try_pin(struct card *card, struct card_pin *pin, const uint8_t *value)
{
	unsigned before = pin->tries_left;

	if (pin->tries_left == 0)
		return SW_PIN_BLOCKED;
	pin->tries_left--;
	if (CRYPTO_memcmp(pin->value, value, CARD_PIN_BYTES) != 0) {
		card->is_changed = true;
		return sw_for_tries(pin);
	}
	pin->tries_left = pin->tries_max;
	if (pin->tries_left != before)
		card->is_changed = true;
	return SW_OK;
}

/* SP 800-73-5 part 2, 2.4.3: six to eight characters, then FF up to eight. */
static bool is_well_formed(const uint8_t *value)
{
	size_t len = 0;

	while (len < CARD_PIN_BYTES && value[len] != 0xFF)
		len++;
	for (size_t i = len; i < CARD_PIN_BYTES; i++)
		if (value[i] != 0xFF)
			return false;
	return len >= CARD_PIN_MIN;
}

/* 3.2.1: without data, VERIFY asks whether verification is needed and how many tries are left. */
static uint16_t tell_status(const struct pin_place *place)
{
	if (*place->is_verified)
		return SW_OK;
	return place->pin->tries_left == 0 ? SW_PIN_BLOCKED : sw_for_tries(place->pin);
}

static uint16_t present_pin(struct card *card, const struct pin_place *place, struct kc_view value)
{
	uint16_t sw = SW_WRONG_DATA;

	/* 3.2.1: data of the wrong format may be refused with 6A80, the counter unchanged. */
	if (value.len != CARD_PIN_BYTES || !is_well_formed(value.data))
		return SW_WRONG_DATA;
	sw = try_pin(card, place->pin, value.data);
	*place->is_verified = sw == SW_OK;
	card->session.is_pin_fresh = sw == SW_OK;
	return sw;
}

uint16_t piv_pin_verify(struct card *card, const struct apdu_command *command, struct bytes *answer)
{
	struct pin_place place = place_of(card, command->p2);

	(void)answer;
	if (command->p1 != 0 && command->p1 != P1_CLEAR_STATUS)
		return SW_WRONG_P1P2;
	if (!place.is_verified)
		return SW_NO_REFERENCE;
	if (command->p1 == 0)
		return command->data.len == 0 ? tell_status(&place)
					      : present_pin(card, &place, command->data);
	/* 3.2.1: P1 FF sets the security status to false; it comes without data. */
	if (command->data.len > 0)
		return SW_WRONG_DATA;
	*place.is_verified = false;
	card->session.is_pin_fresh = false;
	return SW_OK;
}

/* 3.2.2: the new value's format is checked before the old value costs a try. */
uint16_t piv_pin_change(struct card *card, const struct apdu_command *command, struct bytes *answer)
{
	struct pin_place place = place_of(card, command->p2);
	const uint8_t *value = command->data.data;
	uint16_t sw = SW_OK;

	(void)answer;
	if (command->p1 != 0)
		return SW_WRONG_P1P2;
	if (!place.pin)
		return SW_NO_REFERENCE;
	if (command->data.len != 2 * CARD_PIN_BYTES || !is_well_formed(value + CARD_PIN_BYTES))
		return SW_WRONG_DATA;
	sw = try_pin(card, place.pin, value);
	if (place.is_verified) {
		*place.is_verified = sw == SW_OK;
		card->session.is_pin_fresh = false;
	}
	if (sw != SW_OK)
		return sw;
	memcpy(place.pin->value, value + CARD_PIN_BYTES, CARD_PIN_BYTES);
	card->is_changed = true;
	return SW_OK;
}

/* 3.2.3: PUK and new PIN; the security status of the PIN stays as it is. */
uint16_t piv_pin_unblock(struct card *card, const struct apdu_command *command,
			 struct bytes *answer)
{
	struct card_pin *pin = &card->state.pin;
	const uint8_t *value = command->data.data;
	uint16_t sw = SW_OK;

	(void)answer;
	if (command->p1 != 0)
		return SW_WRONG_P1P2;
	if (command->p2 != PIV_PIN)
		return SW_NO_REFERENCE;
	if (command->data.len != 2 * CARD_PIN_BYTES || !is_well_formed(value + CARD_PIN_BYTES))
		return SW_WRONG_DATA;
	sw = try_pin(card, &card->state.puk, value);
	if (sw != SW_OK)
		return sw;
	memcpy(pin->value, value + CARD_PIN_BYTES, CARD_PIN_BYTES);
	pin->tries_left = pin->tries_max;
	card->is_changed = true;
	return SW_OK;
}
