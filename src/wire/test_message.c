/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts of messages: each limit at its border and one past it, and what is not JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "codec/utf8.h"
#include "harness/test.h"
#include "wire/message.h"

static enum kc_status parse(const char *text)
{
	CLEANUP(field_free) struct json_object *message = NULL;

	error_clear();
	return message_parse(view_of_text(text), &message);
}

/* The text of @text parsed and put again, the caller's to free(). */
static char *round_trip(const char *text)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(WIRE_MESSAGE_MAX + 1);
	CLEANUP(field_free) struct json_object *message = NULL;

	error_clear();
	CHECK_OK(message_parse(view_of_text(text), &message));
	CHECK_OK(message_put(&bytes, message));
	return (char *)bytes_take(&bytes).data;
}

static void check_round_trip(const char *text, const char *expected)
{
	CLEANUP(freep) char *actual = round_trip(text);

	CHECK_TEXT(actual, expected);
}

static void append(struct bytes *bytes, const char *text)
{
	CHECK_OK(bytes_append(bytes, view_of_text(text)));
}

/* @n times @open, then @n times @close, within {"a":…}. */
static enum kc_status parse_nested(unsigned n, const char *open, const char *close)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(WIRE_MESSAGE_MAX);
	CLEANUP(field_free) struct json_object *message = NULL;

	append(&bytes, "{\"a\":");
	for (unsigned i = 0; i < n; i++)
		append(&bytes, open);
	append(&bytes, "1");
	for (unsigned i = 0; i < n; i++)
		append(&bytes, close);
	append(&bytes, "}");
	error_clear();
	return message_parse(bytes_view(&bytes), &message);
}

TEST(values_of_every_type_come_through_unchanged)
{
	check_round_trip("{}", "{}");
	check_round_trip(" {\t\"a\" : [ 1 , -2.5e3,true,\r\nfalse, null, {}, [] ] } ",
			 "{\"a\":[1,-2.5e3,true,false,null,{},[]]}");
	check_round_trip("{\"\":\"\"}", "{\"\":\"\"}");
	check_round_trip("{\"a\":\"\\u00e9\\ud83d\\ude00\\\"\\\\\\/\\n\\u001f\"}",
			 "{\"a\":\"é😀\\\"\\\\/\\n\\u001f\"}");
}

TEST(integers_are_those_of_64_bits_and_no_others)
{
	check_round_trip("{\"a\":9223372036854775807}", "{\"a\":9223372036854775807}");
	check_round_trip("{\"a\":-9223372036854775808}", "{\"a\":-9223372036854775808}");
	check_round_trip("{\"a\":0}", "{\"a\":0}");
	CHECK_STATUS(parse("{\"a\":9223372036854775808}"), KC_ERR_DECODE);
	CHECK_STATUS(parse("{\"a\":-9223372036854775809}"), KC_ERR_DECODE);
	CHECK_STATUS(parse("{\"a\":18446744073709551615}"), KC_ERR_DECODE);
	CHECK_STATUS(parse("{\"a\":100000000000000000000}"), KC_ERR_DECODE);
}

TEST(numbers_have_the_form_of_rfc_8259)
{
	static const char *const wrong[] = {
		"01", "+1", "1.",  ".1",  "1e",	 "1e+",	 "-",	"--1",	    "0x1",
		"1_", "1a", "NaN", "nan", "Inf", "1.e1", "-.5", "Infinity", "-Infinity",
	};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		char text[64];

		CHECK(snprintf(text, sizeof(text), "{\"a\":%s}", wrong[i]) > 0);
		if (parse(text) != KC_ERR_DECODE)
			test_fail(__FILE__, __LINE__, "%s was accepted", text);
	}
	CHECK_OK(parse("{\"a\":1.5E-3}"));
	CHECK_STATUS(parse("{\"a\":1e999}"), KC_ERR_DECODE);
	CHECK_OK(parse("{\"a\":0.00000000000000000000000000000000000000000000000000000000000001}"));
	CHECK_STATUS(
		parse("{\"a\":0.000000000000000000000000000000000000000000000000000000000000001}"),
		KC_ERR_DECODE);
}

