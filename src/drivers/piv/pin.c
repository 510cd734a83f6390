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
	REQUIRE(pin.len >= PIN_BYTES_MIN && pin.len <= PIV_PIN_BYTES && is_printable(pin),
		KC_ERR_AUTHENTICATION_FAILED, "a PIV %s has six to eight characters",
		pin_id && strcmp(pin_id, puk.pin_id) == 0 ? "PUK" : "PIN");
	return KC_OK;
}

void piv_pad_pin(struct kc_view pin, uint8_t padded[PIV_PIN_BYTES])
{
	memset(padded, PIN_PADDING, PIV_PIN_BYTES);
	if (pin.len > 0)
		memcpy(padded, pin.data, pin.len);
}

/* Who types on a keypad has digits. */
const struct kc_pin_format piv_keypad_format = {
	.charset = KC_PIN_CHARSET_NUMERIC,
	.encoding = KC_PIN_ENCODING_ASCII,
	.min_length = PIN_BYTES_MIN,
	.max_length = PIV_PIN_BYTES,
	.block_bytes = PIV_PIN_BYTES,
	.justification = KC_PIN_JUSTIFICATION_LEFT,
};

static enum kc_status type_pins(struct kc_token *token, const struct kc_apdu *apdu,
				uint16_t *ret_sw)
{
	const struct kc_keypad_change change = {.format = &piv_keypad_format,
						.new_offset = PIV_PIN_BYTES};

	return kc_card_modify_on_keypad(kc_token_card(token), apdu, &change, ret_sw);
}

/* @proof allows it, @new_pin comes instead of what @apdu's P2 names. */
static enum kc_status set_pin(struct kc_token *token, struct kc_apdu apdu, struct kc_view proof,
			      struct kc_view new_pin, const char *what)
{
	uint8_t data[2 * PIV_PIN_BYTES];
	enum kc_status status = KC_OK;
	uint16_t sw = 0;

	REQUIRE(!proof.data == !new_pin.data, KC_ERR_NOT_IMPLEMENTED,
		"either both PINs are typed on the keypad, or none");
	piv_pad_pin(proof, data);
	piv_pad_pin(new_pin, data + PIV_PIN_BYTES);
	apdu.data = VIEW_OF(data);
	if (proof.data)
		status = kc_card_transmit(kc_token_card(token), &apdu, NULL, &sw);
	else
		status = type_pins(token, &apdu, &sw);
	explicit_bzero(data, sizeof(data));
	TRY(status);
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
