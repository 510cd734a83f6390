/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changing: reference/keychain.md 2.9, and the column of 4.2. */
#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "harness/test.h"
#include "items/sample.h"
#include "items/scene.h"

#define GENERIC "{\"class\":\"generic_password\""
#define MAIL	GENERIC ",\"service\":\"mail\"}"
#define WEB	GENERIC ",\"service\":\"web\"}"

static void add(struct scene *scene, const char *dictionary)
{
	CHECK(!scene_add(scene, KC_OK, dictionary, "x"));
}

static void refuse(struct scene *scene, enum kc_status expected, const char *query,
		   const char *changes, const char *message)
{
	scene_update(scene, expected, query, changes);
	scene_said(message);
}

TEST(update_changes_attributes)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(freep) char *before = NULL;
	CLEANUP(freep) char *after = NULL;

	add(&scene, MAIL);
	before = scene_reference(&scene, MAIL);
	scene_update(&scene, KC_OK, MAIL, "{\"label\":\"Post\",\"account\":\"jo\"}");
	scene_same(scene_text(&scene, MAIL, "label"), "Post");
	scene_same(scene_text(&scene, GENERIC ",\"account\":\"jo\"}", "service"), "mail");
	CHECK_INT(scene_count(&scene, GENERIC ",\"account\":\"\"}"), 0);
	scene_same(scene_data(&scene, MAIL), "x");
	after = scene_reference(&scene, MAIL);
	CHECK_TEXT(after, before);
	scene_update(&scene, KC_OK, before, "{\"label\":\"again\"}");
	scene_restart(&scene);
	scene_same(scene_text(&scene, before, "label"), "again");
}

TEST(update_changes_data)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	add(&scene, MAIL);
	scene_update_data(&scene, KC_OK, MAIL, "{\"value_data\":\"eQ==\"}", "y");
	scene_same(scene_data(&scene, MAIL), "y");
	CHECK(!scene_add(&scene, KC_OK, WEB, NULL));
	scene_update(&scene, KC_OK, WEB, "{\"comment\":\"still none\"}");
	CHECK(!scene_data(&scene, WEB));
	scene_update_data(&scene, KC_OK, WEB, "{}", "z");
	scene_same(scene_data(&scene, WEB), "z");
}

TEST(update_sets_dates)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	add(&scene, MAIL);
	scene_update(&scene, KC_OK, MAIL,
		     "{\"creation_date\":\"1999-01-01T00:00:00Z\","
		     "\"modification_date\":\"1999-01-01T00:00:00Z\"}");
	scene_same(scene_text(&scene, MAIL, "creation_date"), "1999-01-01T00:00:00Z");
	CHECK_INT(scene_count(&scene, GENERIC ",\"modification_date\":\"1999-01-01T00:00:00Z\"}"),
		  0);
}

TEST(update_all_or_nothing)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	add(&scene, GENERIC ",\"service\":\"mail\",\"account\":\"1\"}");
	add(&scene, GENERIC ",\"service\":\"mail\",\"account\":\"2\"}");
	add(&scene, GENERIC ",\"service\":\"web\",\"account\":\"2\"}");
	scene_update(&scene, KC_OK, MAIL, "{\"label\":\"both\"}");
	CHECK_INT(scene_count(&scene, GENERIC ",\"label\":\"both\"}"), 2);
	/* The second one collides, and so the first one stays as it was. */
	refuse(&scene, KC_ERR_DUPLICATE_ITEM, MAIL, "{\"service\":\"web\"}", "already");
	CHECK_INT(scene_count(&scene, MAIL), 2);
	/* With each other. */
	refuse(&scene, KC_ERR_DUPLICATE_ITEM, MAIL, "{\"account\":\"3\"}", "already");
	CHECK_INT(scene_count(&scene, GENERIC ",\"account\":\"3\"}"), 0);
	refuse(&scene, KC_ERR_ITEM_NOT_FOUND, GENERIC ",\"service\":\"none\"}", "{}", "matches");
}

TEST(update_refuses_wrong_queries)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	add(&scene, MAIL);
	refuse(&scene, KC_ERR_PARAM, "{}", "{}", "\"class\"");
	refuse(&scene, KC_ERR_PARAM, GENERIC ",\"match_limit\":\"all\"}", "{}", "match_limit");
	refuse(&scene, KC_ERR_PARAM, GENERIC ",\"return_ref\":true}", "{}", "return_ref");
	refuse(&scene, KC_ERR_PARAM, GENERIC ",\"use_authentication_ui\":\"skip\"}", "{}", "skip");
	refuse(&scene, KC_ERR_NO_SUCH_ATTR, GENERIC ",\"path\":\"x\"}", "{}", "path");
	scene_update(&scene, KC_OK, GENERIC ",\"return_ref\":false,\"value_data\":\"\"}", "{}");
}

