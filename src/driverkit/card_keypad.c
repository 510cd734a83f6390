/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PINs that are typed on the reader and never pass through here: a driver's command and format
 * become a structure of PC/SC part 10, which the slot process hands to the reader. The reader
 * answers with the card's status word or one of its own; the latter never means a try.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/try.h"
#include "codec/apdu.h"
#include "codec/part10_entry.h"
#include "driverkit/card.h"

enum {
	SW_OK = 0x9000,
	SW_NO_FEATURE = 0x6A81,
	SW_WRONG_CLA = 0x6E00,
};

static enum kc_status ask_reader(struct kc_card *card, enum part10_feature feature,
				 struct kc_view data, struct bytes *raw,
				 struct apdu_response *ret_response)
{
	struct apdu_command command = {.cla = PART10_CLA,
				       .ins = PART10_INS,
				       .p1 = PART10_P1,
				       .p2 = (uint8_t)feature,
				       .data = data,
				       .le = data.len ? 0 : APDU_SHORT_LE_MAX};
	CLEANUP(bytes_done) struct bytes packet = BYTES_INIT(APDU_COMMAND_MAX);

	TRY(apdu_put_command(&packet, &command));
	raw->len = 0;
	TRY(card_exchange(card, bytes_view(&packet), raw));
	return apdu_get_response(bytes_view(raw), ret_response);
}

static enum kc_status find_features(struct kc_card *card)
{
	CLEANUP(bytes_done) struct bytes raw = BYTES_INIT(APDU_RESPONSE_MAX);
	struct apdu_response response;

	TRY(ask_reader(card, PART10_FEATURE_LIST, view_of(NULL, 0), &raw, &response));
	if (response.sw == SW_OK)
		TRY(part10_get_features(response.data, &card->features));
	if (!part10_has(&card->features, PART10_TLV_PROPERTIES))
		return KC_OK;
	TRY(ask_reader(card, PART10_TLV_PROPERTIES, view_of(NULL, 0), &raw, &response));
	return response.sw == SW_OK ? part10_get_properties(response.data, &card->properties)
				    : KC_OK;
}

/* Once: the card does not change its reader. A reader that talks nonsense has no keypad. */
static bool has_feature(struct kc_card *card, enum part10_feature feature)
{
	if (!card->has_asked_reader && find_features(card) != KC_OK) {
		log_debug("stage=keypad no features: %s", error_get()->message);
		error_clear();
		card->features = (struct part10_features){{0}};
	}
	card->has_asked_reader = true;
	return part10_has(&card->features, feature);
}

bool kc_card_has_keypad(struct kc_card *card)
{
	return has_feature(card, PART10_VERIFY_PIN_DIRECT);
}

bool kc_card_has_keypad_for_change(struct kc_card *card)
{
	return has_feature(card, PART10_MODIFY_PIN_DIRECT);
}

/* Part 10, 2.5.2: what the reader itself has to say. Everything else is the card's answer. */
static enum kc_status check_reader(uint16_t sw)
{
	switch (sw) {
	case PART10_SW_TIMEOUT:
		return fail(KC_ERR_CANCELED_BY_USER,
			    "no PIN was typed on the reader's keypad in time");
	case PART10_SW_CANCELLED:
		return fail(KC_ERR_CANCELED_BY_USER, "cancelled on the reader's keypad");
	case PART10_SW_MISMATCH:
		return fail(KC_ERR_BAD_PARAMETER, "the new PIN was not typed alike twice");
	case PART10_SW_LENGTH:
		return fail(KC_ERR_AUTHENTICATION_FAILED,
			    "the PIN typed on the reader's keypad is too short or too long");
	case PART10_SW_STRUCTURE:
	case SW_NO_FEATURE:
	case SW_WRONG_CLA:
		return fail(KC_ERR_NOT_IMPLEMENTED,
			    "the reader's keypad does not take PINs of this form");
	default:
		return KC_OK;
	}
}

static enum kc_status read_answer(const struct apdu_response *response, uint16_t *ret_sw)
{
	enum kc_status status = check_reader(response->sw);

	log_debug("stage=keypad sw=%04X", response->sw);
	if (status != KC_OK)
		error_set_sw(response->sw);
	TRY(status);
	*ret_sw = response->sw;
	return KC_OK;
}

static enum kc_status put_apdu(struct bytes *bytes, const struct kc_apdu *apdu)
{
	const uint8_t head[] = {apdu->cla, apdu->ins, apdu->p1, apdu->p2, (uint8_t)apdu->data.len};

	REQUIRE(apdu->cla != PART10_CLA && apdu->data.len <= APDU_SHORT_DATA_MAX && apdu->le == 0,
		KC_ERR_BAD_PARAMETER, "a command that no reader's keypad can fill in");
	TRY(bytes_append(bytes, VIEW_OF(head)));
	return bytes_append(bytes, apdu->data);
}

/* The slot process sets the time limits: it knows them. */
static enum kc_status run_entry(struct kc_card *card, const struct kc_apdu *apdu,
				const struct kc_pin_format *format, struct part10_entry *entry,
				uint16_t *ret_sw)
{
	CLEANUP(bytes_done) struct bytes command = BYTES_INIT(PART10_STRUCTURE_MAX);
	CLEANUP(bytes_done) struct bytes structure = BYTES_INIT(PART10_STRUCTURE_MAX);
	CLEANUP(bytes_done) struct bytes raw = BYTES_INIT(APDU_RESPONSE_MAX);
	enum part10_feature feature =
		entry->is_change ? PART10_MODIFY_PIN_DIRECT : PART10_VERIFY_PIN_DIRECT;
	struct apdu_response response;

	REQUIRE(has_feature(card, feature), KC_ERR_NOT_IMPLEMENTED,
		"the reader has no keypad for this");
	TRY(part10_check_format(format, &card->properties));
	TRY(put_apdu(&command, apdu));
	entry->apdu = bytes_view(&command);
	TRY(part10_entry_put(&structure, format, entry));
	TRY(ask_reader(card, feature, bytes_view(&structure), &raw, &response));
	return read_answer(&response, ret_sw);
}

enum kc_status kc_card_verify_on_keypad(struct kc_card *card, const struct kc_apdu *apdu,
					const struct kc_pin_format *format, uint16_t *ret_sw)
{
	struct part10_entry entry = {0};

	return run_entry(card, apdu, format, &entry, ret_sw);
}

enum kc_status kc_card_modify_on_keypad(struct kc_card *card, const struct kc_apdu *apdu,
					const struct kc_keypad_change *change, uint16_t *ret_sw)
{
	struct part10_entry entry = {.is_change = true,
				     .asks_current = !change->without_current,
				     .asks_twice = true,
				     .current_byte = change->current_offset,
				     .new_byte = change->new_offset};

	return run_entry(card, apdu, change->format, &entry, ret_sw);
}
