/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The error record's way over the wire, and what a hostile one may do: nothing. */
#include <stdio.h>
#include <string.h>

#include "base/try.h"
#include "harness/test.h"
#include "wire/failure.h"
#include "wire/message.h"

static enum kc_status adopt(const char *error, const char *text)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	error_clear();
	CHECK_OK(message_parse(view_of_text(text), &parameters));
	return failure_adopt(error, parameters);
}

TEST(the_whole_record_comes_through)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	const struct error_record *record = error_get();

	ignore(fail(KC_ERR_AUTH_FAILED, "wrong \"PIN\""));
	error_set_token("org.keycask.piv:1", "piv");
	error_set_sw(0x63C2);
	error_set_tries_left(0);
	error_set_hint("look at the card");
	CHECK_OK(failure_put(KC_ERR_AUTH_FAILED, 42, &parameters));
	CHECK_INT(field_number(field_get(parameters, "record"), "request", 0), 42);
	CHECK_TEXT(field_text(field_get(parameters, "record"), "name"), "auth_failed");
	error_clear();
	CHECK_STATUS(failure_adopt("org.keycask.Keys.Failed", parameters), KC_ERR_AUTH_FAILED);
	CHECK_STATUS(record->status, KC_ERR_AUTH_FAILED);
	CHECK_TEXT(record->message, "wrong \"PIN\"");
	CHECK_TEXT(record->hint, "look at the card");
	CHECK_TEXT(record->token_id, "org.keycask.piv:1");
	CHECK_TEXT(record->driver, "piv");
	CHECK(strstr(record->origin, "test_failure.c:"));
	CHECK_INT(record->sw, 0x63C2);
	CHECK_INT(record->tries_left, 0);
	CHECK_INT(record->request, 42);
}

TEST(what_is_not_known_is_left_out)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	struct json_object *record = NULL;

	CHECK_OK(failure_put(KC_ERR_PARAM, 0, &parameters));
	record = field_get(parameters, "record");
	CHECK_INT(json_object_object_length(record), 3);
	CHECK_INT(field_number(record, "status", 0), KC_ERR_PARAM);
	CHECK_TEXT(field_text(record, "name"), "param");
	CHECK_TEXT(field_text(record, "message"), "param");
	error_clear();
	CHECK_STATUS(failure_adopt("a.b.Failed", parameters), KC_ERR_PARAM);
	CHECK_INT(error_get()->sw, 0);
	CHECK_INT(error_get()->tries_left, -1);
	CHECK_INT(error_get()->request, 0);
	CHECK_TEXT(error_get()->hint, "");
}

TEST(a_status_that_is_none_of_ours_is_internal)
{
	CHECK_STATUS(adopt("a.b.Failed", "{\"record\":{\"status\":0}}"), KC_ERR_INTERNAL);
	CHECK_STATUS(adopt("a.b.Failed", "{\"record\":{\"status\":-1}}"), KC_ERR_INTERNAL);
	CHECK_STATUS(adopt("a.b.Failed", "{\"record\":{\"status\":50}}"), KC_ERR_INTERNAL);
	CHECK_STATUS(adopt("a.b.Failed", "{\"record\":{\"status\":-4294967346}}"), KC_ERR_INTERNAL);
	CHECK_STATUS(adopt("a.b.Failed", "{\"record\":{\"status\":\"-50\"}}"), KC_ERR_INTERNAL);
	CHECK_STATUS(adopt("a.b.Failed", "{\"record\":{}}"), KC_ERR_INTERNAL);
	CHECK_STATUS(adopt("a.b.Failed", "{}"), KC_ERR_INTERNAL);
	CHECK_STATUS(adopt("a.b.Failed", "{\"record\":1}"), KC_ERR_INTERNAL);
	CHECK_STATUS(adopt("a.b.Other", "{\"record\":{\"status\":-50}}"), KC_ERR_INTERNAL);
	CHECK_STATUS(adopt("", "{}"), KC_ERR_INTERNAL);
	CHECK_STATUS(failure_adopt("a.b.Failed", NULL), KC_ERR_INTERNAL);
}

TEST(numbers_out_of_range_are_unknown)
{
	CHECK_STATUS(
		adopt("a.b.Failed", "{\"record\":{\"status\":-50,\"sw\":65536,\"tries_left\":-2}}"),
		KC_ERR_PARAM);
	CHECK_INT(error_get()->sw, 0);
	CHECK_INT(error_get()->tries_left, -1);
	CHECK_STATUS(adopt("a.b.Failed",
			   "{\"record\":{\"status\":-50,\"sw\":65535,\"tries_left\":99999999999}}"),
		     KC_ERR_PARAM);
	CHECK_INT(error_get()->sw, 0xFFFF);
	CHECK_INT(error_get()->tries_left, -1);
}

TEST(texts_are_escaped_and_cut_between_characters)
{
	char text[600];
	size_t len = 0;

	CHECK_STATUS(adopt("a.b.Failed", "{\"record\":{\"status\":-50,"
					 "\"message\":\"a\\u001b[31m\\nb\\u007fc\\u009bd é\"}}"),
		     KC_ERR_PARAM);
	CHECK_TEXT(error_get()->message, "a\\u{001B}[31m\\u{000A}b\\u{007F}c\\u{009B}d é");
	len = (size_t)snprintf(text, sizeof(text), "{\"record\":{\"status\":-50,\"driver\":\"x");
	while (len < 400)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "é");
	CHECK(snprintf(text + len, sizeof(text) - len, "\"}}") > 0);
	CHECK_STATUS(adopt("a.b.Failed", text), KC_ERR_PARAM);
	/* One byte, characters of two, and the three of "…". */
	CHECK(strlen(error_get()->driver) > ERROR_NAME_MAX - 4);
	CHECK_TEXT(error_get()->driver + strlen(error_get()->driver) - strlen("é…"), "é…");
	CHECK_STATUS(adopt("a.b.\x1b[2J", "{}"), KC_ERR_INTERNAL);
	CHECK(!strchr(error_get()->message, '\x1b'));
}

TEST(errors_of_the_wire_itself_have_their_statuses)
{
	CHECK_STATUS(adopt("org.varlink.service.InterfaceNotFound", "{\"interface\":\"a.b\"}"),
		     KC_ERR_UNIMPLEMENTED);
	CHECK_TEXT(error_get()->message, "no interface a.b");
	CHECK_STATUS(adopt("org.varlink.service.MethodNotFound", "{\"method\":\"a.b.C\"}"),
		     KC_ERR_UNIMPLEMENTED);
	CHECK_STATUS(adopt("org.varlink.service.MethodNotImplemented", "{}"), KC_ERR_UNIMPLEMENTED);
	CHECK_STATUS(adopt("org.varlink.service.InvalidParameter", "{\"parameter\":\"x\"}"),
		     KC_ERR_PARAM);
	CHECK_TEXT(error_get()->message, "wrong parameter x");
	CHECK_STATUS(adopt("org.varlink.service.ExpectedMore", "{}"), KC_ERR_PARAM);
	CHECK_STATUS(adopt("org.varlink.service.Other", "{}"), KC_ERR_INTERNAL);
}