TEST(update_refuses_wrong_changes)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	add(&scene, MAIL);
	refuse(&scene, KC_ERR_PARAM, MAIL, "[]", "object");
	refuse(&scene, KC_ERR_NO_SUCH_ATTR, MAIL, "{\"path\":\"x\"}", "path");
	refuse(&scene, KC_ERR_NO_SUCH_ATTR, MAIL, "{\"class\":\"generic_password\"}", "class");
	refuse(&scene, KC_ERR_NO_SUCH_ATTR, MAIL, "{\"return_data\":true}", "return_data");
	refuse(&scene, KC_ERR_NO_SUCH_ATTR, MAIL, "{\"match_limit\":1}", "match_limit");
	refuse(&scene, KC_ERR_NO_SUCH_ATTR, MAIL, "{\"use_authentication_context\":\"x\"}", "use_");
	refuse(&scene, KC_ERR_PARAM, MAIL, "{\"value_ref\":\"AA==\"}", "value_ref");
	refuse(&scene, KC_ERR_NO_SUCH_ATTR, MAIL, "{\"value_persistent_ref\":\"AA==\"}", "value_p");
	refuse(&scene, KC_ERR_NO_SUCH_ATTR, MAIL, "{\"use_nothing\":true}", "use_nothing");
	refuse(&scene, KC_ERR_PARAM, MAIL, "{\"value_data\":null}", "value_data");
	refuse(&scene, KC_ERR_PARAM, MAIL, "{\"label\":1}", "label");
	refuse(&scene, KC_ERR_PARAM, MAIL, "{\"label\":null}", "label");
	refuse(&scene, KC_ERR_PARAM, MAIL, "{\"token_id\":\"t\"}", "token_id");
	refuse(&scene, KC_ERR_PARAM, MAIL, "{\"accessible\":\"never\"}", "accessible");
	refuse(&scene, KC_ERR_PARAM, MAIL, "{\"synchronizable\":\"any\"}", "synchronizable");
}

/* reference/keychain.md 2.6, 2.9, 4.2: many items from one group to another, and their references.
 */
TEST(update_moves_between_groups)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(freep) char *reference = NULL;

	add(&scene, MAIL);
	add(&scene, WEB);
	reference = scene_reference(&scene, MAIL);
	refuse(&scene, KC_ERR_MISSING_ENTITLEMENT, GENERIC "}", "{\"access_group\":\"foreign\"}",
	       "foreign");
	refuse(&scene, KC_ERR_MISSING_ENTITLEMENT, GENERIC "}",
	       "{\"access_group\":\"org.keycask.token\"}", "nobody writes");
	refuse(&scene, KC_ERR_MISSING_ENTITLEMENT, GENERIC ",\"access_group\":\"foreign\"}", "{}",
	       "foreign");
	scene_update(&scene, KC_OK, GENERIC "}", "{\"access_group\":\"other\"}");
	CHECK_INT(scene_count(&scene, GENERIC ",\"access_group\":\"other\"}"), 2);
	scene_same(scene_text(&scene, reference, "service"), "mail");
	scene.request.caller.n_groups = 1; /* "own" */
	refuse(&scene, KC_ERR_ITEM_NOT_FOUND, GENERIC "}", "{\"access_group\":\"own\"}", "matches");
	scene.request.caller.n_groups = 0;
	refuse(&scene, KC_ERR_MISSING_ENTITLEMENT, GENERIC "}", "{}", "no access group");
}

TEST(update_nothing_of_a_token)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(sample_done) struct sample sample = {.n = 0};
	CLEANUP(freep) char *reference = NULL;

	sample_add_key(&sample, "k", "k", "pin");
	CHECK_OK(engine_publish(scene.engine, "t:1", sample.items, sample.n));
	reference = scene_reference(&scene, "{\"class\":\"key\"}");
	refuse(&scene, KC_ERR_ITEM_NOT_FOUND, "{\"class\":\"key\"}", "{\"label\":\"x\"}",
	       "matches");
	refuse(&scene, KC_ERR_ITEM_NOT_FOUND, reference, "{\"label\":\"x\"}", "on a token");
	refuse(&scene, KC_ERR_MISSING_ENTITLEMENT,
	       "{\"class\":\"key\",\"access_group\":\"org.keycask.token\"}", "{\"label\":\"x\"}",
	       "nobody writes");
}

