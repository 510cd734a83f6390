/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The definition language: what is one, what is not and in which line, and what fits one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "harness/test.h"
#include "wire/idl_impl.h"
#include "wire/message.h"
#include "wire/protocol.h"
#include "wire/test_fixture.h"

static void idl_done(struct idl **idl)
{
	*idl = idl_free(*idl);
}

static enum kc_status parse(const char *text)
{
	CLEANUP(idl_done) struct idl *idl = NULL;

	error_clear();
	return idl_parse(text, &idl);
}

static void check_refused(const char *text, int line)
{
	char start[32];

	if (parse(text) != KC_ERR_DECODE)
		test_fail(__FILE__, __LINE__, "was accepted: %s", text);
	CHECK(snprintf(start, sizeof(start), "line %d: ", line) > 0);
	if (strncmp(error_get()->message, start, strlen(start)) != 0)
		test_fail(__FILE__, __LINE__, "%s gave %s", text, error_get()->message);
}

TEST(each_definition_of_ours_is_one)
{
	static const struct {
		const char *text;
		const char *name;
	} ours[] = {
		{protocol_org_keycask_Admin, "org.keycask.Admin"},
		{protocol_org_keycask_Driver, "org.keycask.Driver"},
		{protocol_org_keycask_Items, "org.keycask.Items"},
		{protocol_org_keycask_Keys, "org.keycask.Keys"},
		{protocol_org_keycask_Slot, "org.keycask.Slot"},
		{protocol_org_keycask_Slots, "org.keycask.Slots"},
		{protocol_org_keycask_Tokens, "org.keycask.Tokens"},
		{protocol_org_keycask_X509, "org.keycask.X509"},
	};

	for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
		CLEANUP(idl_done) struct idl *idl = NULL;

		CHECK_OK(idl_parse(ours[i].text, &idl));
		CHECK_TEXT(idl_name(idl), ours[i].name);
		CHECK(idl_has_error(idl, "Failed"));
		CHECK(idl_method_count(idl) > 0);
	}
}

TEST(methods_are_listed_in_order)
{
	CLEANUP(idl_done) struct idl *idl = NULL;

	CHECK_OK(idl_parse("interface a.b method B()->() type C(a:int) error E() method A()->()",
			   &idl));
	CHECK_INT(idl_method_count(idl), 2);
	CHECK_TEXT(idl_method_name(idl, 0), "B");
	CHECK_TEXT(idl_method_name(idl, 1), "A");
	CHECK(!idl_method_name(idl, 2));
	CHECK(idl_has_method(idl, "A"));
	CHECK(!idl_has_method(idl, "C"));
	CHECK(idl_has_error(idl, "E"));
	CHECK(!idl_has_error(idl, "A"));
}

TEST(comments_and_blanks_may_stand_between_all_words)
{
	CHECK_OK(parse("# one\n\n  #two\r\ninterface # three\n a.b# four\nmethod M # (\n(\n)#)\n->"
		       "#x\n(\n)\n# the end"));
	CHECK_OK(parse("interface a.b"));
}

TEST(names_of_interfaces_have_their_form)
{
	CHECK_OK(parse("interface org.example-1.Some-thing"));
	CHECK_OK(parse("interface a.1b"));
	CHECK_OK(parse("interface a--b.c"));
	check_refused("interface", 1);
	check_refused("interface org", 1);
	check_refused("interface org.", 1);
	check_refused("interface .org.a", 1);
	check_refused("interface org..a", 1);
	check_refused("interface 1org.a", 1);
	check_refused("interface org.-a", 1);
	check_refused("interface org-.a", 1);
	check_refused("interface org.a-", 1);
	check_refused("interface org.a_b", 1);
	check_refused("\ninterfaces a.b", 2);
	check_refused("", 1);
}

TEST(names_of_members_and_fields_have_their_form)
{
	CHECK_OK(parse("interface a.b\ntype T9x (a_b9: int, aB: int)"));
	check_refused("interface a.b\ntype t (a: int)", 2);
	check_refused("interface a.b\ntype T_x (a: int)", 2);
	check_refused("interface a.b\ntype T (_a: int)", 2);
	check_refused("interface a.b\ntype T (a_: int)", 2);
	check_refused("interface a.b\ntype T (a__b: int)", 2);
	check_refused("interface a.b\ntype T (9a: int)", 2);
	check_refused("interface a.b\ntype T (a.b: int)", 2);
}

