/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The feature list and the properties of PC/SC part 10, as an untrusted reader tells them. */
#include "codec/part10.h"

#include "base/try.h"

enum {
	BITS = 8,
	FEATURE_BYTES = 4,

	/* Tags of PART10_TLV_PROPERTIES (part 10, 2.6.14). */
	PROPERTY_ENTRY_CONDITION = 0x02,
	PROPERTY_MIN_PIN = 0x06,
	PROPERTY_MAX_PIN = 0x07,
	PROPERTY_APDU_DATA = 0x0A,
	PROPERTY_NUMBER_BYTES = 4,

	CONDITION_KEY = 0x02, /* bEntryValidationCondition: the validation key */
};

/* Part 10's own TLV: tag and length have one byte each. */
static enum kc_status read_record(struct kc_view *list, uint8_t *ret_tag, struct kc_view *ret_value)
{
	size_t len = 0;

	REQUIRE(list->len >= 2 && list->data[1] <= list->len - 2, KC_ERR_CORRUPTED_DATA,
		"the reader's list ends in the middle of an entry");
	len = list->data[1];
	*ret_tag = list->data[0];
	*ret_value = view_of(list->data + 2, len);
	*list = view_of(list->data + 2 + len, list->len - 2 - len);
	return KC_OK;
}

static uint32_t read_big_endian(struct kc_view value)
{
	uint32_t number = 0;

	for (size_t i = 0; i < value.len; i++)
		number = number << BITS | value.data[i];
	return number;
}

/* 2.2: "the control code of the feature, in big endian byte order". What is unknown is no use. */
enum kc_status part10_get_features(struct kc_view list, struct part10_features *ret_features)
{
	struct part10_features features = {{0}};
	struct kc_view value = {0};
	uint8_t tag = 0;

	while (list.len > 0) {
		TRY(read_record(&list, &tag, &value));
		REQUIRE(value.len == FEATURE_BYTES, KC_ERR_CORRUPTED_DATA,
			"the reader names a feature of %zu bytes", value.len);
		if (tag > 0 && tag < PART10_FEATURES_MAX && features.control[tag] == 0)
			features.control[tag] = read_big_endian(value);
	}
	*ret_features = features;
	return KC_OK;
}

enum kc_status part10_put_features(struct bytes *list, const struct part10_features *features)
{
	for (uint8_t tag = 0; tag < PART10_FEATURES_MAX; tag++) {
		uint32_t control = features->control[tag];
		uint8_t record[] = {tag,
				    FEATURE_BYTES,
				    (uint8_t)(control >> 24),
				    (uint8_t)(control >> 16),
				    (uint8_t)(control >> 8),
				    (uint8_t)control};

		if (control != 0)
			TRY(bytes_append(list, VIEW_OF(record)));
	}
	return KC_OK;
}

enum kc_status part10_get_properties(struct kc_view list, struct part10_properties *ret_properties)
{
	struct part10_properties properties = {0};
	struct kc_view value = {0};
	uint8_t tag = 0;

	while (list.len > 0) {
		TRY(read_record(&list, &tag, &value));
		if (value.len != 1)
			continue;
		if (tag == PROPERTY_ENTRY_CONDITION)
			properties.entry_conditions = value.data[0];
		else if (tag == PROPERTY_MIN_PIN)
			properties.min_pin = value.data[0];
		else if (tag == PROPERTY_MAX_PIN)
			properties.max_pin = value.data[0];
	}
	*ret_properties = properties;
	return KC_OK;
}

/* 2.6.14: dwMaxAPDUDataSize; numbers among the properties are little-endian. */
enum kc_status part10_get_apdu_data(struct kc_view list, uint32_t *ret_bytes)
{
	struct kc_view value = {0};
	uint32_t number = 0;
	uint8_t tag = 0;

	while (list.len > 0) {
		TRY(read_record(&list, &tag, &value));
		if (tag != PROPERTY_APDU_DATA || value.len != PROPERTY_NUMBER_BYTES)
			continue;
		for (size_t i = value.len; i > 0; i--)
			number = number << BITS | value.data[i - 1];
		*ret_bytes = number;
		return KC_OK;
	}
	return fail(KC_ERR_OBJECT_NOT_FOUND, "the reader does not say how long APDUs may be");
}

enum kc_status part10_check_format(const struct kc_pin_format *format,
				   const struct part10_properties *properties)
{
	REQUIRE(!properties->max_pin || properties->max_pin >= format->min_length,
		KC_ERR_NOT_IMPLEMENTED,
		"the reader's keypad takes at most %u digits, and this PIN has %u or more",
		properties->max_pin, format->min_length);
	REQUIRE(properties->min_pin <= format->max_length, KC_ERR_NOT_IMPLEMENTED,
		"the reader's keypad takes no PIN of fewer than %u digits", properties->min_pin);
	REQUIRE(!properties->entry_conditions || properties->entry_conditions & CONDITION_KEY,
		KC_ERR_NOT_IMPLEMENTED, "the reader's keypad has no key that ends a PIN");
	return KC_OK;
}