/* reference/keychain.md 4.4. */
TEST(update_while_locked)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	scene_set_password(&scene, "pw");
	add(&scene, MAIL);
	add(&scene, GENERIC ",\"service\":\"web\",\"accessible\":\"always\"}");
	scene_lock(&scene);
	refuse(&scene, KC_ERR_INTERACTION_NOT_ALLOWED, MAIL, "{\"label\":\"x\"}", "locked");
	refuse(&scene, KC_ERR_INTERACTION_NOT_ALLOWED, GENERIC "}", "{\"label\":\"x\"}", "locked");
	scene_update(&scene, KC_OK, WEB, "{\"label\":\"x\"}");
	refuse(&scene, KC_ERR_INTERACTION_NOT_ALLOWED, WEB, "{\"accessible\":\"when_unlocked\"}",
	       "locked");
	scene_unlock(&scene, "pw");
	CHECK_INT(scene_count(&scene, GENERIC ",\"label\":\"x\"}"), 1);
}

/* A change of protection seals anew, both ways. */
TEST(update_changes_the_protection)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	const char *item = GENERIC ",\"service\":\"mail\",\"return_data\":true}";

	scene_set_password(&scene, "pw");
	add(&scene, MAIL);
	scene_update(&scene, KC_OK, MAIL, "{\"accessible\":\"always\"}");
	scene_lock(&scene);
	scene_same(scene_data(&scene, MAIL), "x");
	scene_unlock(&scene, "pw");
	scene_update(&scene, KC_OK, MAIL,
		     "{\"access_control\":{\"accessible\":\"when_unlocked\"}}");
	scene_same(scene_text(&scene, MAIL, "accessible"), "when_unlocked");
	scene_lock(&scene);
	CHECK(!scene_copy(&scene, KC_ERR_INTERACTION_NOT_ALLOWED, item));
	scene_unlock(&scene, "pw");
	refuse(&scene, KC_ERR_PARAM, MAIL,
	       "{\"accessible\":\"always\",\"access_control\":{\"accessible\":\"when_unlocked\"}}",
	       "accessible");
	scene_update(&scene, KC_OK, MAIL, "{\"synchronizable\":true}");
	CHECK_INT(scene_count(&scene, GENERIC ",\"synchronizable\":true}"), 1);
	refuse(&scene, KC_ERR_PARAM, GENERIC ",\"synchronizable\":true}",
	       "{\"access_control\":{\"accessible\":\"when_unlocked\"}}", "synchronizable");
}

/* reference/keychain.md 4.6: adding one by update works, and so does taking it away. */
TEST(update_changes_access_control)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	add(&scene, MAIL);
	scene_update(&scene, KC_OK, MAIL,
		     "{\"access_control\":{\"accessible\":\"when_unlocked\","
		     "\"flags\":[\"user_presence\"]}}");
	CHECK(!scene_copy(&scene, KC_ERR_AUTHENTICATION_NEEDED, MAIL));
	refuse(&scene, KC_ERR_AUTHENTICATION_NEEDED, MAIL, "{\"label\":\"x\"}", "wants more");
	CHECK(scene.request.need.presence);
	refuse(&scene, KC_ERR_INTERACTION_NOT_ALLOWED,
	       GENERIC ",\"use_authentication_ui\":\"fail\"}", "{\"label\":\"x\"}", "asked");
	scene.request.proof.has_presence = true;
	/* Another class, the same flags. */
	scene_update(&scene, KC_OK, MAIL, "{\"accessible\":\"always\"}");
	scene.request.proof.has_presence = false;
	refuse(&scene, KC_ERR_AUTHENTICATION_NEEDED, MAIL, "{\"label\":\"x\"}", "wants more");
	scene.request.proof.has_presence = true;
	scene_update(&scene, KC_OK, MAIL, "{\"access_control\":{\"accessible\":\"always\"}}");
	scene.request.proof.has_presence = false;
	scene_same(scene_data(&scene, MAIL), "x");
}

TEST(update_gives_an_application_password)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	const char *changes = "{\"access_control\":{\"accessible\":\"when_unlocked\","
			      "\"flags\":[\"application_password\"]}}";

	add(&scene, MAIL);
	refuse(&scene, KC_ERR_AUTHENTICATION_NEEDED, MAIL, changes, "its own password");
	CHECK(scene.request.need.application_password);
	scene.request.proof.application_key = view_of_text("a stretched application password");
	scene_update(&scene, KC_OK, MAIL, changes);
	scene_same(scene_data(&scene, MAIL), "x");
	scene_update_data(&scene, KC_OK, MAIL, "{}", "y");
	scene.request.proof.application_key = view_of_text("a wrong one, as long as the other");
	refuse(&scene, KC_ERR_AUTH_FAILED, MAIL, "{\"label\":\"x\"}", "wrong application password");
	/* A new value does not get round it. */
	scene_update_data(&scene, KC_ERR_AUTH_FAILED, MAIL, "{}", "z");
	scene.request.proof.application_key = view_of_text("a stretched application password");
	scene_same(scene_data(&scene, MAIL), "y");
	scene_update(&scene, KC_OK, MAIL,
		     "{\"access_control\":{\"accessible\":\"when_unlocked\"}}");
	scene.request.proof.application_key.len = 0;
	scene_same(scene_data(&scene, MAIL), "y");
}