TEST(types_have_their_form)
{
	CHECK_OK(parse("interface a.b type T (a: ?[]?[string]?(x: ?[](p, q)))"));
	CHECK_OK(parse("interface a.b type T (a: U) type U (one, two)"));
	CHECK_OK(parse("interface a.b type T (a: ?T)"));
	CHECK_OK(parse("interface a.b type T ()"));
	check_refused("interface a.b\n\ntype T (a: Unknown)", 3);
	check_refused("interface a.b type T (a: ??int)", 1);
	check_refused("interface a.b type T (a: [int]int)", 1);
	check_refused("interface a.b type T (a: [)", 1);
	check_refused("interface a.b type T (a: [])", 1);
	check_refused("interface a.b type T (a: )", 1);
	check_refused("interface a.b type T (a int)", 1);
	check_refused("interface a.b type T (a: int b: int)", 1);
	check_refused("interface a.b type T (a: int,)", 1);
	check_refused("interface a.b type T (, a: int)", 1);
	check_refused("interface a.b type T (a: int, b)", 1);
	check_refused("interface a.b type T (a, b: int)", 1);
	check_refused("interface a.b type T (a: int", 1);
	check_refused("interface a.b type T a: int)", 1);
	check_refused("interface a.b type T int", 1);
	check_refused("interface a.b type T (a: integer)", 1);
	check_refused("interface a.b type T (a: int)\n)", 2);
	check_refused("interface a.b type T (a: int) $", 1);
}

TEST(methods_and_errors_have_their_form)
{
	CHECK_OK(parse("interface a.b method M(a: int) -> (b: int) error E (c: int)"));
	check_refused("interface a.b method M(a: int)", 1);
	check_refused("interface a.b method M() - > ()", 1);
	check_refused("interface a.b method M() -> ", 1);
	check_refused("interface a.b method M(a) -> ()", 1);
	check_refused("interface a.b method M() -> (a, b)", 1);
	check_refused("interface a.b error E", 1);
	check_refused("interface a.b error E (a)", 1);
	check_refused("interface a.b procedure M() -> ()", 1);
}

TEST(each_name_is_there_once)
{
	check_refused("interface a.b\ntype T (a: int)\nmethod T() -> ()", 3);
	check_refused("interface a.b type T (a: int, a: string)", 1);
	check_refused("interface a.b type T (a, a)", 1);
}

/* A definition with @n levels, fields or members. */
static char *repeat(const char *start, const char *format, int n, const char *end)
{
	size_t size = strlen(start) + strlen(end) + (size_t)n * (strlen(format) + 16) + 1;
	char *text = calloc(1, size);
	size_t len = strlen(start);

	CHECK(text);
	memcpy(text, start, len);
	for (int i = 0; i < n; i++) {
		char part[64];
		size_t used = strcspn(format, "%");

		memcpy(part, format, used);
		if (format[used] == '%')
			used += (size_t)snprintf(part + used, sizeof(part) - used, "%d%s", i,
						 format + used + 1);
		memcpy(text + len, part, used);
		len += used;
	}
	memcpy(text + len, end, strlen(end));
	return text;
}

static void check_limit(const char *start, const char *format, const char *end, int max)
{
	CLEANUP(freep) char *fits = repeat(start, format, max, end);
	CLEANUP(freep) char *too_much = repeat(start, format, max + 1, end);

	CHECK_OK(parse(fits));
	CHECK_STATUS(parse(too_much), KC_ERR_DECODE);
}

TEST(depth_and_counts_end_at_their_limits)
{
	/* The last field's type is a level of its own. */
	check_limit("interface a.b type T (a: ", "[]", "int)", IDL_DEPTH_MAX - 1);
	check_limit("interface a.b type T (z: int", ",a%: int", ")", IDL_FIELDS_MAX - 1);
	check_limit("interface a.b type T (z", ",a%", ")", IDL_FIELDS_MAX - 1);
	check_limit("interface a.b ", "error E% () ", "", IDL_MEMBERS_MAX);
}

TEST(length_ends_at_its_limit)
{
	CLEANUP(freep) char *text = calloc(1, IDL_TEXT_MAX + 2);

	CHECK(text);
	memset(text, ' ', IDL_TEXT_MAX);
	memcpy(text, "interface a.b", 13);
	CHECK_OK(parse(text));
	text[IDL_TEXT_MAX] = ' ';
	check_refused(text, 1);
}

