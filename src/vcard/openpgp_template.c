/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The data objects of OpenPGP card 3.4, 4.4.1 that are not stored but put together: application
 * related data 6E, cardholder 65, security support 7A, and what stands in them. A table says for
 * each tag how; templates are lists of tags.
 */
#include "vcard/openpgp_template.h"

#include "base/try.h"
#include "codec/tlv.h"

enum {
	VALUE_MAX = 2048,
	/* C0, first byte: GET CHALLENGE, key import, C4 and C1 changeable, private use, KDF-DO. */
	CAPABILITIES = 0x40 | 0x20 | 0x10 | 0x08 | 0x04 | 0x01,
	FEATURE_BUTTON = 0x20,
	STATE_INITIALISED = 0x03, /* ISO 7816-4 8.1.1.3: terminated here */
	STATE_OPERATIONAL = 0x05,
	BCD_DIGITS = 8,
	COMMAND_BYTES_MAX = 16384,
	ANSWER_BYTES_MAX = 8192,
};

void openpgp_template_aid(const struct card_state *state, uint8_t aid[OPENPGP_AID_BYTES])
{
	/* FFFE: serial numbers that nobody manages. */
	static const uint8_t start[] = {0xD2, 0x76, 0x00, 0x01, 0x24, 0x01, 0x03, 0x04, 0xFF, 0xFE};
	uint32_t serial = state->serial;

	memset(aid, 0, OPENPGP_AID_BYTES);
	memcpy(aid, start, sizeof(start));
	/* In decimal digits, so that it reads as the number the card is known by. */
	for (size_t i = 0; i < BCD_DIGITS; i++, serial /= 10)
		aid[13 - i / 2] |= (uint8_t)(serial % 10 << (i % 2 ? 4 : 0));
}

static enum kc_status put_aid(struct card_state *state, struct bytes *value)
{
	uint8_t aid[OPENPGP_AID_BYTES];

	openpgp_template_aid(state, aid);
	return bytes_append(value, VIEW_OF(aid));
}

/* Compact TLV: selection by full and partial AID; chaining, extended lengths and their limits. */
static enum kc_status put_historical_bytes(struct card_state *state, struct bytes *value)
{
	const uint8_t historical[] = {
		0x00, 0x31,
		0xC5, 0x73,
		0xC0, 0x01,
		0xE0, state->openpgp.is_terminated ? STATE_INITIALISED : STATE_OPERATIONAL,
		0x90, 0x00};

	return bytes_append(value, VIEW_OF(historical));
}

static enum kc_status put_capabilities(struct card_state *state, struct bytes *value)
{
	static const uint8_t capabilities[] = {
		CAPABILITIES,
		0x00, /* no secure messaging */
		OPENPGP_CHALLENGE_MAX >> 8,
		OPENPGP_CHALLENGE_MAX & 0xFF,
		OPENPGP_CERTIFICATE_MAX >> 8,
		OPENPGP_CERTIFICATE_MAX & 0xFF,
		OPENPGP_OBJECT_MAX >> 8,
		OPENPGP_OBJECT_MAX & 0xFF,
		0x00, /* no PIN block 2 */
		0x00, /* no MANAGE SECURITY ENVIRONMENT */
	};

	(void)state;
	return bytes_append(value, VIEW_OF(capabilities));
}

static enum kc_status put_password_status(struct card_state *state, struct bytes *value)
{
	const struct openpgp_secret *passwords = state->openpgp.passwords;
	const uint8_t status[] = {
		state->openpgp.is_pw1_lasting,
		OPENPGP_PASSWORD_MAX,
		OPENPGP_PASSWORD_MAX,
		OPENPGP_PASSWORD_MAX,
		(uint8_t)passwords[OPENPGP_PASSWORD_USER].tries_left,
		(uint8_t)passwords[OPENPGP_PASSWORD_RESET_CODE].tries_left,
		(uint8_t)passwords[OPENPGP_PASSWORD_ADMIN].tries_left,
	};

	return bytes_append(value, VIEW_OF(status));
}