TEST(what_is_not_one_object_is_refused)
{
	static const char *const wrong[] = {
		"",
		" ",
		"null",
		"1",
		"\"a\"",
		"[]",
		"[{}]",
		"{",
		"}",
		"{}}",
		"{}{}",
		"{} x",
		"{},",
		"{]",
		"{\"a\":1]",
		"{\"a\"}",
		"{\"a\":}",
		"{\"a\" 1}",
		"{\"a\"::1}",
		"{a:1}",
		"{'a':1}",
		"{\"a\":'b'}",
		"{\"a\":1,}",
		"{,}",
		"{\"a\":[1,]}",
		"{\"a\":tru}",
		"{\"a\":True}",
		"{\"a\":nul}",
		"{\"a\":1 2}",
		"{\"a\":\"}",
		"{\"a\":\"\\",
		"{\"a\":\"\\x\"}",
		"{\"a\":\"\\u12\"}",
		"{/**/}",
		"{}//",
		"{1:2}",
		"{\"a\":[1:2]}",
		"\xEF\xBB\xBF{}",
	};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		if (parse(wrong[i]) != KC_ERR_DECODE)
			test_fail(__FILE__, __LINE__, "%s was accepted", wrong[i]);
	}
}

TEST(a_nul_is_refused_raw_and_escaped)
{
	static const char raw[] = "{\"a\":\"b\0c\"}";
	static const char between[] = "{\"a\":1\0}";
	CLEANUP(field_free) struct json_object *message = NULL;

	CHECK_STATUS(parse("{\"a\":\"b\\u0000c\"}"), KC_ERR_DECODE);
	CHECK_STATUS(parse("{\"a\\u0000\":1}"), KC_ERR_DECODE);
	CHECK_OK(parse("{\"a\":\"\\\\u0000\"}"));
	CHECK_STATUS(message_parse(view_of(raw, sizeof(raw) - 1), &message), KC_ERR_DECODE);
	CHECK_STATUS(message_parse(view_of(between, sizeof(between) - 1), &message), KC_ERR_DECODE);
	CHECK(!message);
}

TEST(texts_are_utf_8_and_hold_no_control_characters)
{
	CHECK_OK(parse("{\"a\":\"\xC2\x80 \xE0\xA0\x80 \xED\x9F\xBF \xF4\x8F\xBF\xBF\"}"));
	CHECK_STATUS(parse("{\"a\":\"\xC0\x80\"}"), KC_ERR_DECODE);
	CHECK_STATUS(parse("{\"a\":\"\x80\"}"), KC_ERR_DECODE);
	CHECK_STATUS(parse("{\"a\":\"\xE9\"}"), KC_ERR_DECODE);
	CHECK_STATUS(parse("{\"a\":\"\xED\xA0\x80\"}"), KC_ERR_DECODE);
	CHECK_STATUS(parse("{\"a\":\"\xE0\x9F\xBF\"}"), KC_ERR_DECODE);
	CHECK_STATUS(parse("{\"a\":\"\xF0\x8F\xBF\xBF\"}"), KC_ERR_DECODE);
	CHECK_STATUS(parse("{\"a\":\"\xF4\x90\x80\x80\"}"), KC_ERR_DECODE);
	CHECK_STATUS(parse("{\"a\":\"\xF5\x80\x80\x80\"}"), KC_ERR_DECODE);
	CHECK_STATUS(parse("{\"a\":\"\xE2\x82\"}"), KC_ERR_DECODE);
	CHECK_STATUS(parse("{\"a\":\"\n\"}"), KC_ERR_DECODE);
	CHECK_STATUS(parse("{\"a\":\"\x1F\"}"), KC_ERR_DECODE);
	CHECK_OK(parse("{\"a\":\"\x7F\"}"));
}

TEST(depth_ends_at_its_limit)
{
	/* The message is the first level, what is in "a" the rest. */
	CHECK_OK(parse_nested(WIRE_DEPTH_MAX - 1, "[", "]"));
	CHECK_STATUS(parse_nested(WIRE_DEPTH_MAX, "[", "]"), KC_ERR_DECODE);
	CHECK_OK(parse_nested(WIRE_DEPTH_MAX - 1, "{\"b\":", "}"));
	CHECK_STATUS(parse_nested(WIRE_DEPTH_MAX, "{\"b\":", "}"), KC_ERR_DECODE);
}

