/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Adding: reference/keychain.md 2.7, defaults and uniqueness of 1.3 to 1.6. */
#include "base/try.h"
#include "harness/test.h"
#include "items/scene.h"

#define MAIL "{\"class\":\"generic_password\",\"service\":\"mail\"}"

static void check_same(char *actual, const char *expected)
{
	CHECK_TEXT(actual, expected);
	free(actual);
}

TEST(add_and_find_again)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	CHECK(!scene_add(&scene, KC_OK,
			 "{\"class\":\"generic_password\",\"service\":\"mail\",\"account\":\"jo\"}",
			 "geheim"));
	check_same(scene_data(&scene, MAIL), "geheim");
	scene_restart(&scene);
	check_same(scene_data(&scene, MAIL), "geheim");
	check_same(scene_text(&scene, MAIL, "account"), "jo");
	CHECK_INT(scene_count(&scene, "{\"class\":\"generic_password\",\"account\":\"Jo\"}"), 0);
	CHECK_INT(scene_count(&scene, "{\"class\":\"internet_password\",\"account\":\"jo\"}"), 0);
	scene_delete(&scene, KC_OK, MAIL);
	CHECK_INT(scene_count(&scene, MAIL), 0);
}
