/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Deleting: reference/keychain.md 2.10, and the column of 4.2. */
#include <stdlib.h>

#include "base/try.h"
#include "harness/test.h"
#include "items/sample.h"
#include "items/scene.h"

#define GENERIC "{\"class\":\"generic_password\""
#define MAIL	GENERIC ",\"service\":\"mail\"}"

static void add(struct scene *scene, const char *dictionary)
{
	CHECK(!scene_add(scene, KC_OK, dictionary, "x"));
}

static void refuse(struct scene *scene, enum kc_status expected, const char *query,
		   const char *message)
{
	scene_delete(scene, expected, query);
	scene_said(message);
}

TEST(delete_all_that_match)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	add(&scene, GENERIC ",\"service\":\"mail\",\"account\":\"1\"}");
	add(&scene, GENERIC ",\"service\":\"mail\",\"account\":\"2\"}");
	add(&scene, GENERIC ",\"service\":\"web\",\"account\":\"1\"}");
	scene_delete(&scene, KC_OK, MAIL);
	CHECK_INT(scene_count(&scene, GENERIC "}"), 1);
	refuse(&scene, KC_ERR_ITEM_NOT_FOUND, MAIL, "no generic_password matches");
	scene_restart(&scene);
	CHECK_INT(scene_count(&scene, GENERIC "}"), 1);
	/* What is to be returned does no harm. */
	scene_delete(&scene, KC_OK, GENERIC ",\"return_data\":true}");
	CHECK_INT(scene_count(&scene, GENERIC "}"), 0);
}

TEST(delete_refuses_what_is_no_query)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	add(&scene, MAIL);
	refuse(&scene, KC_ERR_PARAM, "{}", "\"class\"");
	refuse(&scene, KC_ERR_PARAM, GENERIC ",\"match_limit\":\"all\"}", "match_limit");
	refuse(&scene, KC_ERR_PARAM, GENERIC ",\"match_trusted_only\":true}", "match_trusted_only");
	refuse(&scene, KC_ERR_NO_SUCH_ATTR, GENERIC ",\"server\":\"mail\"}", "server");
	refuse(&scene, KC_ERR_NO_SUCH_ATTR, "{\"class\":\"certificate\",\"application_tag\":\"\"}",
	       "application_tag");
	refuse(&scene, KC_ERR_PARAM, GENERIC ",\"access_control\":\"none\"}", "access_control");
	refuse(&scene, KC_ERR_PARAM, GENERIC ",\"use_authentication_ui\":\"skip\"}", "skip");
	refuse(&scene, KC_ERR_PARAM, GENERIC ",\"return_data\":\"yes\"}", "return_data");
	CHECK_INT(scene_count(&scene, GENERIC "}"), 1);
}

TEST(delete_stays_within_groups)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	add(&scene, MAIL);
	scene.request.caller.groups++;
	scene.request.caller.n_groups--;
	refuse(&scene, KC_ERR_ITEM_NOT_FOUND, MAIL, "matches");
	refuse(&scene, KC_ERR_MISSING_ENTITLEMENT, GENERIC ",\"access_group\":\"own\"}", "own");
	scene.request.caller.n_groups = 0;
	refuse(&scene, KC_ERR_MISSING_ENTITLEMENT, MAIL, "no access group");
	scene.request.caller.groups--;
	scene.request.caller.n_groups = 2;
	CHECK_INT(scene_count(&scene, MAIL), 1);
}

/* reference/keychain.md 3.3: nobody writes the token group. */
TEST(delete_nothing_of_a_token)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(sample_done) struct sample sample = {.n = 0};
	CLEANUP(freep) char *reference = NULL;

	sample_add_key(&sample, "k", "k", "pin");
	CHECK_OK(engine_publish(scene.engine, "t:1", sample.items, sample.n));
	reference = scene_reference(&scene, "{\"class\":\"key\"}");
	refuse(&scene, KC_ERR_ITEM_NOT_FOUND, "{\"class\":\"key\"}", "matches");
	refuse(&scene, KC_ERR_ITEM_NOT_FOUND, "{\"class\":\"key\",\"token_id\":\"t:1\"}",
	       "matches");
	refuse(&scene, KC_ERR_ITEM_NOT_FOUND, reference, "on a token");
	refuse(&scene, KC_ERR_MISSING_ENTITLEMENT,
	       "{\"class\":\"key\",\"access_group\":\"org.keycask.token\"}", "nobody writes");
	CHECK_INT(scene_count(&scene, "{\"class\":\"key\"}"), 1);
}

/* No key is needed, and nothing has to be proved. */
TEST(delete_while_locked)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	scene_set_password(&scene, "pw");
	add(&scene, MAIL);
	add(&scene, GENERIC ",\"access_control\":{\"accessible\":\"when_unlocked\",\"flags\":"
			    "[\"user_presence\"]}}");
	scene_restart(&scene);
	scene_delete(&scene, KC_OK, MAIL);
	scene_delete(&scene, KC_OK, GENERIC "}");
	scene_unlock(&scene, "pw");
	CHECK_INT(scene_count(&scene, GENERIC "}"), 0);
}

TEST(delete_what_is_damaged)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(freep) char *reference = NULL;

	add(&scene, MAIL);
	add(&scene, GENERIC ",\"service\":\"web\"}");
	reference = scene_reference(&scene, GENERIC ",\"service\":\"web\"}");
	scene_run(&scene, "UPDATE file.generic_passwords SET attributes = x'', protection = 99");
	CHECK_INT(scene_count(&scene, GENERIC "}"), 0);
	scene_delete(&scene, KC_OK, MAIL);
	scene_delete(&scene, KC_OK, reference);
	refuse(&scene, KC_ERR_ITEM_NOT_FOUND, GENERIC "}", "matches");
}
