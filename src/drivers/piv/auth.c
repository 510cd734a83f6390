/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VERIFY, SP 800-73-5 part 2, 3.2.1: the application's PIN, or the global one where the card
 * prefers that (discovery.c).
 */
#include "drivers/piv/piv.h"

#include "base/cleanup.h"
#include "base/try.h"

enum {
	INS_VERIFY = 0x20,
};

static enum kc_status judge(struct kc_token *token, uint16_t sw)
{
	kc_token_set_tries_left(token, piv_tries_left(sw));
	return piv_check(sw, "the PIN");
}

enum kc_status piv_authenticate(struct kc_token *token,
				const struct kc_authentication *authentication)
{
	uint8_t padded[PIV_PIN_BYTES];
	struct kc_apdu apdu = {
		.ins = INS_VERIFY, .p2 = (uint8_t)piv_token_pin(token), .data = VIEW_OF(padded)};
	enum kc_status status = KC_OK;
	uint16_t sw = 0;

	if (authentication->pin.data)
		TRY(piv_check_pin_form(token, NULL, authentication->pin));
	TRY(piv_put_pin(authentication->pin, padded));
	if (authentication->pin.data)
		status = kc_card_transmit(kc_token_card(token), &apdu, NULL, &sw);
	else
		status =
			kc_card_verify_on_keypad(kc_token_card(token), &apdu, &piv_pin_format, &sw);
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
	struct kc_apdu apdu = {.ins = INS_VERIFY};
	enum piv_reference reference = PIV_REFERENCE_PIN;
	uint16_t sw = 0;

	TRY(piv_pin_reference(token, pin_id, &reference));
	/* A PUK cannot be verified: VERIFY knows it not. */
	if (reference == PIV_REFERENCE_PUK)
		return piv_metadata_tries(token, reference, ret_tries_left);
	apdu.p2 = (uint8_t)reference;
	TRY(kc_card_transmit(kc_token_card(token), &apdu, NULL, &sw));
	*ret_tries_left = piv_tries_left(sw);
	return KC_OK;
}