static enum kc_status put_fingerprints(struct card_state *state, struct bytes *value)
{
	for (size_t i = 0; i < OPENPGP_N_KEYS; i++)
		TRY(bytes_append(value, VIEW_OF(state->openpgp.keys[i].fingerprint)));
	return KC_OK;
}

static enum kc_status put_ca_fingerprints(struct card_state *state, struct bytes *value)
{
	for (size_t i = 0; i < OPENPGP_N_KEYS; i++)
		TRY(bytes_append(value, VIEW_OF(state->openpgp.keys[i].ca_fingerprint)));
	return KC_OK;
}

static enum kc_status put_times(struct card_state *state, struct bytes *value)
{
	for (size_t i = 0; i < OPENPGP_N_KEYS; i++)
		TRY(bytes_append(value, VIEW_OF(state->openpgp.keys[i].time)));
	return KC_OK;
}

static enum kc_status put_key_information(struct card_state *state, struct bytes *value)
{
	for (size_t i = 0; i < OPENPGP_N_KEYS; i++) {
		TRY(bytes_append_byte(value, openpgp_slot_at(i)->reference));
		TRY(bytes_append_byte(value, state->openpgp.keys[i].origin));
	}
	return KC_OK;
}

static enum kc_status put_counter(struct card_state *state, struct bytes *value)
{
	uint32_t counter = state->openpgp.signature_counter;
	const uint8_t octets[] = {(uint8_t)(counter >> 16), (uint8_t)(counter >> 8),
				  (uint8_t)counter};

	return bytes_append(value, VIEW_OF(octets));
}

static enum kc_status put_lengths(struct card_state *state, struct bytes *value)
{
	static const uint8_t lengths[] = {
		0x02, 0x02, COMMAND_BYTES_MAX >> 8, COMMAND_BYTES_MAX & 0xFF,
		0x02, 0x02, ANSWER_BYTES_MAX >> 8,  ANSWER_BYTES_MAX & 0xFF};

	(void)state;
	return bytes_append(value, VIEW_OF(lengths));
}

static enum kc_status put_features(struct card_state *state, struct bytes *value)
{
	static const uint8_t features[] = {0x81, 0x01, FEATURE_BUTTON};

	(void)state;
	return bytes_append(value, VIEW_OF(features));
}

static enum kc_status put_attributes_record(size_t index, const struct key_type *type,
					    struct bytes *value)
{
	CLEANUP(bytes_done) struct bytes attributes = BYTES_INIT(OPENPGP_ATTRIBUTES_MAX);

	TRY(openpgp_put_attributes(index, type, &attributes));
	return tlv_put(value, OPENPGP_ATTRIBUTES_FIRST + (uint32_t)index, bytes_view(&attributes));
}

/* 4.4.3.11: everything that C1 to C3 can be set to. */
static enum kc_status put_algorithms(struct card_state *state, struct bytes *value)
{
	(void)state;
	for (size_t i = 0; i < OPENPGP_N_KEYS; i++)
		for (size_t n = 0; n < KEY_N_TYPES; n++)
			if (openpgp_takes_type(i, &key_types[n]))
				TRY(put_attributes_record(i, &key_types[n], value));
	return KC_OK;
}

static enum kc_status put_record(struct card_state *state, uint32_t tag, struct bytes *value)
{
	const struct kc_bytes *text = openpgp_state_find_text(&state->openpgp, tag);
	CLEANUP(bytes_done) struct bytes inner = BYTES_INIT(VALUE_MAX);

	if (text)
		return tlv_put(value, tag, view_of(text->data, text->len));
	TRY(openpgp_template_put(state, tag, &inner));
	return tlv_put(value, tag, bytes_view(&inner));
}

static enum kc_status put_list(struct card_state *state, const uint16_t *tags, size_t n_tags,
			       struct bytes *value)
{
	for (size_t i = 0; i < n_tags; i++)
		TRY(put_record(state, tags[i], value));
	return KC_OK;
}

static enum kc_status put_cardholder(struct card_state *state, struct bytes *value)
{
	static const uint16_t tags[] = {OPENPGP_NAME, OPENPGP_LANGUAGE, OPENPGP_SEX};

