/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values, dictionaries, JSON, dates, shapes of results, and keycask: URIs. */
#include <stdlib.h>
#include <string.h>

#include <keycask/error.h>
#include <keycask/item.h>
#include <keycask/key.h>
#include <keycask/text.h>

#include "base/bytes.h"
#include "base/error.h"
#include "client/item_impl.h"
#include "client/sized.h"
#include "codec/date.h"
#include "harness/test.h"

static const uint8_t some_bytes[] = {0x00, 0xff, 0x10};

static void check_json(const struct kc_dictionary *dictionary, const char *expected)
{
	char *text = NULL;

	CHECK_OK(kc_dictionary_to_json(dictionary, &text));
	CHECK_TEXT(text, expected);
	free(text);
}

/* Read @text and write it again: the same, or @expected. */
static void check_round_trip(const char *text, const char *expected)
{
	struct kc_dictionary *dictionary = NULL;

	CHECK_OK(kc_dictionary_from_json(view_of_text(text), &dictionary));
	check_json(dictionary, expected ? expected : text);
	kc_dictionary_free(dictionary);
}

static void check_refused(const char *text)
{
	struct kc_dictionary *dictionary = NULL;

	CHECK_STATUS(kc_dictionary_from_json(view_of_text(text), &dictionary), KC_ERR_PARAM);
	CHECK(!dictionary);
	CHECK(kc_error_message(kc_error_last())[0] != '\0');
}

TEST(a_dictionary_is_one_expression)
{
	struct kc_dictionary *inner = KC_DICTIONARY({"a", KC_NUMBER(1)});
	const struct kc_literal list[] = {KC_TEXT("x"), KC_NULL, KC_DATA(VIEW_OF(some_bytes))};
	struct kc_dictionary *query = KC_DICTIONARY(
		{KC_CLASS, KC_TEXT(KC_CLASS_IDENTITY)}, {KC_RETURN_DATA, KC_TRUE},
		{KC_ATTR_PUBLIC_KEY_HASH, KC_DATA(VIEW_OF(some_bytes))},
		{KC_ATTR_CREATION_DATE, KC_DATE(1500000)}, {"inner", KC_NESTED(inner)},
		{"list", KC_ARRAY(list, 3)}, {"label", KC_TEXT(NULL)});

	kc_dictionary_free(inner);
	CHECK_INT(kc_dictionary_count(query), 7);
	CHECK_TEXT(kc_dictionary_text(query, KC_CLASS), "identity");
	CHECK(kc_dictionary_flag(query, KC_RETURN_DATA, false));
	CHECK_HEX(kc_dictionary_data(query, KC_ATTR_PUBLIC_KEY_HASH), "00ff10");
	CHECK_INT(kc_value_type(kc_dictionary_get(query, "label")), KC_TYPE_NULL);
	check_json(query,
		   "{\"class\":\"identity\",\"return_data\":true,\"public_key_hash\":\"AP8Q\","
		   "\"creation_date\":\"1970-01-01T00:00:01.500000Z\",\"inner\":{\"a\":1},"
		   "\"list\":[\"x\",null,\"AP8Q\"],\"label\":null}");
	kc_dictionary_free(query);
}

TEST(reading_another_type_gives_the_fallback)
{
	struct kc_dictionary *dictionary =
		KC_DICTIONARY({"text", KC_TEXT("1")}, {"number", KC_NUMBER(7)});

	CHECK(!kc_dictionary_text(dictionary, "number"));
	CHECK_INT(kc_dictionary_number(dictionary, "text", -3), -3);
	CHECK_INT(kc_dictionary_number(dictionary, "absent", -3), -3);
	CHECK_INT(kc_dictionary_data(dictionary, "text").len, 0);
	CHECK(!kc_value_dictionary(kc_dictionary_get(dictionary, "text")));
	CHECK(!kc_value_at(kc_dictionary_get(dictionary, "text"), 0));
	CHECK(!kc_dictionary_name_at(dictionary, 2));
	CHECK_INT(kc_value_type(NULL), KC_TYPE_NULL);
	kc_dictionary_free(dictionary);
}