/* reference/keychain.md 2.9: the damaged one in the way is replaced; a damaged target is absent. */
TEST(update_and_damage)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(freep) char *reference = NULL;

	add(&scene, MAIL);
	add(&scene, WEB);
	reference = scene_reference(&scene, MAIL);
	scene_run(&scene,
		  "UPDATE file.generic_passwords SET attributes = x'00' WHERE position = 2");
	refuse(&scene, KC_ERR_ITEM_NOT_FOUND, WEB, "{\"label\":\"x\"}", "matches");
	scene_update(&scene, KC_OK, MAIL, "{\"service\":\"web\"}");
	scene_same(scene_text(&scene, reference, "service"), "web");
	CHECK_INT(scene_count(&scene, GENERIC "}"), 1);
	/* The secret alone is damaged: it cannot be sealed anew, so the item is as good as gone. */
	scene_run(&scene, "UPDATE file.generic_passwords SET secret = x'00'");
	refuse(&scene, KC_ERR_ITEM_NOT_FOUND, WEB, "{\"label\":\"x\"}", "matches");
}

TEST(update_holds_to_what_the_content_says)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	struct engine_part part = scene_certificate("jo", "ca", "\x07", "k");

	CHECK(!scene_add_parts(&scene, KC_OK, "{\"class\":\"certificate\"}", &part, 1));
	refuse(&scene, KC_ERR_PARAM, "{\"class\":\"certificate\"}", "{\"serial_number\":\"CA==\"}",
	       "\"serial_number\" is what the certificate itself says");
	scene_update(&scene, KC_OK, "{\"class\":\"certificate\"}",
		     "{\"serial_number\":\"Bw==\",\"label\":\"mine\"}");
	scene_same(scene_text(&scene, "{\"class\":\"certificate\"}", "label"), "mine");
}

/* New content brings its own description. */
TEST(update_with_other_content)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(field_free)
	struct json_object *query = json_tokener_parse("{\"class\":\"certificate\"}");
	CLEANUP(field_free) struct json_object *changes = json_tokener_parse("{}");
	struct engine_part part = scene_certificate("jo", "ca", "\x07", "k");
	struct engine_part other = scene_certificate("jane", "ca", "\x08", "l");

	CHECK_OK(field_put_data(part.attributes, "subject_key_id", view_of_text("kid")));
	CHECK(!scene_add_parts(&scene, KC_OK, "{\"class\":\"certificate\"}", &part, 1));
	error_clear();
	CHECK_OK(engine_update(scene.engine, &scene.request, query, changes, &other));
	scene_same(scene_text(&scene, "{\"class\":\"certificate\"}", "serial_number"), "CA==");
	CHECK(!scene_text(&scene, "{\"class\":\"certificate\"}", "subject_key_id"));
	scene_same(scene_data(&scene, "{\"class\":\"certificate\"}"), "DER:jane");
	/* H:l, H:k */
	CHECK_INT(scene_count(&scene, "{\"class\":\"certificate\",\"public_key_hash\":\"SDps\"}"),
		  1);
	CHECK_INT(scene_count(&scene, "{\"class\":\"certificate\",\"public_key_hash\":\"SDpr\"}"),
		  0);
}

/* "added as one to be given away": nothing later makes it one (docs/vocabulary.md). */
TEST(update_does_not_make_a_private_key_extractable)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	struct engine_part part = scene_key("k", "k");
	struct engine_part open = scene_key("open", "o");

	CHECK(!scene_add_parts(&scene, KC_OK, "{\"class\":\"key\"}", &part, 1));
	refuse(&scene, KC_ERR_AUTH_FAILED, "{\"class\":\"key\"}", "{\"is_extractable\":true}",
	       "\"is_extractable\"");
	scene_update(&scene, KC_OK, "{\"class\":\"key\"}",
		     "{\"is_extractable\":false,\"label\":\"k\"}");
	CHECK(!scene_data(&scene, "{\"class\":\"key\"}"));
	CHECK(!scene_add_parts(&scene, KC_OK, "{\"class\":\"key\",\"is_extractable\":true}", &open,
			       1));
	scene_update(&scene, KC_OK, "{\"class\":\"key\",\"label\":\"open\"}",
		     "{\"is_extractable\":true,\"application_tag\":\"AQ==\"}");
	scene_same(scene_data(&scene, "{\"class\":\"key\",\"label\":\"open\"}"), "private o");
}