	return put_list(state, tags, ARRAY_LEN(tags), value);
}

static enum kc_status put_security_support(struct card_state *state, struct bytes *value)
{
	static const uint16_t tags[] = {OPENPGP_SIGNATURE_COUNTER};

	return put_list(state, tags, ARRAY_LEN(tags), value);
}

static enum kc_status put_discretionary(struct card_state *state, struct bytes *value)
{
	static const uint16_t tags[] = {
		OPENPGP_EXTENDED_CAPABILITIES, OPENPGP_ATTRIBUTES_FIRST,
		OPENPGP_ATTRIBUTES_FIRST + 1,  OPENPGP_ATTRIBUTES_FIRST + 2,
		OPENPGP_PASSWORD_STATUS,       OPENPGP_FINGERPRINTS,
		OPENPGP_CA_FINGERPRINTS,       OPENPGP_TIMES,
		OPENPGP_KEY_INFORMATION,       OPENPGP_TOUCH_FIRST,
		OPENPGP_TOUCH_FIRST + 1,       OPENPGP_TOUCH_FIRST + 2,
	};

	return put_list(state, tags, ARRAY_LEN(tags), value);
}

static enum kc_status put_application(struct card_state *state, struct bytes *value)
{
	static const uint16_t tags[] = {
		OPENPGP_AID,	  OPENPGP_HISTORICAL_BYTES, OPENPGP_LENGTHS,
		OPENPGP_FEATURES, OPENPGP_DISCRETIONARY,
	};

	return put_list(state, tags, ARRAY_LEN(tags), value);
}

static const struct {
	uint32_t tag;
	bool is_constructed;
	enum kc_status (*put)(struct card_state *state, struct bytes *value);
} objects[] = {
	{OPENPGP_AID, false, put_aid},
	{OPENPGP_CARDHOLDER, true, put_cardholder},
	{OPENPGP_APPLICATION, true, put_application},
	{OPENPGP_DISCRETIONARY, true, put_discretionary},
	{OPENPGP_SECURITY_SUPPORT, true, put_security_support},
	{OPENPGP_SIGNATURE_COUNTER, false, put_counter},
	{OPENPGP_EXTENDED_CAPABILITIES, false, put_capabilities},
	{OPENPGP_PASSWORD_STATUS, false, put_password_status},
	{OPENPGP_FINGERPRINTS, false, put_fingerprints},
	{OPENPGP_CA_FINGERPRINTS, false, put_ca_fingerprints},
	{OPENPGP_TIMES, false, put_times},
	{OPENPGP_KEY_INFORMATION, false, put_key_information},
	{OPENPGP_ALGORITHMS, true, put_algorithms},
	{OPENPGP_HISTORICAL_BYTES, false, put_historical_bytes},
	{OPENPGP_LENGTHS, true, put_lengths},
	{OPENPGP_FEATURES, true, put_features},
};

bool openpgp_template_is_constructed(uint32_t tag)
{
	for (size_t i = 0; i < ARRAY_LEN(objects); i++)
		if (objects[i].tag == tag)
			return objects[i].is_constructed;
	return false;
}

enum kc_status openpgp_template_put(struct card_state *state, uint32_t tag, struct bytes *value)
{
	const size_t attributes = tag - OPENPGP_ATTRIBUTES_FIRST;
	const size_t touch = tag - OPENPGP_TOUCH_FIRST;

	if (attributes < OPENPGP_N_KEYS)
		return openpgp_put_attributes(attributes, state->openpgp.keys[attributes].type,
					      value);
	if (touch < OPENPGP_N_KEYS) {
		TRY(bytes_append_byte(value, state->openpgp.keys[touch].touch));
		return bytes_append_byte(value, FEATURE_BUTTON);
	}
	for (size_t i = 0; i < ARRAY_LEN(objects); i++)
		if (objects[i].tag == tag)
			return objects[i].put(state, value);
	return fail(KC_ERR_OBJECT_NOT_FOUND, "no such data object");
}
