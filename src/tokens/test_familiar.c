/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tokens/familiar.h"

#include <stdio.h>

#include "harness/test.h"
#include "wire/field.h"

static struct json_object *aids(const char *text)
{
	return json_tokener_parse(text);
}

static void note(struct familiar *familiar, const char *atr, const char *text)
{
	CLEANUP(field_free) struct json_object *answered = aids(text);

	familiar_note(familiar, atr, answered);
}

/* "none" or the AIDs, with their brackets. */
static const char *found(const struct familiar *familiar, const char *atr)
{
	CLEANUP(field_free) struct json_object *wanted = aids("[\"A0\", \"D2\", \"E8\"]");
	CLEANUP(field_free) struct json_object *guess = familiar_find(familiar, atr, wanted);
	static char text[64];

	(void)snprintf(text, sizeof(text), "%s",
		       guess ? json_object_to_json_string_ext(guess, JSON_C_TO_STRING_PLAIN)
			     : "none");
	return text;
}

TEST(what_a_card_had_is_asked_for_first)
{
	CLEANUP(familiar_done) struct familiar familiar = {0};

	CHECK_TEXT(found(&familiar, "3B"), "none");
	note(&familiar, "3B", "[\"D2\"]");
	CHECK_TEXT(found(&familiar, "3B"), "[\"D2\"]");
	CHECK_TEXT(found(&familiar, "3B00"), "none");
	CHECK_TEXT(found(&familiar, NULL), "none");
	note(&familiar, "3B", "[\"E8\", \"A0\"]");
	CHECK_TEXT(found(&familiar, "3B"), "[\"A0\",\"E8\"]"); /* in configured order */
}

TEST(a_guess_that_is_no_help_is_none)
{
	CLEANUP(familiar_done) struct familiar familiar = {0};

	note(&familiar, "3B", "[\"A0\", \"D2\", \"E8\"]");
	CHECK_TEXT(found(&familiar, "3B"), "none"); /* all of them */
	note(&familiar, "3B", "[\"FF\"]");
	CHECK_TEXT(found(&familiar, "3B"), "none"); /* of a driver that is gone */
	note(&familiar, "3B", "[]");
	note(&familiar, NULL, "[\"A0\"]");
	CHECK_TEXT(found(&familiar, "3B"), "none");
}

TEST(the_table_is_bounded)
{
	CLEANUP(familiar_done) struct familiar familiar = {0};
	char atr[16];

	for (unsigned i = 0; i <= FAMILIAR_MAX; i++) {
		(void)snprintf(atr, sizeof(atr), "%u", i);
		note(&familiar, atr, "[\"A0\"]");
	}
	CHECK_TEXT(found(&familiar, "0"), "none");
	CHECK_TEXT(found(&familiar, "1"), "[\"A0\"]");
	CHECK_TEXT(found(&familiar, atr), "[\"A0\"]");
}