/* The field that does not fit, "" when all do. */
static const char *check_input(const char *text)
{
	static char name[64];
	CLEANUP(idl_done) struct idl *idl = NULL;
	CLEANUP(field_free) struct json_object *parameters = NULL;
	const char *parameter = NULL;

	error_clear();
	CHECK_OK(idl_parse(fixture_description, &idl));
	CHECK_OK(message_parse(view_of_text(text), &parameters));
	if (idl_check(idl, "Types", IDL_INPUT, parameters, &parameter) == KC_OK)
		return "";
	CHECK(snprintf(name, sizeof(name), "%s", parameter) > 0);
	return name;
}

#define HEAD "{\"a_bool\":true,\"an_int\":1,\"a_float\":1.5,\"a_string\":\"s\","
#define BODY "\"an_object\":{\"x\":[1]},\"a_list\":[\"a\"],\"a_map\":{\"k\":1},\"an_enum\":\"two\","
#define TAIL "\"a_struct\":{\"name\":\"n\"}"

TEST(what_fits_fits)
{
	CHECK_TEXT(check_input(HEAD BODY TAIL "}"), "");
	CHECK_TEXT(check_input(HEAD BODY TAIL ",\"a_nullable\":null}"), "");
	CHECK_TEXT(check_input(HEAD BODY TAIL ",\"a_nullable\":[null,{\"name\":\"a\","
					      "\"value\":null}]}"),
		   "");
	CHECK_TEXT(check_input(HEAD BODY TAIL ",\"a_tree\":{\"label\":\"a\",\"children\":[{"
					      "\"label\":\"b\",\"children\":[]}]}}"),
		   "");
	CHECK_TEXT(check_input(HEAD BODY TAIL ",\"a_colour\":\"red\"}"), "");
	/* A float may come as an integer. */
	CHECK_TEXT(
		check_input(
			"{\"a_bool\":true,\"an_int\":1,\"a_float\":1,\"a_string\":\"s\"," BODY TAIL
			"}"),
		"");
}

TEST(what_does_not_fit_is_named)
{
	static const struct {
		const char *more;
		const char *offender;
	} rows[] = {
		/* json-c keeps the last value of a field that is there twice */
		{"\"a_bool\":1", "a_bool"},
		{"\"a_bool\":null", "a_bool"},
		{"\"an_int\":1.0", "an_int"},
		{"\"an_int\":\"1\"", "an_int"},
		{"\"a_float\":\"1\"", "a_float"},
		{"\"a_string\":1", "a_string"},
		{"\"an_object\":[]", "an_object"},
		{"\"a_list\":{}", "a_list"},
		{"\"a_list\":[\"a\",1]", "a_list"},
		{"\"a_list\":[null]", "a_list"},
		{"\"a_map\":[]", "a_map"},
		{"\"a_map\":{\"k\":\"v\"}", "a_map"},
		{"\"an_enum\":\"three\"", "an_enum"},
		{"\"an_enum\":1", "an_enum"},
		{"\"a_struct\":{}", "name"},
		{"\"a_struct\":[]", "a_struct"},
		{"\"a_struct\":{\"name\":\"n\",\"value\":true}", "value"},
		{"\"a_struct\":{\"name\":\"n\",\"other\":1}", "other"},
		{"\"a_nullable\":[{\"name\":1}]", "name"},
		{"\"a_nullable\":{}", "a_nullable"},
		{"\"a_tree\":{\"label\":\"a\",\"children\":[{\"label\":\"b\"}]}", "children"},
		{"\"a_colour\":\"blue\"", "a_colour"},
		{"\"unknown\":1", "unknown"},
		{"\"unknown\":null", "unknown"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[512];

		CHECK(snprintf(text, sizeof(text), HEAD BODY TAIL ",%s}", rows[i].more) > 0);
		if (strcmp(check_input(text), rows[i].offender) != 0)
			test_fail(__FILE__, __LINE__, "%s: %s is blamed", rows[i].more,
				  check_input(text));
	}
	CHECK_TEXT(check_input("{}"), "a_bool");
}

TEST(no_parameters_are_an_empty_object)
{
	CLEANUP(idl_done) struct idl *idl = NULL;
	const char *parameter = NULL;

	CHECK_OK(idl_parse(fixture_description, &idl));
	CHECK_OK(idl_check(idl, "Wait", IDL_INPUT, NULL, &parameter));
	CHECK_OK(idl_check(idl, "Wait", IDL_OUTPUT, NULL, &parameter));
	CHECK_STATUS(idl_check(idl, "Echo", IDL_INPUT, NULL, &parameter), KC_ERR_PARAM);
	CHECK_TEXT(parameter, "text");
	CHECK_STATUS(idl_check(idl, "Absent", IDL_INPUT, NULL, &parameter), KC_ERR_PARAM);
}
