/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The PIN and its PUK: SP 800-73-5 part 2, 3.2.1 VERIFY, 3.2.2 CHANGE REFERENCE DATA, 3.2.3 RESET
 * RETRY COUNTER. This card has no global PIN, no biometrics and no pairing code (6A88).
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

static void forget_pin(struct card *card)
{
	card->session.is_pin_verified = false;
	card->session.is_pin_fresh = false;
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
static uint16_t tell_status(const struct card *card)
{
	if (card->session.is_pin_verified)
		return SW_OK;
	return card->state.pin.tries_left == 0 ? SW_PIN_BLOCKED : sw_for_tries(&card->state.pin);
}

static uint16_t present_pin(struct card *card, struct kc_view value)
{
	uint16_t sw = SW_WRONG_DATA;

	/* 3.2.1: data of the wrong format may be refused with 6A80, the counter unchanged. */
	if (value.len != CARD_PIN_BYTES || !is_well_formed(value.data))
		return SW_WRONG_DATA;
	sw = try_pin(card, &card->state.pin, value.data);
	card->session.is_pin_verified = sw == SW_OK;
	card->session.is_pin_fresh = sw == SW_OK;
	return sw;
}

uint16_t piv_pin_verify(struct card *card, const struct apdu_command *command, struct bytes *answer)
{
	(void)answer;
	if (command->p1 != 0 && command->p1 != P1_CLEAR_STATUS)
		return SW_WRONG_P1P2;
	if (command->p2 != PIV_PIN)
		return SW_NO_REFERENCE;
	if (command->p1 == 0)
		return command->data.len == 0 ? tell_status(card)
					      : present_pin(card, command->data);
	/* 3.2.1: P1 FF sets the security status to false; it comes without data. */
	if (command->data.len > 0)
		return SW_WRONG_DATA;
	forget_pin(card);
	return SW_OK;
}

static struct card_pin *find_pin(struct card *card, uint8_t reference)
{
	if (reference == PIV_PIN)
		return &card->state.pin;
	return reference == PIV_PUK ? &card->state.puk : NULL;
}

/* 3.2.2: the new value's format is checked before the old value costs a try. */
uint16_t piv_pin_change(struct card *card, const struct apdu_command *command, struct bytes *answer)
{
	struct card_pin *pin = find_pin(card, command->p2);
	const uint8_t *value = command->data.data;
	uint16_t sw = SW_OK;

	(void)answer;
	if (command->p1 != 0)
		return SW_WRONG_P1P2;
	if (!pin)
		return SW_NO_REFERENCE;
	if (command->data.len != 2 * CARD_PIN_BYTES || !is_well_formed(value + CARD_PIN_BYTES))
		return SW_WRONG_DATA;
	sw = try_pin(card, pin, value);
	if (command->p2 == PIV_PIN) {
		card->session.is_pin_verified = sw == SW_OK;
		card->session.is_pin_fresh = false;
	}
	if (sw != SW_OK)
		return sw;
	memcpy(pin->value, value + CARD_PIN_BYTES, CARD_PIN_BYTES);
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
