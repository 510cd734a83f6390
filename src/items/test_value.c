/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values in their one form: reference/keychain.md 1.8. */
#include "items/value_impl.h"

#include <string.h>

#include "base/try.h"
#include "harness/test.h"

static const struct vocabulary_attribute text = {"text", VOCABULARY_TEXT, 0};
static const struct vocabulary_attribute number = {"number", VOCABULARY_NUMBER, 0};
static const struct vocabulary_attribute flag = {"flag", VOCABULARY_FLAG, 0};
static const struct vocabulary_attribute date = {"date", VOCABULARY_DATE, 0};
static const struct vocabulary_attribute data = {"data", VOCABULARY_DATA, 0};
static const struct vocabulary_attribute object = {"object", VOCABULARY_OBJECT, 0};

static void check_bytes(const struct vocabulary_attribute *attribute, const char *json,
			const char *expected)
{
	CLEANUP(field_free) struct json_object *given = json_tokener_parse(json);
	CLEANUP(field_free) struct json_object *value = NULL;
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(1024);

	error_clear();
	CHECK_OK(value_normalize(attribute, given, &value));
	CHECK(value_equal(attribute, value, value));
	CHECK_OK(value_put_bytes(attribute, value, &bytes));
	if (!view_equal(bytes_view(&bytes), view_of_text(expected)))
		test_fail(__FILE__, __LINE__, "%s becomes %.*s", json, (int)bytes.len,
			  (const char *)bytes.data);
}

static void check_refused(const struct vocabulary_attribute *attribute, const char *json)
{
	CLEANUP(field_free) struct json_object *given = json_tokener_parse(json);
	struct json_object *value = NULL;

	error_clear();
	CHECK_STATUS(value_normalize(attribute, given, &value), KC_ERR_PARAM);
	CHECK(!value);
	CHECK(strstr(error_get()->message, attribute->name));
}

TEST(value_of_a_number)
{
	check_bytes(&number, "7", "7");
	check_bytes(&number, "-7", "-7");
	check_bytes(&number, "\"7\"", "7");
	check_bytes(&number, "\"007\"", "7");
	check_bytes(&number, "\"-0\"", "0");
	check_bytes(&number, "true", "1");
	check_bytes(&number, "false", "0");
	check_bytes(&number, "9223372036854775807", "9223372036854775807");
	check_refused(&number, "\"9223372036854775808\"");
	check_refused(&number, "\"\"");
	check_refused(&number, "\"-\"");
	check_refused(&number, "\"+7\"");
	check_refused(&number, "\" 7\"");
	check_refused(&number, "\"7x\"");
	check_refused(&number, "\"htps\"");
	check_refused(&number, "7.0");
	check_refused(&number, "null");
	check_refused(&number, "[7]");
}

TEST(value_of_a_flag)
{
	check_bytes(&flag, "true", "1");
	check_bytes(&flag, "1", "1");
	check_bytes(&flag, "0", "0");
	check_refused(&flag, "2");
	check_refused(&flag, "\"1\"");
	check_refused(&flag, "\"true\"");
	check_refused(&flag, "null");
}

TEST(value_of_text)
{
	check_bytes(&text, "\"Jo\\u00e9\"", "Jo\xC3\xA9");
	check_bytes(&text, "\"\"", "");
	check_refused(&text, "7");
	check_refused(&text, "true");
	check_refused(&text, "\"a\\u0000b\"");
	check_refused(&text, "{}");
}

TEST(value_of_data)
{
	check_bytes(&data, "\"Sm8=\"", "Jo");
	check_bytes(&data, "\"\"", "");
	check_refused(&data, "\"Sm8\"");
	check_refused(&data, "\"Sm9=\"");
	check_refused(&data, "7");
}

TEST(value_of_a_date)
{
	check_bytes(&date, "\"2024-02-29T12:00:00Z\"", "2024-02-29T12:00:00Z");
	check_bytes(&date, "\"2024-02-29T14:00:00+02:00\"", "2024-02-29T12:00:00Z");
	check_bytes(&date, "\"2024-02-29T12:00:00.000Z\"", "2024-02-29T12:00:00Z");
	check_refused(&date, "\"2023-02-29T12:00:00Z\"");
	check_refused(&date, "\"today\"");
	check_refused(&date, "1709208000");
}

/* Members have no order, elements of an array do. */
TEST(value_of_an_object)
{
	check_bytes(&object, "{\"b\":[1,\"x\"],\"a\":{}}", "{\"a\":{},\"b\":[1,\"x\"]}");
	check_bytes(&object, "{\"a\":{},\"b\":[1,\"x\"]}", "{\"a\":{},\"b\":[1,\"x\"]}");
	check_bytes(&object, "{\"a\":{\"d\":true,\"c\":null}}", "{\"a\":{\"c\":null,\"d\":true}}");
	check_refused(&object, "[]");
	check_refused(&object, "\"{}\"");
}
