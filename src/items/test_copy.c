/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading: reference/keychain.md 2.1 to 2.5, 4.2, 4.4 and 4.6 for software items. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "codec/hex.h"
#include "harness/test.h"
#include "items/sample.h"
#include "items/scene.h"

#define GENERIC "{\"class\":\"generic_password\""
#define MAIL	GENERIC ",\"service\":\"mail\"}"
#define CONTROL(flags)                                                                             \
	",\"access_control\":{\"accessible\":\"when_unlocked\",\"flags\":[" flags "]}}"

static void add(struct scene *scene, const char *dictionary)
{
	CHECK(!scene_add(scene, KC_OK, dictionary, "x"));
}

static void refuse(struct scene *scene, enum kc_status expected, const char *query,
		   const char *message)
{
	CHECK(!scene_copy(scene, expected, query));
	scene_said(message);
}

static size_t found(struct scene *scene, const char *query)
{
	CLEANUP(field_free) struct json_object *items = scene_copy(scene, KC_OK, query);

	return json_object_array_length(items);
}

TEST(copy_limits)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	add(&scene, GENERIC ",\"account\":\"1\"}");
	add(&scene, GENERIC ",\"account\":\"2\"}");
	add(&scene, GENERIC ",\"account\":\"3\"}");
	CHECK_INT(found(&scene, GENERIC "}"), 1);
	CHECK_INT(found(&scene, GENERIC ",\"match_limit\":\"one\"}"), 1);
	CHECK_INT(found(&scene, GENERIC ",\"match_limit\":2}"), 2);
	CHECK_INT(found(&scene, GENERIC ",\"match_limit\":9}"), 3);
	CHECK_INT(found(&scene, GENERIC ",\"match_limit\":\"all\"}"), 3);
	CHECK_INT(found(&scene, GENERIC ",\"account\":\"2\",\"match_limit\":\"all\"}"), 1);
}

TEST(copy_answers_over_tokens_and_file)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(sample_done) struct sample sample = {.n = 0};
	struct engine_part part = scene_certificate("soft", "ca", "\x07", "k");

	sample_add_certificate(&sample, "card", "ca", "\x08", "k");
	CHECK_OK(engine_publish(scene.engine, "t:1", sample.items, sample.n));
	CHECK(!scene_add_parts(&scene, KC_OK, "{\"class\":\"certificate\"}", &part, 1));
	CHECK_INT(scene_count(&scene, "{\"class\":\"certificate\"}"), 2);
	/* I:ca */
	CHECK_INT(scene_count(&scene, "{\"class\":\"certificate\",\"issuer\":\"STpjYQ==\"}"), 2);
	CHECK_INT(scene_count(&scene, "{\"class\":\"certificate\",\"access_group\":\"own\"}"), 1);
	CHECK_INT(scene_count(&scene, "{\"class\":\"certificate\",\"access_group\":"
				      "\"org.keycask.token\"}"),
		  1);
	CHECK_INT(scene_count(&scene, "{\"class\":\"certificate\",\"token_id\":\"t:1\"}"), 1);
	scene.request.caller.sees_tokens = false;
	CHECK_INT(scene_count(&scene, "{\"class\":\"certificate\"}"), 1);
	refuse(&scene, KC_ERR_MISSING_ENTITLEMENT,
	       "{\"class\":\"certificate\",\"access_group\":\"org.keycask.token\"}", "group");
}

/* reference/keychain.md 4.2, column "Copy". */
TEST(copy_stays_within_groups)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	static const char *const foreign[] = {"foreign"};

	add(&scene, GENERIC ",\"access_group\":\"own\"}");
	add(&scene, GENERIC ",\"access_group\":\"other\"}");
	CHECK_INT(scene_count(&scene, GENERIC "}"), 2);
	CHECK_INT(scene_count(&scene, GENERIC ",\"access_group\":\"other\"}"), 1);
	refuse(&scene, KC_ERR_MISSING_ENTITLEMENT, GENERIC ",\"access_group\":\"foreign\"}",
	       "foreign");
	scene.request.caller.groups = foreign;
	scene.request.caller.n_groups = 1;
	refuse(&scene, KC_ERR_ITEM_NOT_FOUND, GENERIC "}", "no generic_password matches");
	scene.request.caller.n_groups = 0;
	refuse(&scene, KC_ERR_ITEM_NOT_FOUND, GENERIC "}", "no generic_password matches");
	scene.request.caller.sees_tokens = false;
	refuse(&scene, KC_ERR_MISSING_ENTITLEMENT, GENERIC "}", "no access group");
}

/* A reference is no way around groups. */
TEST(copy_by_reference_stays_within_groups)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(freep) char *reference = NULL;

	add(&scene, MAIL);
	reference = scene_reference(&scene, MAIL);
	CHECK_INT(found(&scene, reference), 1);
	scene.request.caller.groups++;
	scene.request.caller.n_groups--;
	refuse(&scene, KC_ERR_ITEM_NOT_FOUND, reference, "matches");
}

