/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Adding: reference/keychain.md 2.7, defaults and uniqueness of 1.3 to 1.6. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "harness/test.h"
#include "items/scene.h"

#define GENERIC	 "{\"class\":\"generic_password\""
#define INTERNET "{\"class\":\"internet_password\""
#define KEY	 "{\"class\":\"key\""
#define MAIL	 GENERIC ",\"service\":\"mail\"}"

static void add(struct scene *scene, const char *dictionary)
{
	CHECK(!scene_add(scene, KC_OK, dictionary, "x"));
}

static void refuse(struct scene *scene, enum kc_status expected, const char *dictionary,
		   const char *message)
{
	CHECK(!scene_add(scene, expected, dictionary, "x"));
	scene_said(message);
}

TEST(add_and_find_again)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	CHECK(!scene_add(&scene, KC_OK, GENERIC ",\"service\":\"mail\",\"account\":\"jo\"}",
			 "geheim"));
	scene_same(scene_data(&scene, MAIL), "geheim");
	scene_restart(&scene);
	scene_same(scene_data(&scene, MAIL), "geheim");
	scene_same(scene_text(&scene, MAIL, "account"), "jo");
	CHECK_INT(scene_count(&scene, GENERIC ",\"account\":\"Jo\"}"), 0);
	CHECK_INT(scene_count(&scene, INTERNET ",\"account\":\"jo\"}"), 0);
	scene_delete(&scene, KC_OK, MAIL);
	CHECK_INT(scene_count(&scene, MAIL), 0);
}

TEST(add_without_data_and_with_empty_data)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	CHECK(!scene_add(&scene, KC_OK, MAIL, NULL));
	CHECK(!scene_data(&scene, MAIL));
	CHECK(!scene_add(&scene, KC_OK, GENERIC ",\"service\":\"empty\"}", ""));
	scene_same(scene_data(&scene, GENERIC ",\"service\":\"empty\"}"), "");
}

TEST(add_fills_in_defaults)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(field_free) struct json_object *item = NULL;

	item = scene_add(&scene, KC_OK,
			 GENERIC ",\"service\":\"mail\",\"creation_date\":\"1999-01-01T00:00:00Z\","
				 "\"return_attributes\":true}",
			 "x");
	CHECK_TEXT(field_text(item, "class"), "generic_password");
	CHECK_TEXT(field_text(item, "account"), "");
	CHECK_TEXT(field_text(item, "access_group"), "own");
	CHECK_TEXT(field_text(item, "accessible"), "when_unlocked");
	CHECK(!field_flag(item, "synchronizable", true));
	CHECK(!field_get(item, "label"));
	CHECK(!field_get(item, "token_id"));
	CHECK(!field_get(item, "value_data"));
	/* §2.7: both dates are now, whatever the caller says. */
	CHECK_TEXT(field_text(item, "creation_date"), field_text(item, "modification_date"));
	CHECK(strncmp(field_text(item, "creation_date"), "1999", 4) != 0);
	CHECK_TEXT(field_text(field_get(item, "access_control"), "accessible"), "when_unlocked");
	CHECK_INT(json_object_array_length(field_get(field_get(item, "access_control"), "flags")),
		  0);
	/* What came back finds it (reference/keychain.md 2.2). */
	CHECK_INT(scene_count(&scene, json_object_to_json_string(item)), 1);
}

TEST(add_gives_an_internet_password_its_own)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(field_free) struct json_object *item = NULL;

	item = scene_add(&scene, KC_OK,
			 INTERNET ",\"server\":\"x\",\"port\":\"443\",\"return_attributes\":1}",
			 "x");
	CHECK_INT(field_number(item, "port", 0), 443);
	CHECK_TEXT(field_text(item, "path"), "");
	CHECK_TEXT(field_text(item, "protocol"), "");
	CHECK_INT(scene_count(&scene, INTERNET ",\"port\":443}"), 1);
	CHECK_INT(scene_count(&scene, INTERNET ",\"port\":\"0443\"}"), 1);
	CHECK_INT(scene_count(&scene, INTERNET ",\"path\":\"\"}"), 1);
	CHECK_INT(scene_count(&scene, INTERNET ",\"port\":444}"), 0);
}

