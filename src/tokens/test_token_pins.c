/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What drivers say of PINs: found by name and role, nonsense left out. */
#include <string.h>

#include "harness/test.h"
#include "tokens/token_pins.h"

#define PIN(id, role, more)                                                                        \
	"{\"pin_id\":\"" id "\",\"label\":\"the " id "\",\"role\":\"" role                         \
	"\",\"min_length\":6,\"max_length\":8,\"is_numeric\":true," more "}"
#define PUK   PIN("puk", "unblocking", "\"unblocked_by\":[]")
#define ADMIN PIN("so", "admin", "\"unblocked_by\":[]")
#define USER  PIN("pin", "user", "\"unblocked_by\":[\"puk\",\"so\"]")

static struct token_pins read_all(const char *text)
{
	struct json_object *array = json_tokener_parse(text);
	struct token_pins pins;

	token_pins_read(array, &pins);
	json_object_put(array);
	return pins;
}

TEST(pins_are_found_by_name_and_by_role)
{
	struct token_pins pins = read_all("[" PUK "," USER "," ADMIN "]");

	CHECK_INT(pins.n_pins, 3);
	CHECK_TEXT(token_pins_find(&pins, NULL)->pin_id, "pin");
	CHECK_TEXT(token_pins_find(&pins, "user")->pin_id, "pin");
	CHECK_TEXT(token_pins_find(&pins, "puk")->label, "the puk");
	CHECK_TEXT(token_pins_find(&pins, "unblocking")->pin_id, "puk");
	CHECK_TEXT(token_pins_find(&pins, "admin")->pin_id, "so");
	CHECK(token_pins_find(&pins, "other") == NULL);
	CHECK(token_pins_find(&pins, "") == NULL);
}

TEST(what_unblocks_is_what_the_pin_says)
{
	struct token_pins pins = read_all("[" USER "," PUK "," ADMIN "]");
	const struct token_pin *user = token_pins_find(&pins, NULL);

	CHECK_TEXT(token_pins_find_unblocker(&pins, user, NULL)->pin_id, "puk");
	CHECK_TEXT(token_pins_find_unblocker(&pins, user, "admin")->pin_id, "so");
	CHECK(token_pins_find_unblocker(&pins, user, "pin") == NULL);
	CHECK(token_pins_find_unblocker(&pins, token_pins_find(&pins, "puk"), NULL) == NULL);
	pins = read_all("[" USER "]");
	CHECK(token_pins_find_unblocker(&pins, token_pins_find(&pins, NULL), NULL) == NULL);
}

TEST(nonsense_is_left_out)
{
	static const char *const cases[] = {
		"{}",
		"3",
		PIN("", "user", "\"unblocked_by\":[]"),
		PIN("an-identifier-that-is-much-too-long", "user", "\"unblocked_by\":[]"),
		PIN("pin", "owner", "\"unblocked_by\":[]"),
		PIN("pin", "user", "\"unblocked_by\":[\"a\",\"b\",\"c\",\"d\",\"e\"]"),
		PIN("pin", "user", "\"unblocked_by\":[\"\"]"),
		"{\"pin_id\":\"pin\",\"label\":\"\",\"role\":\"user\",\"min_length\":6,"
		"\"max_length\":8}",
		"{\"pin_id\":\"pin\",\"label\":\"x\",\"role\":\"user\",\"min_length\":9,"
		"\"max_length\":8}",
		"{\"pin_id\":\"pin\",\"label\":\"x\",\"role\":\"user\",\"min_length\":0,"
		"\"max_length\":256}",
		"{\"pin_id\":\"pin\",\"label\":\"x\",\"role\":\"user\"}",
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[1024] = "[";
		struct token_pins pins;

		strncat(text, cases[i], sizeof(text) - 16);
		strncat(text, "]", 2);
		pins = read_all(text);
		if (pins.n_pins != 0)
			test_fail(__FILE__, __LINE__, "case %zu is believed", i);
	}
	CHECK_INT(read_all("[" PUK ",{}," USER "]").n_pins, 2);
	CHECK_INT(read_all("[" USER "," USER "," USER "," USER "," USER "," USER "," USER "," USER
			   "," USER "]")
			  .n_pins,
		  TOKEN_PINS_MAX);
}

TEST(a_token_without_pins_has_none)
{
	struct token_pins pins;

	token_pins_read(NULL, &pins);
	CHECK(token_pins_find(&pins, NULL) == NULL);
}
