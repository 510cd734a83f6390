/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Driver manifests: what is accepted, and what each refusal tells the author. */
#include <stdio.h>
#include <string.h>

#include "base/try.h"
#include "harness/test.h"
#include "tokens/manifest.h"

#define GOOD                                                                                       \
	"{\"class_id\":\"org.example.card\",\"name\":\"Example\",\"type\":\"smartcard\","          \
	"\"executable\":\"keycask-driver-example\",\"aids\":[\"a000000308\"]}"

TEST(a_good_manifest_is_read_whole)
{
	CLEANUP(manifest_freep) struct manifest *manifest = NULL;

	CHECK_OK(manifest_parse(view_of_text(GOOD), NULL, &manifest));
	CHECK_TEXT(manifest->class_id, "org.example.card");
	CHECK_TEXT(manifest->name, "Example");
	CHECK_TEXT(manifest->executable, "keycask-driver-example");
	CHECK_INT(manifest->n_aids, 1);
	CHECK_TEXT(manifest->aids[0], "A000000308");
	CHECK(manifest->is_enabled);
}

/* GOOD with the first @from replaced by @to. */
static void change(const char *from, const char *to, char *text, size_t size)
{
	const char *at = strstr(GOOD, from);

	CHECK(at);
	CHECK((size_t)snprintf(text, size, "%.*s%s%s", (int)(at - GOOD), GOOD, to,
			       at + strlen(from)) < size);
}

TEST(each_mistake_is_named)
{
	static const struct {
		const char *from;
		const char *to;
		const char *message;
	} cases[] = {
		{"\"class_id\":\"org.example.card\",", "", "\"class_id\" is missing"},
		{"org.example.card", "card", "reverse domain name"},
		{"org.example.card", "org.example/card", "\"class_id\" may hold"},
		{"org.example.card", "", "1 to 63 characters"},
		{"\"Example\"", "7", "\"name\" is missing or no text"},
		{"\"Example\"", "\"a\\u0007b\"", "printable"},
		{"smartcard", "persistent", "\"type\" must be \"smartcard\""},
		{"keycask-driver-example", "../sh", "the name of a file, not its path"},
		{"\"a000000308\"", "\"a000000308\",\"A000000308\"",
		 "\"aids\" has A000000308 twice"},
		{"[\"a000000308\"]", "\"a000000308\"", "no array"},
		{"a000000308", "a0000003", "5 to 16 bytes"},
		{"a000000308", "a00000030", "5 to 16 bytes"},
		{"a000000308", "a0000003080000100001000000000000ff", "5 to 16 bytes"},
		{"\"a000000308\"", "17", "hexadecimal texts"},
		{"\"name\"", "\"nmae\"", "unknown key \"nmae\", did you mean \"name\"?"},
		{"}", "", "JSON object that does not end"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct manifest *manifest = NULL;
		char text[512];

		change(cases[i].from, cases[i].to, text, sizeof(text));
		error_clear();
		CHECK_STATUS(manifest_parse(view_of_text(text), NULL, &manifest), KC_ERR_DECODE);
		if (!strstr(error_get()->message, cases[i].message))
			test_fail(__FILE__, __LINE__, "case %zu says \"%s\"", i,
				  error_get()->message);
		CHECK(!manifest);
	}
}

TEST(more_aids_than_allowed_are_refused)
{
	struct manifest *manifest = NULL;
	char aids[MANIFEST_AIDS_MAX * 16 + 32] = "[\"a000000308\"";
	char text[1024];

	for (int i = 0; i < MANIFEST_AIDS_MAX; i++)
		strncat(aids, ",\"a000000308\"", sizeof(aids) - strlen(aids) - 1);
	strncat(aids, "]", sizeof(aids) - strlen(aids) - 1);
	change("[\"a000000308\"]", aids, text, sizeof(text));
	CHECK_STATUS(manifest_parse(view_of_text(text), NULL, &manifest), KC_ERR_DECODE);
}

TEST(no_aid_is_a_driver_for_the_bare_card)
{
	CLEANUP(manifest_freep) struct manifest *manifest = NULL;
	char text[512];

	change("[\"a000000308\"]", "[]", text, sizeof(text));
	CHECK_OK(manifest_parse(view_of_text(text), NULL, &manifest));
	CHECK_INT(manifest->n_aids, 0);
}

TEST(all_mistakes_are_told_at_once)
{
	static const char text[] = "{\"class_id\":\"x\",\"nmae\":\"Y\",\"type\":\"card\","
				   "\"executable\":\"/bin/x\",\"aids\":\"A0\"}";
	static const char *const expected[] = {
		"unknown key \"nmae\"", "\"class_id\"", "\"name\"", "\"type\"",
		"\"executable\"",	"\"aids\""};
	struct manifest_problems problems = {.n = 0};
	struct manifest *manifest = NULL;

	CHECK_STATUS(manifest_parse(view_of_text(text), &problems, &manifest), KC_ERR_DECODE);
	CHECK_INT(problems.n, ARRAY_LEN(expected));
	for (size_t i = 0; i < ARRAY_LEN(expected); i++)
		CHECK(strstr(problems.texts[i], expected[i]));
	CHECK_TEXT(error_get()->message, problems.texts[0]);
}