/* One of the attributes that make it unique differs each time; others do not help. */
TEST(add_holds_a_generic_password_unique)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	add(&scene, GENERIC ",\"service\":\"s\",\"account\":\"a\"}");
	refuse(&scene, KC_ERR_DUPLICATE_ITEM, GENERIC ",\"service\":\"s\",\"account\":\"a\"}",
	       "there is such a generic_password already");
	CHECK(error_get()->hint[0]);
	refuse(&scene, KC_ERR_DUPLICATE_ITEM,
	       GENERIC ",\"service\":\"s\",\"account\":\"a\",\"label\":\"l\",\"generic\":\"AQ==\","
		       "\"accessible\":\"always\"}",
	       "already");
	add(&scene, GENERIC ",\"service\":\"s\",\"account\":\"A\"}");
	add(&scene, GENERIC ",\"service\":\"t\",\"account\":\"a\"}");
	add(&scene, GENERIC ",\"service\":\"a\",\"account\":\"s\"}");
	add(&scene, GENERIC ",\"service\":\"s\"}");
	add(&scene, GENERIC ",\"account\":\"s\"}");
	add(&scene, GENERIC "}");
	refuse(&scene, KC_ERR_DUPLICATE_ITEM, GENERIC ",\"service\":\"\"}", "already");
	add(&scene, GENERIC ",\"service\":\"s\",\"account\":\"a\",\"access_group\":\"other\"}");
	add(&scene, GENERIC ",\"service\":\"s\",\"account\":\"a\",\"synchronizable\":true}");
	add(&scene, INTERNET ",\"account\":\"a\"}");
	CHECK_INT(scene_count(&scene, GENERIC "}"), 8);
	CHECK_INT(scene_count(&scene, GENERIC ",\"synchronizable\":\"any\"}"), 9);
	CHECK_INT(scene_count(&scene, GENERIC ",\"synchronizable\":true}"), 1);
}

TEST(add_holds_an_internet_password_unique)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	static const char *const more[] = {
		"\"account\":\"a\"",	 "\"security_domain\":\"d\"",	     "\"server\":\"s\"",
		"\"protocol\":\"htps\"", "\"authentication_type\":\"form\"", "\"port\":1",
		"\"path\":\"/\""};

	add(&scene, INTERNET ",\"label\":\"l\"}");
	refuse(&scene, KC_ERR_DUPLICATE_ITEM, INTERNET "}", "already");
	for (size_t i = 0; i < ARRAY_LEN(more); i++) {
		char text[256];

		CHECK(snprintf(text, sizeof(text), INTERNET ",%s}", more[i]) > 0);
		add(&scene, text);
		refuse(&scene, KC_ERR_DUPLICATE_ITEM, text, "already");
	}
	CHECK_INT(scene_count(&scene, INTERNET "}"), 8);
}

TEST(add_holds_a_key_unique)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	static const char *const more[] = {"\"key_class\":\"symmetric\"",
					   "\"application_label\":\"AQ==\"",
					   "\"application_tag\":\"AQ==\"",
					   "\"key_creator\":1",
					   "\"key_type\":\"aes\"",
					   "\"key_size_in_bits\":128",
					   "\"effective_key_size\":56",
					   "\"start_date\":\"2024-01-01T00:00:00Z\"",
					   "\"end_date\":\"2024-01-01T00:00:00Z\""};

	add(&scene, KEY "}");
	refuse(&scene, KC_ERR_DUPLICATE_ITEM, KEY ",\"label\":\"other\"}", "already");
	for (size_t i = 0; i < ARRAY_LEN(more); i++) {
		char text[256];

		CHECK(snprintf(text, sizeof(text), KEY ",%s}", more[i]) > 0);
		add(&scene, text);
		refuse(&scene, KC_ERR_DUPLICATE_ITEM, text, "already");
	}
	/* The same date, written otherwise. */
	refuse(&scene, KC_ERR_DUPLICATE_ITEM, KEY ",\"start_date\":\"2024-01-01T01:00:00+01:00\"}",
	       "already");
	CHECK_INT(scene_count(&scene, KEY ",\"start_date\":\"2023-12-31T23:00:00.000-01:00\"}"), 1);
}

