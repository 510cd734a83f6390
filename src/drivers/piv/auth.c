/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The PIV card application PIN: VERIFY, SP 800-73-5 part 2, 3.2.1. */
#include "drivers/piv/piv.h"

#include "base/cleanup.h"
#include "base/try.h"

enum {
	INS_VERIFY = 0x20,
	REFERENCE_PIN = 0x80,
	PIN_BYTES_MIN = 6,
	PIN_BYTES = 8,
	PIN_PADDING = 0xFF,
};

static bool is_printable(struct kc_view pin)
{
	for (size_t i = 0; i < pin.len; i++) {
		if (pin.data[i] < 0x20 || pin.data[i] > 0x7E)
			return false;
	}
	return true;
}

/*
 * SP 800-73-5 part 2, 2.4.3: six to eight bytes, padded with FF to eight. It asks for decimal
 * digits; many cards take any character, so only what would collide with the padding or cannot be
 * typed is refused here.
 */
enum kc_status piv_check_pin_form(struct kc_token *token, const char *pin_id, struct kc_view pin)
{
	(void)token;
	(void)pin_id;
	REQUIRE(pin.len >= PIN_BYTES_MIN && pin.len <= PIN_BYTES && is_printable(pin),
		KC_ERR_AUTHENTICATION_FAILED, "a PIV PIN has six to eight characters");
	return KC_OK;
}

static enum kc_status judge(struct kc_token *token, uint16_t sw)
{
	kc_token_set_tries_left(token, piv_tries_left(sw));
	return piv_check(sw, "the PIN");
}

enum kc_status piv_authenticate(struct kc_token *token,
				const struct kc_authentication *authentication)
{
	struct kc_view pin = authentication->pin;
	uint8_t padded[PIN_BYTES];
	struct kc_apdu apdu = {.ins = INS_VERIFY, .p2 = REFERENCE_PIN, .data = VIEW_OF(padded)};
	enum kc_status status = KC_OK;
	uint16_t sw = 0;

	REQUIRE(pin.data, KC_ERR_NOT_IMPLEMENTED, "this reader has no keypad");
	TRY(piv_check_pin_form(token, NULL, pin));
	memset(padded, PIN_PADDING, sizeof(padded));
	memcpy(padded, pin.data, pin.len);
	status = kc_card_transmit(kc_token_card(token), &apdu, NULL, &sw);
	explicit_bzero(padded, sizeof(padded));
	TRY(status);
	return judge(token, sw);
}

/*
 * 3.2.1: "the absence of the data field … is used to retrieve the number of further tries (63CX)
 * or to check whether verification is needed": 9000 means verified and says nothing about tries.
 */
enum kc_status piv_pin_status(struct kc_token *token, const char *pin_id, int *ret_tries_left)
{
	struct kc_apdu apdu = {.ins = INS_VERIFY, .p2 = REFERENCE_PIN};
	uint16_t sw = 0;

	(void)pin_id;
	TRY(kc_card_transmit(kc_token_card(token), &apdu, NULL, &sw));
	*ret_tries_left = piv_tries_left(sw);
	return KC_OK;
}