/* {"a":[1,1,…]} of @n values: the message, the array, and the rest ones. */
static void put_values(struct bytes *bytes, unsigned n)
{
	append(bytes, "{\"a\":[1");
	for (unsigned i = 3; i < n; i++)
		append(bytes, ",1");
	append(bytes, "]}");
}

static enum kc_status parse_values(unsigned n)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(WIRE_MESSAGE_MAX);
	CLEANUP(field_free) struct json_object *message = NULL;

	put_values(&bytes, n);
	error_clear();
	return message_parse(bytes_view(&bytes), &message);
}

TEST(the_number_of_values_ends_at_its_limit)
{
	CHECK_OK(parse_values(WIRE_VALUES_MAX));
	CHECK_STATUS(parse_values(WIRE_VALUES_MAX + 1), KC_ERR_DECODE);
}

/* {"a":{"0":"","1":"",…}} of @n values: keys do not count. */
static enum kc_status parse_keys(unsigned n)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(WIRE_MESSAGE_MAX);
	CLEANUP(field_free) struct json_object *message = NULL;

	append(&bytes, "{\"a\":{\"0\":\"\"");
	for (unsigned i = 3; i < n; i++) {
		char text[32];

		CHECK(snprintf(text, sizeof(text), ",\"%u\":\"\"", i) > 0);
		append(&bytes, text);
	}
	append(&bytes, "}}");
	error_clear();
	return message_parse(bytes_view(&bytes), &message);
}

TEST(keys_are_not_counted_as_values)
{
	CHECK_OK(parse_keys(WIRE_VALUES_MAX));
	CHECK_STATUS(parse_keys(WIRE_VALUES_MAX + 1), KC_ERR_DECODE);
}

/* {"a":"xxx…"} of @n bytes. */
static void put_long(struct bytes *bytes, size_t n)
{
	append(bytes, "{\"a\":\"");
	CHECK_OK(bytes_reserve(bytes, n));
	memset(bytes->data + bytes->len, 'x', n - 8);
	bytes->len += n - 8;
	append(bytes, "\"}");
	CHECK_INT(bytes->len, n);
}

TEST(length_ends_at_its_limit)
{
	CLEANUP(bytes_done) struct bytes text = BYTES_INIT(2 * WIRE_MESSAGE_MAX);
	CLEANUP(bytes_done) struct bytes out = BYTES_INIT(2 * WIRE_MESSAGE_MAX);
	CLEANUP(field_free) struct json_object *message = NULL;

	put_long(&text, WIRE_MESSAGE_MAX);
	CHECK_OK(message_parse(bytes_view(&text), &message));
	CHECK_OK(message_put(&out, message));
	CHECK_INT(out.len, WIRE_MESSAGE_MAX + 1);
	field_free(&message);
	bytes_done(&text);
	put_long(&text, WIRE_MESSAGE_MAX + 1);
	CHECK_STATUS(message_parse(bytes_view(&text), &message), KC_ERR_DECODE);
}

TEST(what_we_put_keeps_to_the_limits_or_leaves_nothing)
{
	CLEANUP(bytes_done) struct bytes out = BYTES_INIT(2 * WIRE_MESSAGE_MAX);
	CLEANUP(field_free) struct json_object *message = NULL;
	struct json_object *inner = NULL;
	CLEANUP(bytes_done) struct bytes text = BYTES_INIT(2 * WIRE_MESSAGE_MAX);

	append(&out, "before");
	put_long(&text, WIRE_MESSAGE_MAX);
	CHECK_OK(message_parse(bytes_view(&text), &message));
	CHECK_OK(field_put_flag(message, "b", true));
	CHECK_STATUS(message_put(&out, message), KC_ERR_PARAM);
	CHECK_INT(out.len, 6);
	field_free(&message);
	CHECK_OK(field_new_object(&message));
	inner = message;
	for (int i = 0; i < WIRE_DEPTH_MAX; i++) {
		struct json_object *next = NULL;

		CHECK_OK(field_new_object(&next));
		CHECK_OK(field_put(inner, "a", next));
		inner = next;
	}
	CHECK_STATUS(message_put(&out, message), KC_ERR_PARAM);
	CHECK_INT(out.len, 6);
}