TEST(add_gives_what_was_asked_for)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(field_free) struct json_object *item = NULL;
	CLEANUP(freep) char *reference = NULL;

	item = scene_add(&scene, KC_OK,
			 GENERIC ",\"return_data\":true,\"return_ref\":true,"
				 "\"return_persistent_ref\":true}",
			 "x");
	CHECK_INT(json_object_object_length(item), 4);
	CHECK_TEXT(field_text(item, "class"), "generic_password");
	CHECK_TEXT(field_text(item, "value_data"), "eA==");
	CHECK_TEXT(field_text(item, "value_ref"), field_text(item, "value_persistent_ref"));
	reference = scene_reference(&scene, GENERIC "}");
	CHECK(strstr(reference, field_text(item, "value_persistent_ref")));
	/* base64 of "genp" and 16 bytes */
	CHECK_INT(strlen(field_text(item, "value_ref")), 28);
	CHECK(strncmp(field_text(item, "value_ref"), "Z2Vuc", 5) == 0);
}

TEST(add_refuses_what_is_no_item)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	refuse(&scene, KC_ERR_PARAM, "{}", "\"class\"");
	refuse(&scene, KC_ERR_PARAM, "[]", "object");
	refuse(&scene, KC_ERR_NO_SUCH_CLASS, "{\"class\":\"apls\"}", "apls");
	refuse(&scene, KC_ERR_NO_SUCH_ATTR, GENERIC ",\"server\":\"x\"}", "server");
	refuse(&scene, KC_ERR_NO_SUCH_ATTR, GENERIC ",\"public_key\":\"AA==\"}", "public_key");
	refuse(&scene, KC_ERR_PARAM, GENERIC ",\"service\":7}", "\"service\" must be text");
	refuse(&scene, KC_ERR_PARAM, GENERIC ",\"creator\":\"x\"}", "\"creator\"");
	refuse(&scene, KC_ERR_PARAM, GENERIC ",\"service\":null}", "\"service\"");
	refuse(&scene, KC_ERR_PARAM, GENERIC ",\"match_limit\":\"all\"}", "match_limit");
	refuse(&scene, KC_ERR_PARAM, GENERIC ",\"return_data\":\"yes\"}", "return_data");
	refuse(&scene, KC_ERR_PARAM, GENERIC ",\"use_everything\":true}", "unknown key");
	refuse(&scene, KC_ERR_PARAM, GENERIC ",\"value_ref\":\"AA==\"}", "value_ref");
	refuse(&scene, KC_ERR_PARAM, GENERIC ",\"value_persistent_ref\":\"AA==\"}", "value_pers");
	refuse(&scene, KC_ERR_PARAM, GENERIC ",\"use_authentication_ui\":\"skip\"}", "skip");
	refuse(&scene, KC_ERR_PARAM, GENERIC ",\"synchronizable\":\"any\"}", "synchronizable");
	refuse(&scene, KC_ERR_PARAM, GENERIC ",\"accessible\":\"sometimes\"}", "accessible");
	refuse(&scene, KC_ERR_UNIMPLEMENTED, GENERIC ",\"token_id\":\"t\"}", "token");
	refuse(&scene, KC_ERR_PARAM, KEY ",\"key_class\":\"secret\"}", "key_class");
	refuse(&scene, KC_ERR_PARAM, KEY ",\"key_class\":\"public\",\"is_private\":true}",
	       "is_private");
	CHECK_INT(scene_count(&scene, GENERIC "}"), 0);
}

