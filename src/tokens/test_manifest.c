/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Driver manifests: what is accepted, and what each refusal tells the author. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/try.h"
#include "harness/test.h"
#include "tokens/manifest.h"

#define GOOD                                                                                       \
	"{\"class_id\":\"org.example.card\",\"name\":\"Example\",\"type\":\"smartcard\","          \
	"\"executable\":\"keycask-driver-example\",\"aids\":[\"a000000308\"]}"

TEST(a_good_manifest_is_read_whole)
{
	CLEANUP(manifest_freep) struct manifest *manifest = NULL;

	CHECK_OK(manifest_parse(view_of_text(GOOD), &manifest));
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
		{"keycask-driver-example", "../sh", "\"executable\" may hold"},
		{"[\"a000000308\"]", "[]", "\"aids\" is empty"},
		{"[\"a000000308\"]", "\"a000000308\"", "no array"},
		{"a000000308", "a0000003", "5 to 16 bytes"},
		{"a000000308", "a00000030", "5 to 16 bytes"},
		{"a000000308", "a0000003080000100001000000000000ff", "5 to 16 bytes"},
		{"\"a000000308\"", "17", "hexadecimal texts"},
		{"\"name\"", "\"nmae\"", "unknown key \"nmae\""},
		{"}", "", "message that does not end"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct manifest *manifest = NULL;
		char text[512];

		change(cases[i].from, cases[i].to, text, sizeof(text));
		error_clear();
		CHECK_STATUS(manifest_parse(view_of_text(text), &manifest), KC_ERR_DECODE);
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
	CHECK_STATUS(manifest_parse(view_of_text(text), &manifest), KC_ERR_DECODE);
}

static void write_file(const char *name, const char *text)
{
	char path[512];
	FILE *file = NULL;

	snprintf(path, sizeof(path), "%s/%s", test_directory(), name);
	file = fopen(path, "w");
	CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static const struct manifest *nth(const struct manifest_set *set, size_t n)
{
	list_for_each (link, &set->manifests) {
		if (n-- == 0)
			return list_entry(link, struct manifest, link);
	}
	test_fail(__FILE__, __LINE__, "no such manifest");
}

TEST(a_folder_gives_good_ones_in_order_and_broken_ones_with_a_reason)
{
	CLEANUP(manifest_set_done) struct manifest_set set;

	write_file("b.json", GOOD);
	write_file("a.json", "{\"class_id\":");
	write_file("c.json", GOOD);
	write_file("notes.txt", "no manifest");
	CHECK_OK(manifest_set_load(test_directory(), &set));
	CHECK_TEXT(nth(&set, 0)->class_id, "a");
	CHECK(!nth(&set, 0)->is_enabled && nth(&set, 0)->reason[0]);
	CHECK(nth(&set, 1)->is_enabled);
	CHECK(!nth(&set, 2)->is_enabled);
	CHECK(strstr(nth(&set, 2)->reason, "belongs to"));
}

TEST(a_folder_that_is_not_there_is_empty)
{
	struct manifest_set set;

	CHECK_OK(manifest_set_load("/nonexistent", &set));
	CHECK(list_is_empty(&set.manifests));
}