TEST(setting_replaces_and_null_is_an_error_not_a_crash)
{
	struct kc_dictionary *dictionary =
		KC_DICTIONARY({"a", KC_NUMBER(1)}, {"b", KC_NUMBER(2)}, {"a", KC_NUMBER(3)});
	struct kc_value *result = NULL;

	check_json(dictionary, "{\"a\":3,\"b\":2}");
	CHECK_STATUS(kc_dictionary_set(NULL, "a", KC_TRUE), KC_ERR_PARAM);
	CHECK_STATUS(kc_dictionary_set(dictionary, NULL, KC_TRUE), KC_ERR_PARAM);
	CHECK_STATUS(kc_dictionary_set(dictionary, "c", KC_TEXT("\xff")), KC_ERR_PARAM);
	CHECK(!KC_DICTIONARY({"c", KC_TEXT("\xff")}));
	CHECK_STATUS(kc_item_copy_matching(NULL, &result), KC_ERR_PARAM);
	CHECK_INT(kc_dictionary_count(dictionary), 2);
	kc_dictionary_free(dictionary);
}

TEST(json_keeps_types_by_name)
{
	struct kc_dictionary *dictionary = NULL;

	CHECK_OK(kc_dictionary_from_json(
		view_of_text("{\"issuer\":\"AP8Q\",\"label\":\"AP8Q\",\"value_data\":\"\","
			     "\"not_valid_after\":\"2024-02-29T12:00:00+02:00\"}"),
		&dictionary));
	CHECK_HEX(kc_dictionary_data(dictionary, KC_ATTR_ISSUER), "00ff10");
	CHECK_TEXT(kc_dictionary_text(dictionary, KC_ATTR_LABEL), "AP8Q");
	CHECK_INT(kc_value_type(kc_dictionary_get(dictionary, KC_VALUE_DATA)), KC_TYPE_DATA);
	CHECK_INT(kc_value_date_us(kc_dictionary_get(dictionary, KC_ATTR_NOT_VALID_AFTER), 0),
		  INT64_C(1709200800000000));
	kc_dictionary_free(dictionary);
}

TEST(json_border_cases)
{
	check_round_trip("{}", NULL);
	check_round_trip(" { \"a\" : [ ] } ", "{\"a\":[]}");
	check_round_trip("{\"a\":9223372036854775807,\"b\":-9223372036854775808}", NULL);
	check_round_trip("{\"a\":\"\\u0001\\\"\\\\/\xc3\xa9\"}", NULL);
	check_round_trip("{\"a\":{\"b\":{\"c\":[[[null]]]}}}", NULL);
	check_refused("");
	check_refused("[]");
	check_refused("{\"a\":1} x");
	check_refused("{\"a\":1.5}");
	check_refused("{\"a\":\"\xff\"}");
	check_refused("{\"serial_number\":\"not base64\"}");
	check_refused("{\"creation_date\":\"yesterday\"}");
	check_refused("{\"a\":[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]}");
}

static void check_date(const char *text, int64_t expected_us, const char *normal)
{
	char written[DATE_TEXT_MAX];
	int64_t date_us = 0;

	CHECK_OK(date_parse(text, &date_us));
	CHECK_INT(date_us, expected_us);
	CHECK_OK(date_format(date_us, written));
	CHECK_TEXT(written, normal);
}

TEST(dates)
{
	int64_t date_us = 0;
	char text[DATE_TEXT_MAX];
	static const char *const wrong[] = {"",
					    "2024-02-29",
					    "2023-02-29T00:00:00Z",
					    "2024-13-01T00:00:00Z",
					    "2024-01-01T24:00:00Z",
					    "2024-01-01T00:00:00",
					    "2024-01-01T00:00:00.Z",
					    "2024-01-01T00:00:00Zx",
					    "2024-01-01T00:00:00+25:00"};

	check_date("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z");
	check_date("1969-12-31T23:59:59.25Z", -750000, "1969-12-31T23:59:59.250000Z");
	check_date("2024-02-29t12:00:00.1234567-01:30", INT64_C(1709213400123456),
		   "2024-02-29T13:30:00.123456Z");
	check_date("2016-12-31T23:59:60Z", INT64_C(1483228800000000), "2017-01-01T00:00:00Z");
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		CHECK_STATUS(date_parse(wrong[i], &date_us), KC_ERR_PARAM);
	CHECK_STATUS(date_format(INT64_MAX, text), KC_ERR_PARAM);
	CHECK_STATUS(date_format(INT64_MIN, text), KC_ERR_PARAM);
}

/* --- shapes -------------------------------------------------------------------------------- */