/* reference/keychain.md 4.2, column "Add". */
TEST(add_stays_within_groups)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	refuse(&scene, KC_ERR_MISSING_ENTITLEMENT, GENERIC ",\"access_group\":\"foreign\"}",
	       "\"foreign\" is not an access group of this program");
	refuse(&scene, KC_ERR_MISSING_ENTITLEMENT,
	       GENERIC ",\"access_group\":\"org.keycask.token\"}", "nobody writes");
	add(&scene, GENERIC ",\"access_group\":\"other\"}");
	scene.request.caller.n_groups = 0;
	refuse(&scene, KC_ERR_MISSING_ENTITLEMENT, GENERIC "}", "no access group");
	scene.request.caller.sees_tokens = false;
	refuse(&scene, KC_ERR_MISSING_ENTITLEMENT, GENERIC "}", "no access group");
}

/* What one program cannot see can still be in its way. */
TEST(add_collides_with_what_cannot_be_seen)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	add(&scene, GENERIC ",\"access_group\":\"own\",\"synchronizable\":true}");
	CHECK_INT(scene_count(&scene, GENERIC "}"), 0);
	refuse(&scene, KC_ERR_DUPLICATE_ITEM, GENERIC ",\"synchronizable\":1}", "already");
}

TEST(add_with_access_control)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	refuse(&scene, KC_ERR_PARAM,
	       GENERIC ",\"accessible\":\"always\",\"access_control\":"
		       "{\"accessible\":\"when_unlocked\"}}",
	       "accessible");
	refuse(&scene, KC_ERR_PARAM,
	       GENERIC ",\"synchronizable\":true,\"access_control\":"
		       "{\"accessible\":\"when_unlocked\"}}",
	       "synchronizable");
	refuse(&scene, KC_ERR_PARAM, GENERIC ",\"access_control\":\"presence\"}", "object");
	add(&scene, GENERIC ",\"access_control\":{\"accessible\":\"always\"}}");
	scene_same(scene_text(&scene, GENERIC "}", "accessible"), "always");
}

TEST(add_for_who_has_a_password)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	const char *item = GENERIC ",\"accessible\":\"when_passcode_set_this_device_only\"}";

	refuse(&scene, KC_ERR_NOT_AVAILABLE, item, "no password");
	scene_set_password(&scene, "pw");
	add(&scene, item);
	CHECK_INT(scene_count(&scene, item), 1);
	/* It goes with the password. */
	scene_set_password(&scene, NULL);
	CHECK_INT(scene_count(&scene, GENERIC "}"), 0);
	add(&scene, GENERIC "}");
	CHECK_INT(scene_count(&scene, GENERIC "}"), 1);
}

/* reference/keychain.md 4.4: −25308, also when it would be a duplicate. */
TEST(add_while_locked)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	scene_set_password(&scene, "pw");
	add(&scene, MAIL);
	scene_lock(&scene);
	refuse(&scene, KC_ERR_INTERACTION_NOT_ALLOWED, MAIL, "locked");
	refuse(&scene, KC_ERR_INTERACTION_NOT_ALLOWED, GENERIC ",\"service\":\"new\"}", "locked");
	/* Of a class that is always there; what is in the way is locked and so nobody's to judge.
	 */
	add(&scene, GENERIC ",\"service\":\"new\",\"accessible\":\"always\"}");
	refuse(&scene, KC_ERR_DUPLICATE_ITEM,
	       GENERIC ",\"service\":\"mail\",\"accessible\":\"always\"}", "already");
	scene_unlock(&scene, "pw");
	scene_same(scene_data(&scene, MAIL), "x");
}

/* --- content --------------------------------------------------------------------------------- */

