/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What readers say about their keypads, as it should be and as it should not. */
#include "codec/hex.h"
#include "codec/part10_entry.h"
#include "harness/test.h"

#include "base/try.h"

static enum kc_status get_features(const char *hex, struct part10_features *ret_features)
{
	CLEANUP(bytes_done) struct bytes list = BYTES_INIT(256);

	CHECK_OK(hex_decode(hex, &list));
	return part10_get_features(bytes_view(&list), ret_features);
}

/* What pcscd says of a Gemalto Pinpad: four features and their control codes. */
TEST(a_feature_list_is_read)
{
	struct part10_features features;

	CHECK_OK(get_features("060442330006070442330007120442330012130442330013", &features));
	CHECK_INT(features.control[PART10_VERIFY_PIN_DIRECT], 0x42330006);
	CHECK_INT(features.control[PART10_MODIFY_PIN_DIRECT], 0x42330007);
	CHECK_INT(features.control[PART10_TLV_PROPERTIES], 0x42330012);
	CHECK(part10_has(&features, PART10_VERIFY_PIN_DIRECT));
	CHECK(!part10_has(&features, PART10_PIN_PROPERTIES));
}

TEST(a_reader_without_features_has_none)
{
	struct part10_features features;

	CHECK_OK(get_features("", &features));
	CHECK(!part10_has(&features, PART10_VERIFY_PIN_DIRECT));
	CHECK(!part10_has(&features, PART10_MODIFY_PIN_DIRECT));
}

TEST(of_two_features_alike_the_first_counts_and_strange_ones_do_not)
{
	struct part10_features features;

	CHECK_OK(get_features("060442000001060442000002FF0442000003000442000004", &features));
	CHECK_INT(features.control[PART10_VERIFY_PIN_DIRECT], 0x42000001);
	CHECK_INT(features.control[0], 0);
}

TEST(damaged_feature_lists_are_refused)
{
	static const char *const lists[] = {"06",	    "0604",
					    "06044233",	    "0604423300060704",
					    "060342330006", "0605423300060700",
					    "06FF42330006"};
	struct part10_features features = {{1}};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		CHECK_STATUS(get_features(lists[i], &features), KC_ERR_CORRUPTED_DATA);
	CHECK_INT(features.control[0], 1);
}

TEST(a_feature_list_is_written_as_it_is_read)
{
	CLEANUP(bytes_done) struct bytes list = BYTES_INIT(256);
	struct part10_features features = {{0}};
	const char *hex = "060480000006070480000007";

	CHECK_OK(get_features(hex, &features));
	CHECK_OK(part10_put_features(&list, &features));
	CHECK_HEX(bytes_view(&list), hex);
}

TEST(properties_are_read_and_others_skipped)
{
	static const uint8_t list[] = {0x01, 2,	 0x10, 0x02, 0x02, 1,	0x07, 0x06, 1, 6, 7,
				       1,    12, 0x08, 3,    '1',  '.', '0',  0x06, 2, 1, 1,
				       0x0A, 4,	 0,    0,    1,	   0,	3,    1,    0};
	struct part10_properties properties;
	uint32_t apdu_data = 0;

	CHECK_OK(part10_get_properties(VIEW_OF(list), &properties));
	CHECK_INT(properties.entry_conditions, 7);
	CHECK_INT(properties.min_pin, 6);
	CHECK_INT(properties.max_pin, 12);
	CHECK_OK(part10_get_apdu_data(VIEW_OF(list), &apdu_data));
	CHECK_INT(apdu_data, 65536);
	CHECK_STATUS(part10_get_apdu_data(view_of(list, 10), &apdu_data), KC_ERR_OBJECT_NOT_FOUND);
	CHECK_STATUS(part10_get_properties(view_of(list, sizeof(list) - 1), &properties),
		     KC_ERR_CORRUPTED_DATA);
}

TEST(a_keypad_must_have_room_for_the_pin)
{
	static const struct {
		struct part10_properties properties;
		enum kc_status status;
		const char *message;
	} cases[] = {
		{{0, 0, 0}, KC_OK, ""},
		{{7, 0, 6}, KC_OK, ""},
		{{7, 8, 16}, KC_OK, ""},
		{{7, 0, 5}, KC_ERR_NOT_IMPLEMENTED, "at most 5 digits, and this PIN has 6 or more"},
		{{7, 9, 16}, KC_ERR_NOT_IMPLEMENTED, "no PIN of fewer than 9 digits"},
		{{5, 0, 16}, KC_ERR_NOT_IMPLEMENTED, "no key that ends a PIN"},
	};
	struct kc_pin_format format = {.min_length = 6, .max_length = 8};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		error_clear();
		CHECK_STATUS(part10_check_format(&format, &cases[i].properties), cases[i].status);
		CHECK(strstr(error_get()->message, cases[i].message));
	}
}

TEST(structures_that_lie_about_their_length_are_refused)
{
	CLEANUP(bytes_done) struct bytes structure = BYTES_INIT(PART10_STRUCTURE_MAX);
	static const uint8_t apdu[] = {0x00, 0x20, 0x00, 0x80, 0x02, 0xFF, 0xFF};
	struct kc_pin_format format = {.encoding = KC_PIN_ENCODING_ASCII,
				       .min_length = 1,
				       .max_length = 2,
				       .block_bytes = 2};
	struct part10_request request;
	struct kc_view view;

	CHECK_OK(part10_entry_put(&structure, &format,
				  &(struct part10_entry){.apdu = VIEW_OF(apdu)}));
	view = bytes_view(&structure);
	for (size_t len = 0; len < view.len; len++)
		CHECK_STATUS(part10_entry_get(view_of(view.data, len), false, &request),
			     KC_ERR_CORRUPTED_DATA);
	CHECK_OK(part10_entry_get(view, false, &request));
	structure.data[PART10_VERIFY_HEAD + 4]++; /* Lc */
	CHECK_STATUS(part10_entry_get(view, false, &request), KC_ERR_CORRUPTED_DATA);
	structure.data[PART10_VERIFY_HEAD + 4]--;
	structure.data[2] |= 3; /* the encoding that does not exist */
	CHECK_STATUS(part10_entry_get(view, false, &request), KC_ERR_CORRUPTED_DATA);
}

TEST(the_time_out_is_set_and_limited)
{
	uint8_t structure[3] = {1, 2, 3};

	part10_entry_set_timeout(structure, sizeof(structure), 120);
	CHECK_HEX(VIEW_OF(structure), "787803");
	part10_entry_set_timeout(structure, sizeof(structure), 300);
	CHECK_HEX(VIEW_OF(structure), "FFFF03");
	part10_entry_set_timeout(structure, 1, 7);
	CHECK_HEX(VIEW_OF(structure), "07FF03");
	part10_entry_set_timeout(structure, 0, 9);
	CHECK_HEX(VIEW_OF(structure), "07FF03");
}