#define ONE_ITEM                                                                                   \
	"[{\"label\":\"L\",\"value_data\":\"AP8Q\",\"value_persistent_ref\":\"cmVm\","             \
	"\"value_ref\":\"cmVm\"}]"

static void check_shape(struct kc_dictionary *query, const char *items, const char *expected)
{
	struct item_shape shape = item_shape_of(query);
	struct json_object *json = json_tokener_parse(items);
	struct kc_value *result = NULL;
	char *text = NULL;

	CHECK_OK(item_shape_result(&shape, json, &result));
	CHECK_OK(kc_value_to_json(result, &text));
	CHECK_TEXT(text, expected);
	free(text);
	kc_value_free(result);
	json_object_put(json);
	kc_dictionary_free(query);
}

TEST(one_kind_is_bare_data)
{
	check_shape(KC_DICTIONARY({KC_RETURN_DATA, KC_TRUE}), ONE_ITEM, "\"AP8Q\"");
	check_shape(KC_DICTIONARY({KC_RETURN_PERSISTENT_REF, KC_NUMBER(1)},
				  {KC_MATCH_LIMIT, KC_TEXT(KC_MATCH_LIMIT_ONE)}),
		    ONE_ITEM, "\"cmVm\"");
	check_shape(KC_DICTIONARY({KC_RETURN_REF, KC_TRUE}, {KC_MATCH_LIMIT, KC_NUMBER(1)}),
		    ONE_ITEM, "\"cmVm\"");
	check_shape(KC_DICTIONARY({KC_RETURN_DATA, KC_TRUE}), "[{\"label\":\"L\"}]", "\"\"");
}

TEST(a_limit_other_than_one_is_an_array)
{
	check_shape(KC_DICTIONARY({KC_RETURN_DATA, KC_TRUE},
				  {KC_MATCH_LIMIT, KC_TEXT(KC_MATCH_LIMIT_ALL)}),
		    ONE_ITEM, "[\"AP8Q\"]");
	check_shape(KC_DICTIONARY({KC_RETURN_DATA, KC_TRUE}, {KC_MATCH_LIMIT, KC_NUMBER(2)}),
		    ONE_ITEM, "[\"AP8Q\"]");
}

TEST(attributes_or_several_kinds_are_a_dictionary)
{
	check_shape(KC_DICTIONARY({KC_RETURN_ATTRIBUTES, KC_TRUE}), "[{\"label\":\"L\"}]",
		    "{\"label\":\"L\"}");
	check_shape(KC_DICTIONARY({KC_RETURN_DATA, KC_TRUE}, {KC_RETURN_REF, KC_TRUE}),
		    "[{\"value_data\":\"AP8Q\",\"value_ref\":\"cmVm\"}]",
		    "{\"value_data\":\"AP8Q\",\"value_ref\":\"cmVm\"}");
	check_shape(KC_DICTIONARY({KC_RETURN_DATA, KC_FALSE}, {KC_RETURN_ATTRIBUTES, KC_TRUE},
				  {KC_MATCH_LIMIT, KC_TEXT("all")}),
		    "[{\"label\":\"L\"},{}]", "[{\"label\":\"L\"},{}]");
}

TEST(nothing_asked_is_no_kind_and_no_items_is_not_found)
{
	struct kc_dictionary *query = KC_DICTIONARY({KC_CLASS, KC_TEXT("key")});
	struct item_shape shape = item_shape_of(query);
	struct json_object *none = json_object_new_array();
	struct kc_value *result = NULL;

	CHECK_INT(shape.n_kinds, 0);
	CHECK_STATUS(item_shape_result(&shape, none, &result), KC_ERR_ITEM_NOT_FOUND);
	CHECK_STATUS(item_shape_result(&shape, NULL, &result), KC_ERR_ITEM_NOT_FOUND);
	CHECK(!result);
	json_object_put(none);
	kc_dictionary_free(query);
}

TEST(a_key_comes_from_a_reference_or_an_item)
{
	struct kc_dictionary *item = KC_DICTIONARY({KC_VALUE_REF, KC_DATA(VIEW_OF(some_bytes))});
	struct kc_value *value = NULL;
	struct kc_key *key = NULL;

	CHECK_OK(kc_value_new(KC_NESTED(item), &value));
	CHECK_OK(kc_key_from_item(value, &key));
	CHECK_HEX(kc_key_persistent_ref(key), "00ff10");
	kc_key_free(key);
	key = NULL;
	CHECK_STATUS(kc_key_from_item(NULL, &key), KC_ERR_PARAM);
	CHECK_STATUS(kc_key_from_persistent_ref(view_of("", 0), &key), KC_ERR_PARAM);
	CHECK(!key);
	kc_value_free(value);
	kc_dictionary_free(item);
}

