/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The PINs of a card, and setting them: CHANGE REFERENCE DATA and RESET RETRY COUNTER, SP 800-73-5
 * part 2, 3.2.2 and 3.2.3. The PUK unblocks the application's PIN; for a global one there is
 * nothing of the kind in PIV.
 */
#include "base/cleanup.h"
#include "base/try.h"
#include "drivers/piv/piv.h"

enum {
	INS_CHANGE_REFERENCE_DATA = 0x24,
	INS_RESET_RETRY_COUNTER = 0x2C,
	PIN_BYTES_MIN = 6,
	PIN_PADDING = 0xFF,
};

static const char *const by_puk[] = {"puk", NULL};

static const struct kc_pin_description application_pin = {
	.pin_id = "pin",
	.label = "PIN",
	.role = KC_PIN_ROLE_USER,
	.min_length = PIN_BYTES_MIN,
	.max_length = PIV_PIN_BYTES,
	.unblocked_by = by_puk,
};
static const struct kc_pin_description global_pin = {
	.pin_id = "global",
	.label = "global PIN",
	.role = KC_PIN_ROLE_USER,
	.min_length = PIN_BYTES_MIN,
	.max_length = PIV_PIN_BYTES,
};
static const struct kc_pin_description puk = {
	.pin_id = "puk",
	.label = "PUK",
	.role = KC_PIN_ROLE_UNBLOCKING,
	.min_length = PIN_BYTES_MIN,
	.max_length = PIV_PIN_BYTES,
};

static const struct {
	const struct kc_pin_description *description;
	enum piv_reference reference;
} pins[] = {
	{&application_pin, PIV_REFERENCE_PIN},
	{&global_pin, PIV_REFERENCE_GLOBAL},
	{&puk, PIV_REFERENCE_PUK},
};

/* The first of role user is the token's. */
enum kc_status piv_add_pins(struct kc_token *token, struct kc_contents *contents)
{
	const struct piv_state *state = kc_token_state(token);

	if (state->prefers_global_pin)
		TRY(kc_contents_add_pin(contents, &global_pin));
	TRY(kc_contents_add_pin(contents, &application_pin));
	if (!state->prefers_global_pin && state->has_global_pin)
		TRY(kc_contents_add_pin(contents, &global_pin));
	return kc_contents_add_pin(contents, &puk);
}

enum piv_reference piv_token_pin(struct kc_token *token)
{
	const struct piv_state *state = kc_token_state(token);

	return state->prefers_global_pin ? PIV_REFERENCE_GLOBAL : PIV_REFERENCE_PIN;
}

enum kc_status piv_pin_reference(struct kc_token *token, const char *pin_id,
				 enum piv_reference *ret_reference)
{
	if (!pin_id) {
		*ret_reference = piv_token_pin(token);
		return KC_OK;
	}
	for (size_t i = 0; i < ARRAY_LEN(pins); i++) {
		if (strcmp(pins[i].description->pin_id, pin_id) == 0) {
			*ret_reference = pins[i].reference;
			return KC_OK;
		}
	}
	return fail(KC_ERR_OBJECT_NOT_FOUND, "a PIV card has no PIN called %s", pin_id);
}

/*
 * SP 800-73-5 part 2, 2.4.3: six to eight bytes, padded with FF to eight. It asks for decimal
 * digits; many cards take any character, so only what would collide with the padding or cannot be
 * typed is refused here. A reader's keypad has digits anyway.
 */
const struct kc_pin_format piv_pin_format = {
	.charset = KC_PIN_CHARSET_PRINTABLE,
	.encoding = KC_PIN_ENCODING_ASCII,
	.min_length = PIN_BYTES_MIN,
	.max_length = PIV_PIN_BYTES,
	.block_bytes = PIV_PIN_BYTES,
	.justification = KC_PIN_JUSTIFICATION_LEFT,
};

enum kc_status piv_check_pin_form(struct kc_token *token, const char *pin_id, struct kc_view pin)
{
	(void)token;
	if (kc_pin_format_check_pin(&piv_pin_format, pin) == KC_OK)
		return KC_OK;
	error_clear();
	return fail(KC_ERR_AUTHENTICATION_FAILED, "a PIV %s has six to eight characters",
		    pin_id && strcmp(pin_id, puk.pin_id) == 0 ? "PUK" : "PIN");
}

enum kc_status piv_put_pin(struct kc_view pin, uint8_t block[PIV_PIN_BYTES])
{
	size_t len = 0;

	memset(block, PIN_PADDING, PIV_PIN_BYTES);
	return pin.data ? kc_pin_format_put(&piv_pin_format, pin, block, PIV_PIN_BYTES, &len)
			: KC_OK;
}

static enum kc_status type_pins(struct kc_token *token, const struct kc_apdu *apdu,
				uint16_t *ret_sw)
{
	const struct kc_keypad_change change = {.format = &piv_pin_format,
						.new_offset = PIV_PIN_BYTES};

	return kc_card_modify_on_keypad(kc_token_card(token), apdu, &change, ret_sw);
}

static enum kc_status send_pins(struct kc_token *token, struct kc_apdu apdu, struct kc_view proof,
				struct kc_view new_pin, uint16_t *ret_sw)
{
	uint8_t data[2 * PIV_PIN_BYTES];
	enum kc_status status = piv_put_pin(proof, data);

	apdu.data = VIEW_OF(data);
	if (status == KC_OK)
		status = piv_put_pin(new_pin, data + PIV_PIN_BYTES);
	if (status == KC_OK && proof.data)
		status = kc_card_transmit(kc_token_card(token), &apdu, NULL, ret_sw);
	else if (status == KC_OK)
		status = type_pins(token, &apdu, ret_sw);
	explicit_bzero(data, sizeof(data));
	return status;
}

/* @proof allows it, @new_pin comes instead of what @apdu's P2 names. */
static enum kc_status set_pin(struct kc_token *token, struct kc_apdu apdu, struct kc_view proof,
			      struct kc_view new_pin, const char *what)
{
	uint16_t sw = 0;

	REQUIRE(!proof.data == !new_pin.data, KC_ERR_NOT_IMPLEMENTED,
		"either both PINs are typed on the keypad, or none");
	TRY(send_pins(token, apdu, proof, new_pin, &sw));
	if (piv_is_refused_value(sw))
		return kc_token_fail(token, KC_ERR_BAD_PARAMETER, sw,
				     "the card does not take this new PIN");
	kc_token_set_tries_left(token, piv_tries_left(sw));
	return piv_check(sw, what);
}

enum kc_status piv_change_pin(struct kc_token *token, const char *pin_id, struct kc_view current,
			      struct kc_view new_pin)
{
	enum piv_reference reference = PIV_REFERENCE_PIN;
	struct kc_apdu apdu = {.ins = INS_CHANGE_REFERENCE_DATA};

	TRY(piv_pin_reference(token, pin_id, &reference));
	apdu.p2 = (uint8_t)reference;
	return set_pin(token, apdu, current, new_pin,
		       reference == PIV_REFERENCE_PUK ? "the PUK" : "the PIN");
}

enum kc_status piv_unblock_pin(struct kc_token *token, const struct kc_unblocking *unblocking)
{
	const struct kc_apdu apdu = {.ins = INS_RESET_RETRY_COUNTER, .p2 = PIV_REFERENCE_PIN};

	return set_pin(token, apdu, unblocking->unblocking, unblocking->new_pin, "the PUK");
}