/* reference/keychain.md 2.5, 2.6. */
TEST(copy_by_reference_stands_alone)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(freep) char *reference = NULL;
	char text[256];

	add(&scene, MAIL);
	reference = scene_reference(&scene, MAIL);
	scene_restart(&scene);
	CHECK_INT(found(&scene, reference), 1);
	CHECK(snprintf(text, sizeof(text), "%.*s,\"service\":\"mail\"}", (int)strlen(reference) - 1,
		       reference) > 0);
	refuse(&scene, KC_ERR_PARAM, text, "beside");
	CHECK(snprintf(text, sizeof(text), "%.*s,\"synchronizable\":true}",
		       (int)strlen(reference) - 1, reference) > 0);
	refuse(&scene, KC_ERR_PARAM, text, "beside");
	CHECK(snprintf(text, sizeof(text), "%.*s,\"class\":\"key\"}", (int)strlen(reference) - 1,
		       reference) > 0);
	refuse(&scene, KC_ERR_PARAM, text, "of a generic_password");
	CHECK(snprintf(text, sizeof(text),
		       "%.*s,\"class\":\"generic_password\",\"return_data\":true,"
		       "\"use_authentication_ui\":\"fail\"}",
		       (int)strlen(reference) - 1, reference) > 0);
	CHECK_INT(found(&scene, text), 1);
	scene_delete(&scene, KC_OK, MAIL);
	refuse(&scene, KC_ERR_ITEM_NOT_FOUND, reference, "matches");
	add(&scene, MAIL);
	refuse(&scene, KC_ERR_ITEM_NOT_FOUND, reference, "matches");
}

TEST(copy_leaves_what_is_synchronized_to_who_asks)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(freep) char *reference = NULL;

	add(&scene, GENERIC ",\"synchronizable\":true}");
	CHECK_INT(scene_count(&scene, GENERIC "}"), 0);
	CHECK_INT(scene_count(&scene, GENERIC ",\"synchronizable\":false}"), 0);
	CHECK_INT(scene_count(&scene, GENERIC ",\"synchronizable\":1}"), 1);
	reference = scene_reference(&scene, GENERIC ",\"synchronizable\":\"any\"}");
	CHECK_INT(found(&scene, reference), 1);
}

/* value_data is no condition (reference/keychain.md 2.3). */
TEST(copy_ignores_value_data)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	add(&scene, MAIL);
	CHECK_INT(scene_count(&scene, GENERIC ",\"value_data\":\"AAAA\"}"), 1);
	refuse(&scene, KC_ERR_PARAM, GENERIC ",\"value_data\":7}", "value_data");
}

/* reference/keychain.md 4.4. */
TEST(copy_while_locked)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	scene_set_password(&scene, "pw");
	add(&scene, GENERIC ",\"account\":\"ak\"}");
	add(&scene, GENERIC ",\"account\":\"ck\",\"accessible\":\"after_first_unlock\"}");
	add(&scene, GENERIC ",\"account\":\"dk\",\"accessible\":\"always\"}");
	scene_lock(&scene);
	refuse(&scene, KC_ERR_INTERACTION_NOT_ALLOWED, GENERIC ",\"account\":\"ak\"}", "locked");
	CHECK(error_get()->hint[0]);
	refuse(&scene, KC_ERR_INTERACTION_NOT_ALLOWED,
	       GENERIC ",\"account\":\"ak\",\"return_attributes\":true}", "locked");
	CHECK_INT(scene_count(&scene, GENERIC ",\"account\":\"ck\"}"), 1);
	CHECK_INT(scene_count(&scene, GENERIC ",\"account\":\"dk\"}"), 1);
	refuse(&scene, KC_ERR_INTERACTION_NOT_ALLOWED, GENERIC ",\"match_limit\":\"all\"}",
	       "locked");
	refuse(&scene, KC_ERR_ITEM_NOT_FOUND, GENERIC ",\"account\":\"none\"}", "matches");
	scene_restart(&scene);
	refuse(&scene, KC_ERR_INTERACTION_NOT_ALLOWED, GENERIC ",\"account\":\"ck\"}", "locked");
	CHECK_INT(scene_count(&scene, GENERIC ",\"account\":\"dk\"}"), 1);
	scene_unlock(&scene, "pw");
	CHECK_INT(scene_count(&scene, GENERIC "}"), 3);
}

/* reference/keychain.md 4.6: every read needs it, attributes too. */
TEST(copy_asks_for_proof)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	add(&scene, GENERIC ",\"service\":\"mail\"" CONTROL("\"user_presence\""));
	refuse(&scene, KC_ERR_AUTHENTICATION_NEEDED, MAIL, "wants more");
	CHECK(scene.request.need.presence && !scene.request.need.passcode);
	CHECK_TEXT(scene.request.need.label, "mail");
	refuse(&scene, KC_ERR_AUTHENTICATION_NEEDED, GENERIC ",\"return_attributes\":true}",
	       "wants more");
	refuse(&scene, KC_ERR_INTERACTION_NOT_ALLOWED,
	       GENERIC ",\"use_authentication_ui\":\"fail\"}", "use_authentication_ui");
	refuse(&scene, KC_ERR_ITEM_NOT_FOUND, GENERIC ",\"use_authentication_ui\":\"skip\"}",
	       "matches");
	add(&scene, GENERIC ",\"service\":\"free\"}");
	CHECK_INT(found(&scene, GENERIC ",\"use_authentication_ui\":\"skip\","
					"\"match_limit\":\"all\"}"),
		  1);
	scene.request.proof.has_presence = true;
	CHECK_INT(scene_count(&scene, GENERIC "}"), 2);
}