/* --- URIs ---------------------------------------------------------------------------------- */

TEST(a_uri_names_what_it_was_made_from)
{
	struct kc_dictionary *item = KC_DICTIONARY(
		{KC_CLASS, KC_TEXT("identity")}, {KC_ATTR_LABEL, KC_TEXT("J\xc3\xb6rg; 100% =")},
		{KC_ATTR_TOKEN_ID, KC_TEXT("org.keycask.piv:0A")},
		{KC_ATTR_PUBLIC_KEY_HASH, KC_DATA(VIEW_OF(some_bytes))});
	struct kc_dictionary *query = NULL;
	char *uri = NULL;

	CHECK_OK(kc_item_uri(item, &uri));
	CHECK_TEXT(uri, "keycask:token=org.keycask.piv:0A;class=identity;hash=00ff10;"
			"label=J%C3%B6rg%3B%20100%25%20%3D");
	CHECK_OK(kc_item_query_from_uri(uri, &query));
	check_json(query, "{\"token_id\":\"org.keycask.piv:0A\",\"class\":\"identity\","
			  "\"public_key_hash\":\"AP8Q\",\"label\":\"J\xc3\xb6rg; 100% =\"}");
	kc_dictionary_free(query);
	kc_dictionary_free(item);
	free(uri);
}

TEST(the_hash_of_a_key_is_its_application_label)
{
	struct kc_dictionary *query = NULL;

	CHECK_OK(kc_item_query_from_uri("keycask:hash=00FF10;class=key", &query));
	check_json(query, "{\"class\":\"key\",\"application_label\":\"AP8Q\"}");
	kc_dictionary_free(query);
}

TEST(uris_that_are_refused)
{
	static const char *const wrong[] = {"",
					    "keycask:",
					    "pkcs11:token=x",
					    "keycask:token",
					    "keycask:token=",
					    "keycask:tokn=x",
					    "keycask:label=%4",
					    "keycask:label=%zz",
					    "keycask:hash=0",
					    "keycask:hash=xy",
					    "keycask:class=car",
					    "keycask:label=a;label=b",
					    "keycask:label=a;",
					    "keycask:label=%00",
					    "keycask:label=%ff"};
	struct kc_dictionary *query = NULL;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		CHECK_STATUS(kc_item_query_from_uri(wrong[i], &query), KC_ERR_PARAM);
	CHECK_STATUS(kc_item_query_from_uri(NULL, &query), KC_ERR_PARAM);
	CHECK(!query);
}

TEST(texts_for_front_ends)
{
	struct kc_bytes bytes = {NULL, 0};
	char *text = kc_text_for_display("a\033[2Jb\xe2\x80\xaex", 100);

	CHECK_TEXT(text, "a\\u{001B}[2Jb\\u{202E}x");
	free(text);
	CHECK_OK(kc_text_base64_decode("AP8Q", &bytes));
	CHECK_HEX(view_of(bytes.data, bytes.len), "00ff10");
	kc_bytes_free(&bytes);
	CHECK_STATUS(kc_text_base64_decode("AP8", &bytes), KC_ERR_PARAM);
}

TEST(arrays_and_dictionaries_are_written_in_place)
{
	struct kc_dictionary *dictionary = KC_DICTIONARY(
		{KC_ATTR_ACCESS_CONTROL,
		 KC_NESTED_OF({KC_ACCESS_CONTROL_ACCESSIBLE, KC_TEXT(KC_ACCESSIBLE_ALWAYS)},
			      {KC_ACCESS_CONTROL_FLAGS,
			       KC_ARRAY_OF(KC_TEXT(KC_ACCESS_CONTROL_USER_PRESENCE),
					   KC_TEXT(KC_ACCESS_CONTROL_PRIVATE_KEY_USAGE))})},
		{"n",
		 KC_ARRAY_OF(KC_NUMBER(1), KC_ARRAY_OF(KC_NULL), KC_NESTED_OF({"a", KC_TRUE}))});
	char *json = NULL;

	CHECK_OK(kc_dictionary_to_json(dictionary, &json));
	CHECK_TEXT(json,
		   "{\"access_control\":{\"accessible\":\"always\",\"flags\":[\"user_presence\","
		   "\"private_key_usage\"]},\"n\":[1,[null],{\"a\":true}]}");
	free(json);
	CHECK(kc_dictionary_dictionary(dictionary, KC_ATTR_ACCESS_CONTROL));
	CHECK(!kc_dictionary_dictionary(dictionary, "n"));
	kc_dictionary_free(dictionary);
	CHECK(!KC_DICTIONARY({"a", KC_NESTED_OF({NULL, KC_TRUE})}));
}

