/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VERIFY, OpenPGP card 3.4, 7.2.2. PW1 is verified for signing (81) or for all else (82), as the
 * key in hand wants it.
 */
#include "base/cleanup.h"
#include "base/try.h"
#include "drivers/openpgp/openpgp.h"

enum {
	INS_VERIFY = 0x20,
	P2_SIGN = 0x81,
	P2_OTHER = 0x82,
	VALUE_MAX = 256,
};

enum kc_status openpgp_verify(struct kc_token *token, uint8_t p2, enum openpgp_password password,
			      struct kc_view pin)
{
	CLEANUP(openpgp_secret_done) struct bytes value = BYTES_INIT(VALUE_MAX);
	struct kc_apdu apdu = {.ins = INS_VERIFY, .p2 = p2};
	uint16_t sw = 0;

	TRY(openpgp_derive(token, password, pin, &value));
	apdu.data = bytes_view(&value);
	TRY(kc_card_transmit(kc_token_card(token), &apdu, NULL, &sw));
	return openpgp_judge_password(token, password, sw);
}

static enum kc_status verify_on_keypad(struct kc_token *token, uint8_t p2)
{
	const struct kc_pin_format format = openpgp_keypad_format(token, OPENPGP_PW1);
	const struct kc_apdu apdu = {.ins = INS_VERIFY, .p2 = p2};
	bool is_typed = false;
	uint16_t sw = 0;

	TRY(openpgp_sends_as_typed(token, &is_typed));
	REQUIRE(is_typed, KC_ERR_NOT_IMPLEMENTED,
		"this card wants its PIN hashed, which a reader's keypad cannot do");
	TRY(kc_card_verify_on_keypad(kc_token_card(token), &apdu, &format, &sw));
	return openpgp_judge_password(token, OPENPGP_PW1, sw);
}

enum kc_status openpgp_authenticate(struct kc_token *token,
				    const struct kc_authentication *authentication)
{
	uint8_t p2 = authentication->scope == OPENPGP_SCOPE_SIGN ? P2_SIGN : P2_OTHER;

	if (!authentication->pin.data)
		return verify_on_keypad(token, p2);
	TRY(openpgp_check_pin_form(token, NULL, authentication->pin));
	return openpgp_verify(token, p2, OPENPGP_PW1, authentication->pin);
}