TEST(add_a_certificate)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	struct engine_part part = scene_certificate("jo", "ca", "\x07", "k");
	CLEANUP(field_free)
	struct json_object *item = scene_add_parts(
		&scene, KC_OK,
		"{\"class\":\"certificate\",\"return_attributes\":true,\"return_data\":true}",
		&part, 1);

	CHECK_TEXT(field_text(item, "label"), "jo");
	CHECK_TEXT(field_text(item, "accessible"), "always");
	CHECK_INT(field_number(item, "certificate_encoding", 0), 3);
	CHECK_TEXT(field_text(item, "serial_number"), "Bw==");
	CHECK(!field_get(item, "subject_raw"));
	CHECK(!field_get(item, "public_key"));
	CHECK_TEXT(field_text(item, "value_data"), "REVSOmpv");
	/* S:jo, s:jo as it stands in the certificate, and the same in a SEQUENCE */
	CHECK_INT(scene_count(&scene, "{\"class\":\"certificate\",\"subject\":\"Uzpqbw==\"}"), 1);
	CHECK_INT(scene_count(&scene, "{\"class\":\"certificate\",\"subject\":\"czpqbw==\"}"), 1);
	CHECK_INT(scene_count(&scene, "{\"class\":\"certificate\",\"subject\":\"MARzOmpv\"}"), 1);
	CHECK(!scene_add_parts(&scene, KC_ERR_DUPLICATE_ITEM,
			       "{\"class\":\"certificate\",\"label\":\"other\"}", &part, 1));
}

TEST(add_holds_to_what_the_content_says)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	struct engine_part part = scene_certificate("jo", "ca", "\x07", "k");
	struct engine_part key = scene_key("k", "k");

	CHECK(!scene_add_parts(&scene, KC_ERR_PARAM,
			       "{\"class\":\"certificate\",\"serial_number\":\"CA==\"}", &part, 1));
	scene_said("\"serial_number\" is not what the certificate itself says");
	CHECK(!scene_add_parts(&scene, KC_ERR_PARAM,
			       "{\"class\":\"certificate\",\"issuer\":\"CA==\"}", &part, 1));
	CHECK(!scene_add_parts(&scene, KC_ERR_PARAM, KEY ",\"key_class\":\"public\"}", &key, 1));
	CHECK(!scene_add_parts(&scene, KC_ERR_PARAM, KEY "}", &part, 1));
	scene_said("not that of a key");
	CHECK(!scene_add_parts(&scene, KC_ERR_PARAM, "{\"class\":\"identity\"}", &part, 1));
	scene_said("certificate and its key");
	/* i:ca, as it stands in the certificate; the right serial number; a label of one's own. */
	CHECK(!scene_add_parts(&scene, KC_OK,
			       "{\"class\":\"certificate\",\"issuer\":\"aTpjYQ==\","
			       "\"serial_number\":\"Bw==\",\"label\":\"mine\"}",
			       &part, 1));
	scene_same(scene_text(&scene, "{\"class\":\"certificate\"}", "label"), "mine");
	scene_same(scene_text(&scene, "{\"class\":\"certificate\"}", "issuer"), "STpjYQ==");
}

TEST(add_gives_a_private_key_to_nobody)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	struct engine_part part = scene_key("k", "k");
	struct engine_part open = scene_key("open", "o");
	CLEANUP(field_free)
	struct json_object *item = scene_add_parts(
		&scene, KC_OK, KEY ",\"return_attributes\":true,\"return_data\":true}", &part, 1);

	CHECK(!field_get(item, "value_data"));
	CHECK(!field_flag(item, "is_extractable", true));
	CHECK(field_flag(item, "is_private", false));
	CHECK(field_flag(item, "is_permanent", false));
	CHECK(field_flag(item, "can_sign", false));
	CHECK(!field_flag(item, "can_verify", true));
	CHECK_INT(field_number(item, "effective_key_size", 0), 256);
	CHECK(!scene_data(&scene, KEY ",\"label\":\"k\"}"));
	CHECK(!scene_add_parts(&scene, KC_OK, KEY ",\"is_extractable\":true}", &open, 1));
	scene_same(scene_data(&scene, KEY ",\"label\":\"open\"}"), "private o");
}