TEST(removal_keeps_the_order)
{
	struct kc_dictionary *dictionary = KC_DICTIONARY({"a", KC_DATE(1)}, {"b", KC_DATE(2)},
							 {"c", KC_DATE(3)}, {"d", KC_DATE(4)});

	kc_dictionary_remove(dictionary, "b");
	kc_dictionary_remove(dictionary, "nobody");
	kc_dictionary_remove(NULL, "a");
	CHECK_INT(kc_dictionary_count(dictionary), 3);
	CHECK_TEXT(kc_dictionary_name_at(dictionary, 1), "c");
	CHECK_INT(kc_dictionary_date_us(dictionary, "d", 0), 4);
	CHECK_INT(kc_dictionary_date_us(dictionary, "b", -1), -1);
	kc_dictionary_remove(dictionary, "d");
	CHECK_INT(kc_dictionary_count(dictionary), 2);
	kc_dictionary_free(dictionary);
}

TEST(a_copy_of_a_value_outlives_it)
{
	struct kc_dictionary *dictionary = KC_DICTIONARY({"a", KC_ARRAY_OF(KC_TEXT("x"))});
	struct kc_value *copy = NULL;

	CHECK_OK(kc_value_copy(kc_dictionary_get(dictionary, "a"), &copy));
	kc_dictionary_free(dictionary);
	CHECK_TEXT(kc_value_text(kc_value_at(copy, 0)), "x");
	kc_value_free(copy);
	CHECK_STATUS(kc_value_copy(NULL, &copy), KC_ERR_PARAM);
}

TEST(views_need_no_cast)
{
	struct kc_bytes bytes = {NULL, 0};

	CHECK_HEX(kc_view_of_text("AB"), "4142");
	CHECK_INT(kc_view_of_text(NULL).len, 0);
	CHECK_HEX(kc_view_of("ABC", 1), "41");
	CHECK_INT(kc_view_of_bytes(&bytes).len, 0);
}

/* As libraries and programs of different ages see them. */
struct newer_exchange {
	struct kc_exchange exchange;
	uint64_t new_field;
};

static enum kc_status read_exchange(const void *given, struct kc_exchange *ret_exchange)
{
	const struct kc_exchange defaults = KC_EXCHANGE_INIT;

	error_clear();
	*ret_exchange = defaults;
	return sized_read(given, ret_exchange, sizeof(*ret_exchange), "KC_EXCHANGE_INIT");
}

TEST(structs_grow_in_both_directions)
{
	struct newer_exchange newer = {KC_EXCHANGE_INIT, 0};
	struct kc_exchange older = KC_EXCHANGE_INIT;
	struct kc_exchange read;

	newer.exchange.size = sizeof(newer);
	newer.exchange.requested_size = 7;
	CHECK_OK(read_exchange(&newer, &read));
	CHECK_INT(read.requested_size, 7);
	CHECK_INT(read.size, sizeof(read));
	newer.new_field = 1;
	CHECK_STATUS(read_exchange(&newer, &read), KC_ERR_UNIMPLEMENTED);
	CHECK_TEXT(kc_error_message(kc_error_last()),
		   "KC_EXCHANGE_INIT has more than this library knows");
	older.size = offsetof(struct kc_exchange, shared_info);
	older.requested_size = 9;
	older.shared_info = kc_view_of_text("not there yet");
	CHECK_OK(read_exchange(&older, &read));
	CHECK_INT(read.requested_size, 9);
	CHECK(!read.shared_info.data);
	older.size = 0;
	CHECK_STATUS(read_exchange(&older, &read), KC_ERR_PARAM);
	CHECK_TEXT(kc_error_message(kc_error_last()),
		   "parameters that were not made from KC_EXCHANGE_INIT");
	CHECK_OK(read_exchange(NULL, &read));
}