TEST(copy_asks_for_the_application_password)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	static const char *const dictionary =
		GENERIC ",\"service\":\"mail\"" CONTROL("\"application_password\"");

	CHECK(!scene_add(&scene, KC_ERR_AUTHENTICATION_NEEDED, dictionary, "x"));
	CHECK(scene.request.need.application_password);
	scene.request.proof.application_key = view_of_text("a stretched application password");
	add(&scene, dictionary);
	CHECK(!scene_add(&scene, KC_OK,
			 GENERIC ",\"service\":\"bare\"" CONTROL("\"application_password\""),
			 NULL));
	scene_same(scene_data(&scene, MAIL), "x");
	CHECK(!scene_data(&scene, GENERIC ",\"service\":\"bare\"}"));
	scene.request.proof.application_key = view_of_text("a wrong one, as long as the other");
	refuse(&scene, KC_ERR_AUTH_FAILED, GENERIC ",\"service\":\"mail\",\"return_data\":true}",
	       "wrong application password");
	refuse(&scene, KC_ERR_AUTH_FAILED, MAIL, "wrong application password");
	refuse(&scene, KC_ERR_AUTH_FAILED, GENERIC ",\"service\":\"bare\"}", "wrong");
	scene.request.proof.application_key.len = 0;
	refuse(&scene, KC_ERR_AUTHENTICATION_NEEDED, MAIL, "wants more");
	CHECK(scene.request.need.application_password);
}

static enum kc_status find(struct scene *scene, const char *query, enum engine_use use,
			   struct engine_key *ret_key)
{
	CLEANUP(freep) char *reference = scene_reference(scene, query);
	CLEANUP(field_free) struct json_object *item = json_tokener_parse(reference);
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(1024);

	error_clear();
	CHECK_OK(field_data(item, "value_persistent_ref", &bytes));
	return engine_find_key(scene->engine, &scene->request, bytes_view(&bytes), use, ret_key);
}

TEST(copy_of_a_key_for_use)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(engine_key_done) struct engine_key key = {0};
	struct engine_part part = scene_key("k", "k");
	const char *query = "{\"class\":\"key\"}";

	CHECK(!scene_add_parts(&scene, KC_OK, query, &part, 1));
	CHECK_OK(find(&scene, query, ENGINE_USE_PUBLIC, &key));
	CHECK(!key.token_id && !key.constraint);
	CHECK_INT(key.private_key.len, 0);
	CHECK_TEXT(key.key_type, "ec");
	CHECK_INT(key.size_in_bits, 256);
	CHECK_HEX(view_of(key.public_key.data, key.public_key.len), "503A6B");
	CHECK_INT(key.object_id.len, 20);
	CHECK(memcmp(key.object_id.data, "keys", 4) == 0);
	engine_key_done(&key);
	CHECK_OK(find(&scene, query, ENGINE_USE_SIGN, &key));
	CHECK(view_equal(secret_view(&key.private_key), view_of_text("private k")));
	engine_key_done(&key);
	CHECK(!scene_add(&scene, KC_OK, "{\"class\":\"key\",\"label\":\"bare\"}", NULL));
	CHECK_STATUS(find(&scene, "{\"class\":\"key\",\"label\":\"bare\"}", ENGINE_USE_SIGN, &key),
		     KC_ERR_NOT_AVAILABLE);
	scene_said("without its data");
}

/* reference/keychain.md 4.5: the constraint is on use; reading is not permitted at all. */
TEST(copy_of_a_key_that_is_for_use_only)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(engine_key_done) struct engine_key key = {0};
	struct engine_part part = scene_key("k", "k");

	CHECK(!scene_add_parts(&scene, KC_OK,
			       "{\"class\":\"key\",\"is_extractable\":true" CONTROL(
				       "\"user_presence\",\"private_key_usage\""),
			       &part, 1));
	CHECK_INT(scene_count(&scene, "{\"class\":\"key\"}"), 1);
	refuse(&scene, KC_ERR_AUTH_FAILED, "{\"class\":\"key\",\"return_data\":true}", "read");
	CHECK_OK(find(&scene, "{\"class\":\"key\"}", ENGINE_USE_PUBLIC, &key));
	engine_key_done(&key);
	CHECK_STATUS(find(&scene, "{\"class\":\"key\"}", ENGINE_USE_SIGN, &key),
		     KC_ERR_AUTHENTICATION_NEEDED);
	CHECK(scene.request.need.presence);
	scene.request.proof.has_presence = true;
	CHECK_OK(find(&scene, "{\"class\":\"key\"}", ENGINE_USE_SIGN, &key));
	CHECK(key.private_key.len > 0);
}