TEST(add_gives_other_keys_away)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(field_free)
	struct json_object *item =
		scene_add(&scene, KC_OK,
			  KEY ",\"key_class\":\"symmetric\",\"return_attributes\":true,"
			      "\"return_data\":true}",
			  "16 bytes of this");

	CHECK(field_get(item, "value_data"));
	CHECK(field_flag(item, "can_encrypt", false) && field_flag(item, "can_decrypt", false));
	CHECK(!field_flag(item, "is_private", true));
}

/* --- damage ---------------------------------------------------------------------------------- */

/* reference/keychain.md 2.7.5: what cannot be decoded is replaced, and has a new reference. */
TEST(add_replaces_what_is_damaged)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(freep) char *before = NULL;
	CLEANUP(freep) char *after = NULL;

	add(&scene, MAIL);
	before = scene_reference(&scene, MAIL);
	scene_run(&scene, "UPDATE file.generic_passwords SET attributes = x'00'");
	CHECK(!scene_add(&scene, KC_OK, MAIL, "new"));
	scene_same(scene_data(&scene, MAIL), "new");
	after = scene_reference(&scene, MAIL);
	CHECK(strcmp(before, after) != 0);
	CHECK(!scene_copy(&scene, KC_ERR_ITEM_NOT_FOUND, before));
}

TEST(add_needs_a_file)
{
	CLEANUP(engine_freep) struct engine *engine = NULL;
	CLEANUP(field_free) struct json_object *item = json_tokener_parse(MAIL);
	struct engine_settings settings = {.file = NULL};
	struct engine_request request = {.need = {.presence = false}};
	struct json_object *added = NULL;

	CHECK_OK(engine_new(&settings, &engine));
	CHECK(!engine_file(engine).is_open);
	CHECK(!engine_keybag(engine));
	error_clear();
	CHECK_STATUS(engine_add(engine, &request, item, NULL, 0, &added), KC_ERR_NOT_AVAILABLE);
	scene_said("there is no keychain file");
}

/* A file that cannot be had: what it says is what everybody is told. */
TEST(add_says_why_there_is_no_file)
{
	CLEANUP(engine_freep) struct engine *engine = NULL;
	CLEANUP(field_free) struct json_object *item = json_tokener_parse(MAIL);
	static const uint8_t key[32] = {1};
	struct engine_settings settings = {
		.file = "/dev/null/keychain.db", .device_key = VIEW_OF(key), .password_cost = 1};
	struct engine_request request = {
		.caller = {.groups = (const char *const[]){"own"}, .n_groups = 1}};
	struct json_object *added = NULL;

	CHECK_OK(engine_new(&settings, &engine));
	CHECK(!engine_file(engine).is_open);
	CHECK(engine_file(engine).reason);
	error_clear();
	CHECK_STATUS(engine_add(engine, &request, item, NULL, 0, &added), KC_ERR_NOT_AVAILABLE);
	CHECK_TEXT(error_get()->message, engine_file(engine).reason);
	error_clear();
	CHECK_STATUS(engine_copy_matching(engine, &request, item, &added), KC_ERR_NOT_AVAILABLE);
	CHECK_TEXT(error_get()->message, engine_file(engine).reason);
}

/* --- several at once ------------------------------------------------------------------------- */

static enum kc_status add_both(struct scene *scene, const char *one, const char *other,
			       struct engine_addition *additions)
{
	CLEANUP(field_free) struct json_object *first = json_tokener_parse(one);
	CLEANUP(field_free) struct json_object *second = json_tokener_parse(other);
	struct engine_part parts[] = {scene_key("a", "a"), scene_key("b", "b")};
	enum kc_status status = KC_OK;

	additions[0] =
		(struct engine_addition){.dictionary = first, .parts = &parts[0], .n_parts = 1};
	additions[1] =
		(struct engine_addition){.dictionary = second, .parts = &parts[1], .n_parts = 1};
	error_clear();
	status = engine_add_all(scene->engine, &scene->request, additions, 2);
	additions[0].dictionary = NULL;
	additions[1].dictionary = NULL;
	return status;
}