TEST(what_is_no_text_goes_out_as_replacement_characters)
{
	CLEANUP(bytes_done) struct bytes out = BYTES_INIT(256);
	CLEANUP(field_free) struct json_object *message = NULL;

	CHECK_OK(field_new_object(&message));
	CHECK_OK(field_put_text(message, "a", "x\xC3(\xE2\x82"));
	CHECK_OK(field_put(message, "b", json_object_new_string_len("p\0q", 3)));
	CHECK_OK(message_put(&out, message));
	CHECK_TEXT((const char *)out.data,
		   "{\"a\":\"x\\ufffd(\\ufffd\\ufffd\",\"b\":\"p\\ufffdq\"}");
	CHECK_OK(parse((const char *)out.data));
}

TEST(a_number_that_is_not_finite_is_not_sent)
{
	CLEANUP(bytes_done) struct bytes out = BYTES_INIT(256);
	CLEANUP(field_free) struct json_object *message = NULL;

	CHECK_OK(field_new_object(&message));
	CHECK_OK(field_put(message, "a", json_object_new_double(1.0 / 0.0)));
	CHECK_STATUS(message_put(&out, message), KC_ERR_PARAM);
}

TEST(a_message_ends_at_its_nul)
{
	static const char input[] = "{}\0{\"a\"";
	struct kc_view text = {NULL, 0};
	size_t used = 0;

	CHECK(message_find(view_of(input, sizeof(input) - 1), &text, &used));
	CHECK(view_equal(text, view_of_text("{}")));
	CHECK_INT(used, 3);
	CHECK(!message_find(view_of(input + 3, 4), &text, &used));
	CHECK(!message_find(view_of(NULL, 0), &text, &used));
}

TEST(fields_of_another_type_read_as_absent)
{
	CLEANUP(field_free) struct json_object *message = NULL;
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(4);

	CHECK_OK(message_parse(view_of_text("{\"t\":\"x\",\"n\":7,\"f\":true,\"z\":null,"
					    "\"d\":\"AQID\",\"e\":\"AQ\",\"l\":\"AQIDBAU=\"}"),
			       &message));
	CHECK_TEXT(field_text(message, "t"), "x");
	CHECK(!field_text(message, "n"));
	CHECK(!field_text(message, "z"));
	CHECK(!field_get(message, "z"));
	CHECK(!field_get(NULL, "t"));
	CHECK(!field_get(field_get(message, "t"), "t"));
	CHECK_INT(field_number(message, "n", 1), 7);
	CHECK_INT(field_number(message, "f", 1), 1);
	CHECK(field_flag(message, "f", false));
	CHECK(field_flag(message, "n", true));
	CHECK_OK(field_data(message, "absent", &data));
	CHECK_INT(data.len, 0);
	CHECK_OK(field_data(message, "d", &data));
	CHECK_HEX(bytes_view(&data), "010203");
	CHECK_STATUS(field_data(message, "e", &data), KC_ERR_PARAM);
	error_clear();
	CHECK_STATUS(field_data(message, "l", &data), KC_ERR_PARAM);
}

TEST(fields_are_written_as_they_are_read)
{
	CLEANUP(field_free) struct json_object *object = NULL;
	CLEANUP(field_free) struct json_object *array = json_object_new_array();
	CLEANUP(bytes_done) struct bytes out = BYTES_INIT(256);

	CHECK_OK(field_new_object(&object));
	CHECK_OK(field_put_text(object, "t", "x"));
	CHECK_OK(field_put_text(object, "absent", NULL));
	CHECK_OK(field_put_number(object, "n", INT64_MIN));
	CHECK_OK(field_put_flag(object, "f", false));
	CHECK_OK(field_put_data(object, "d", view_of_text("\x01\x02")));
	CHECK_OK(field_append_text(array, "y"));
	CHECK_OK(field_append_data(array, view_of_text("\x01\x02")));
	CHECK_OK(field_append(array, json_object_new_int64(1)));
	CHECK_OK(field_put(object, "a", json_object_get(array)));
	CHECK_STATUS(field_put(object, "none", NULL), KC_ERR_ALLOCATE);
	CHECK_OK(message_put(&out, object));
	CHECK_TEXT((const char *)out.data, "{\"t\":\"x\",\"n\":-9223372036854775808,\"f\":false,"
					   "\"d\":\"AQI=\",\"a\":[\"y\",\"AQI=\",1]}");
}
