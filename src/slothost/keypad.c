/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pseudo-APDUs of PC/SC part 10 on a card channel. Who drives a card may make the reader ask for
 * a PIN; it may not send the reader anything else, and it has no say in how long a person types.
 */
#include "slothost/keypad.h"

#include "base/log.h"
#include "base/try.h"
#include "codec/apdu.h"
#include "codec/part10_entry.h"

enum {
	MS_PER_S = 1000,
	SW_OK = 0x9000,
	SW_NO_FEATURE = 0x6A81,
	SW_WRONG_CLA = 0x6E00,
	SW_WRONG_LENGTH = 0x6700,
};

void keypad_find(struct keypad *keypad)
{
	keypad->features = (struct part10_features){{0}};
	if (keypad->limit_s > 0 && port_features(keypad->port, &keypad->features) != KC_OK) {
		log_warning("the reader's features: %s", error_get()->message);
		error_clear();
	}
}

bool keypad_can_verify(const struct keypad *keypad)
{
	return part10_has(&keypad->features, PART10_VERIFY_PIN_DIRECT);
}

bool keypad_can_change(const struct keypad *keypad)
{
	return part10_has(&keypad->features, PART10_MODIFY_PIN_DIRECT);
}

/* ISO 7816-4 5.4.1: CLA "FF is invalid", so it never meant a card. */
bool keypad_is_meant(struct kc_view packet)
{
	return packet.len > 0 && packet.data[0] == PART10_CLA;
}

static enum kc_status put_sw(struct bytes *response, uint16_t sw)
{
	TRY(bytes_append_byte(response, (uint8_t)(sw >> 8)));
	return bytes_append_byte(response, (uint8_t)sw);
}

static enum kc_status tell_features(const struct keypad *keypad, struct bytes *response)
{
	TRY(part10_put_features(response, &keypad->features));
	return put_sw(response, SW_OK);
}

static enum kc_status tell_properties(struct keypad *keypad, struct bytes *response)
{
	enum kc_status status =
		port_control(keypad->port, keypad->features.control[PART10_TLV_PROPERTIES],
			     view_of(NULL, 0), 0, response);

	if (status != KC_ERR_NOT_IMPLEMENTED)
		TRY(status);
	return put_sw(response, status == KC_OK ? SW_OK : SW_NO_FEATURE);
}

/* What the reader answers is a response APDU: the card's, or its own. */
static enum kc_status take_pin(struct keypad *keypad, uint32_t control, uint8_t *structure,
			       size_t len, struct bytes *response)
{
	enum kc_status status = KC_OK;

	part10_entry_set_timeout(structure, len, keypad->limit_s);
	status = port_control(keypad->port, control, view_of(structure, len),
			      keypad->limit_s * MS_PER_S, response);
	if (status == KC_ERR_NOT_IMPLEMENTED) {
		log_warning("the reader's keypad: %s", error_get()->message);
		return put_sw(response, PART10_SW_STRUCTURE);
	}
	TRY(status);
	REQUIRE(response->len >= 2, KC_ERR_COMMUNICATION, "the reader answers no status word");
	return KC_OK;
}

static bool is_of_part10(const struct apdu_command *command)
{
	return command->cla == PART10_CLA && command->ins == PART10_INS &&
	       command->p1 == PART10_P1 && command->p2 < PART10_FEATURES_MAX;
}

enum kc_status keypad_answer(struct keypad *keypad, uint8_t *packet, size_t len,
			     struct bytes *response)
{
	struct apdu_command command;
	uint32_t control = 0;

	if (apdu_get_command(view_of(packet, len), &command) != KC_OK)
		return put_sw(response, SW_WRONG_LENGTH);
	if (!is_of_part10(&command))
		return put_sw(response, SW_WRONG_CLA);
	if (command.p2 == PART10_FEATURE_LIST)
		return tell_features(keypad, response);
	control = keypad->features.control[command.p2];
	if (control && command.p2 == PART10_TLV_PROPERTIES)
		return tell_properties(keypad, response);
	if (control &&
	    (command.p2 == PART10_VERIFY_PIN_DIRECT || command.p2 == PART10_MODIFY_PIN_DIRECT))
		return take_pin(keypad, control, packet + (command.data.data - packet),
				command.data.len, response);
	return put_sw(response, SW_NO_FEATURE);
}