TEST(add_all_or_none)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	struct engine_addition additions[2];

	CHECK_STATUS(add_both(&scene, KEY "}", KEY ",\"access_group\":\"foreign\"}", additions),
		     KC_ERR_MISSING_ENTITLEMENT);
	CHECK_INT(scene_count(&scene, KEY "}"), 0);
	CHECK_OK(add_both(&scene, KEY ",\"return_persistent_ref\":true}",
			  KEY ",\"label\":\"b\",\"return_attributes\":true}", additions));
	CHECK(field_text(additions[0].item, "value_persistent_ref"));
	CHECK_TEXT(field_text(additions[1].item, "label"), "b");
	field_free(&additions[0].item);
	field_free(&additions[1].item);
	/* The second is there already: the first one is not added either. */
	CHECK_STATUS(add_both(&scene, KEY ",\"application_tag\":\"Ag==\"}", KEY "}", additions),
		     KC_ERR_DUPLICATE_ITEM);
	CHECK_INT(scene_count(&scene, KEY "}"), 2);
	CHECK(!additions[0].item && !additions[1].item);
}

static void check_attributes(enum kc_status expected, const char *dictionary,
			     const struct engine_part *part, const char *message)
{
	CLEANUP(field_free) struct json_object *parsed = json_tokener_parse(dictionary);

	error_clear();
	CHECK_STATUS(engine_check(parsed, part), expected);
	if (message)
		scene_said(message);
}

TEST(attributes_are_checked_before_there_is_anything)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	struct engine_part part = scene_key("k", "k");

	check_attributes(KC_OK, KEY ",\"label\":\"x\",\"can_sign\":false}", NULL, NULL);
	check_attributes(KC_OK, KEY ",\"key_type\":\"ec\"}", &part, NULL);
	check_attributes(KC_ERR_PARAM, KEY ",\"key_type\":\"rsa\"}", &part,
			 "\"key_type\" is not what the key itself says");
	check_attributes(KC_ERR_NO_SUCH_ATTR, KEY ",\"server\":\"x\"}", NULL,
			 "class key has no attribute \"server\"");
	check_attributes(KC_ERR_PARAM, KEY ",\"key_class\":\"private\",\"is_private\":false}", NULL,
			 "\"is_private\" is not what \"key_class\" says");
	check_attributes(KC_ERR_PARAM, "{\"label\":\"x\"}", NULL, "an item needs a \"class\"");
	CHECK_INT(scene_count(&scene, KEY "}"), 0);
}

/* What is there stays as it is and is told; of an identity one half may have been. */
TEST(add_what_may_be_there)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	struct engine_part parts[] = {scene_certificate("jo", "ca", "\x07", "k"),
				      scene_key("k", "k")};
	CLEANUP(field_free)
	struct json_object *identity =
		json_tokener_parse("{\"class\":\"identity\",\"return_persistent_ref\":true}");
	CLEANUP(field_free)
	struct json_object *key =
		json_tokener_parse(KEY ",\"label\":\"other\",\"return_attributes\":true}");
	struct engine_addition additions[] = {
		{.dictionary = key, .parts = parts + 1, .n_parts = 1, .may_be_there = true},
		{.dictionary = identity, .parts = parts, .n_parts = 2, .may_be_there = true}};

	for (int round = 0; round < 2; round++) {
		CHECK_OK(engine_add_all(scene.engine, &scene.request, additions, 2));
		CHECK(additions[0].is_new == (round == 0));
		CHECK(additions[1].is_new == (round == 0));
		CHECK_TEXT(field_text(additions[0].item, "label"), "other");
		CHECK(field_text(additions[1].item, "value_persistent_ref") != NULL);
		field_free(&additions[0].item);
		field_free(&additions[1].item);
	}
	CHECK_INT(scene_count(&scene, KEY "}"), 1);
	CHECK_INT(scene_count(&scene, "{\"class\":\"certificate\"}"), 1);
	additions[1].may_be_there = false;
	CHECK_STATUS(engine_add_all(scene.engine, &scene.request, additions, 2),
		     KC_ERR_DUPLICATE_ITEM);
}
