/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Identities of software, of tokens, and of one of each: reference/keychain.md 1.7, 2.11. */
#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "harness/test.h"
#include "items/sample.h"
#include "items/scene.h"

#define IDENTITY    "{\"class\":\"identity\"}"
#define CERTIFICATE "{\"class\":\"certificate\"}"
#define KEY	    "{\"class\":\"key\"}"

static struct json_object *add(struct scene *scene, enum kc_status expected, const char *dictionary,
			       const char *serial, const char *key)
{
	struct engine_part parts[] = {scene_certificate("jo", "ca", serial, key),
				      scene_key("jo's key", key)};

	return scene_add_parts(scene, expected, dictionary, parts, ARRAY_LEN(parts));
}

static void add_certificate(struct scene *scene, const char *name, const char *key)
{
	struct engine_part part = scene_certificate(name, "ca", name, key);

	CHECK(!scene_add_parts(scene, KC_OK, CERTIFICATE, &part, 1));
}

static void add_key(struct scene *scene, const char *name, const char *key)
{
	struct engine_part part = scene_key(name, key);

	CHECK(!scene_add_parts(scene, KC_OK, KEY, &part, 1));
}

static void publish(struct scene *scene, const char *token_id, const char *certificate_key,
		    const char *key)
{
	CLEANUP(sample_done) struct sample sample = {.n = 0};

	if (certificate_key)
		sample_add_certificate(&sample, "card", "ca", "\x01", certificate_key);
	if (key)
		sample_add_key(&sample, "slot", key, "pin");
	CHECK_OK(engine_publish(scene->engine, token_id, sample.items, sample.n));
}

/* Which key an identity uses: "keys…" for software, else the token. */
static void check_key(struct scene *scene, const char *query, const char *token_id)
{
	CLEANUP(freep) char *reference = scene_reference(scene, query);
	CLEANUP(field_free) struct json_object *item = json_tokener_parse(reference);
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(1024);
	CLEANUP(engine_key_done) struct engine_key key = {0};

	error_clear();
	CHECK_OK(field_data(item, "value_persistent_ref", &bytes));
	CHECK_OK(engine_find_key(scene->engine, &scene->request, bytes_view(&bytes),
				 ENGINE_USE_PUBLIC, &key));
	if (token_id)
		CHECK_TEXT(key.token_id, token_id);
	else
		CHECK(!key.token_id);
}

TEST(identity_is_added_as_two)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(freep) char *reference = NULL;
	CLEANUP(field_free)
	struct json_object *item = add(
		&scene, KC_OK,
		"{\"class\":\"identity\",\"access_group\":\"other\",\"application_tag\":\"AQ==\","
		"\"return_persistent_ref\":true,\"return_attributes\":true}",
		"\x01", "k");

	CHECK_TEXT(field_text(item, "class"), "identity");
	CHECK_TEXT(field_text(item, "label"), "jo");
	CHECK_TEXT(field_text(item, "access_group"), "other");
	CHECK_TEXT(field_text(item, "application_tag"), "AQ==");
	CHECK_TEXT(field_text(item, "application_label"), field_text(item, "public_key_hash"));
	/* base64 of "idnt" */
	CHECK(strncmp(field_text(item, "value_persistent_ref"), "aWRud", 5) == 0);
	reference = scene_reference(&scene, IDENTITY);
	CHECK(strstr(reference, field_text(item, "value_persistent_ref")));
	CHECK_INT(scene_count(&scene, CERTIFICATE), 1);
	CHECK_INT(scene_count(&scene, KEY), 1);
	scene_same(scene_data(&scene, IDENTITY), "DER:jo");
	scene_restart(&scene);
	scene_same(scene_text(&scene, reference, "label"), "jo");
	check_key(&scene, IDENTITY, NULL);
}

/* "Cert duplicate is tolerated; key duplicate is tolerated only if the cert was new; both
 * duplicates -> -25299." */
TEST(identity_tolerates_one_duplicate)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(field_free) struct json_object *item = NULL;

	CHECK(!add(&scene, KC_OK, IDENTITY, "\x01", "k"));
	CHECK(!add(&scene, KC_ERR_DUPLICATE_ITEM, IDENTITY, "\x01", "k"));
	scene_said("there is such an identity already");
	CHECK(!add(&scene, KC_OK, IDENTITY, "\x02", "k")); /* another certificate for the key */
	CHECK_INT(scene_count(&scene, CERTIFICATE), 2);
	CHECK_INT(scene_count(&scene, KEY), 1);
	CHECK_INT(scene_count(&scene, IDENTITY), 2);
	scene_delete(&scene, KC_OK, KEY);
	CHECK_INT(scene_count(&scene, IDENTITY), 0);
	item = add(&scene, KC_OK, "{\"class\":\"identity\",\"return_ref\":true}", "\x01", "k");
	CHECK(field_get(item, "value_ref"));
	CHECK_INT(scene_count(&scene, CERTIFICATE), 2);
	CHECK_INT(scene_count(&scene, IDENTITY), 2);
}

TEST(identity_is_added_whole_or_not_at_all)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	struct engine_part parts[] = {scene_certificate("jo", "ca", "\x01", "k"),
				      scene_key("other", "o")};

	CHECK(!scene_add_parts(&scene, KC_ERR_PARAM, IDENTITY, parts, 2));
	scene_said("does not belong");
	CHECK(!add(&scene, KC_ERR_PARAM, "{\"class\":\"identity\",\"key_type\":\"rsa\"}", "\x01",
		   "k"));
	scene_said("\"key_type\" is not what the key itself says");
	CHECK(!add(&scene, KC_ERR_NO_SUCH_ATTR, "{\"class\":\"identity\",\"account\":\"x\"}",
		   "\x01", "k"));
	CHECK_INT(scene_count(&scene, CERTIFICATE) + scene_count(&scene, KEY), 0);
}

/* By attributes of either; what both have is the certificate's (§1.7, §2.11). */
TEST(identity_is_found_by_attributes_of_both)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	CHECK(!add(&scene, KC_OK, "{\"class\":\"identity\",\"application_tag\":\"AQ==\"}", "\x01",
		   "k"));
	CHECK(!add(&scene, KC_OK, "{\"class\":\"identity\",\"application_tag\":\"Ag==\"}", "\x02",
		   "l"));
	CHECK_INT(scene_count(&scene, IDENTITY), 2);
	CHECK_INT(scene_count(&scene, "{\"class\":\"identity\",\"application_tag\":\"AQ==\"}"), 1);
	CHECK_INT(scene_count(&scene, "{\"class\":\"identity\",\"application_tag\":\"Aw==\"}"), 0);
	/* H:k */
	CHECK_INT(scene_count(&scene, "{\"class\":\"identity\",\"application_label\":\"SDpr\"}"),
		  1);
	CHECK_INT(scene_count(&scene, "{\"class\":\"identity\",\"public_key_hash\":\"SDpr\"}"), 1);
	CHECK_INT(scene_count(&scene, "{\"class\":\"identity\",\"serial_number\":\"Ag==\"}"), 1);
	CHECK_INT(scene_count(&scene, "{\"class\":\"identity\",\"serial_number\":\"Ag==\","
				      "\"application_tag\":\"AQ==\"}"),
		  0);
	/* S:jo; I:ca */
	CHECK_INT(scene_count(&scene, "{\"class\":\"identity\",\"subject\":\"Uzpqbw==\"}"), 2);
	CHECK_INT(scene_count(&scene, "{\"class\":\"identity\",\"issuer\":\"STpjYQ==\"}"), 2);
	CHECK_INT(scene_count(&scene, "{\"class\":\"identity\",\"certificate_type\":3,"
				      "\"key_type\":\"ec\",\"can_sign\":true}"),
		  2);
	CHECK_INT(scene_count(&scene, "{\"class\":\"identity\",\"key_type\":\"rsa\"}"), 0);
	CHECK_INT(scene_count(&scene, "{\"class\":\"identity\",\"label\":\"jo's key\"}"), 0);
	/* Relabelling the key changes nothing, relabelling the certificate does. */
	scene_update(&scene, KC_OK, "{\"class\":\"key\",\"application_tag\":\"AQ==\"}",
		     "{\"label\":\"new\"}");
	CHECK_INT(scene_count(&scene, "{\"class\":\"identity\",\"label\":\"new\"}"), 0);
	scene_update(&scene, KC_OK, "{\"class\":\"certificate\",\"serial_number\":\"AQ==\"}",
		     "{\"label\":\"new\"}");
	CHECK_INT(scene_count(&scene, "{\"class\":\"identity\",\"label\":\"new\"}"), 1);
}

/* Asking with the contained key or certificate gives their own references. */
TEST(identity_has_its_certificates_reference)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(freep) char *identity = NULL;
	CLEANUP(freep) char *certificate = NULL;
	CLEANUP(freep) char *key = NULL;

	CHECK(!add(&scene, KC_OK, IDENTITY, "\x01", "k"));
	identity = scene_reference(&scene, IDENTITY);
	certificate = scene_reference(&scene, CERTIFICATE);
	key = scene_reference(&scene, KEY);
	CHECK(strcmp(identity, certificate) != 0);
	CHECK_INT(strlen(identity), strlen(certificate));
	/* The last 14 of 16 bytes. */
	CHECK_TEXT(identity + strlen(identity) - 20, certificate + strlen(certificate) - 20);
	CHECK(strcmp(key + strlen(key) - 20, certificate + strlen(certificate) - 20) != 0);
	scene_delete(&scene, KC_OK, KEY);
	CHECK(!scene_copy(&scene, KC_ERR_ITEM_NOT_FOUND, identity));
	CHECK_INT(scene_count(&scene, CERTIFICATE), 1);
}

/* Software certificate, token key; then the software key as well; then the token is gone. */
TEST(identity_of_a_software_certificate_and_a_token_key)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	add_certificate(&scene, "jo", "k");
	CHECK_INT(scene_count(&scene, IDENTITY), 0);
	publish(&scene, "t:1", NULL, "k");
	CHECK_INT(scene_count(&scene, IDENTITY), 1);
	CHECK_INT(scene_count(&scene, "{\"class\":\"identity\",\"can_sign\":true}"), 1);
	/* The certificate's token, which is none. */
	CHECK_INT(scene_count(&scene, "{\"class\":\"identity\",\"token_id\":\"t:1\"}"), 0);
	check_key(&scene, IDENTITY, "t:1");
	publish(&scene, "t:0", NULL, "k");
	check_key(&scene, IDENTITY, "t:1"); /* it was there first */
	add_key(&scene, "soft", "k");
	CHECK_INT(scene_count(&scene, IDENTITY), 1);
	check_key(&scene, IDENTITY, NULL);
	scene_delete(&scene, KC_OK, KEY);
	check_key(&scene, IDENTITY, "t:1");
	CHECK_OK(engine_withdraw(scene.engine, "t:1"));
	CHECK_OK(engine_withdraw(scene.engine, "t:0"));
	CHECK_INT(scene_count(&scene, IDENTITY), 0);
}

/* Token certificate, software key; a key on its own token is better, one on another is not. */
TEST(identity_of_a_token_certificate_and_a_software_key)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	publish(&scene, "t:0", NULL, "k");
	publish(&scene, "t:1", "k", NULL);
	check_key(&scene, IDENTITY, "t:0");
	add_key(&scene, "soft", "k");
	CHECK_INT(scene_count(&scene, IDENTITY), 1);
	CHECK_INT(scene_count(&scene, "{\"class\":\"identity\",\"token_id\":\"t:1\"}"), 1);
	check_key(&scene, IDENTITY, NULL);
	publish(&scene, "t:1", "k", "k");
	check_key(&scene, IDENTITY, "t:1");
	CHECK_INT(scene_count(&scene, IDENTITY), 1);
}

/* Equal hashes are not enough, nor is a public key. */
TEST(identity_needs_equal_public_keys)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	struct engine_part liar = scene_key("liar", "k");
	struct engine_part public_key = scene_key("public", "k");

	add_certificate(&scene, "jo", "k");
	liar.public_key = view_of_text("P:other");
	CHECK(!scene_add_parts(&scene, KC_OK, KEY, &liar, 1));
	CHECK_INT(scene_count(&scene, IDENTITY), 0);
	CHECK_OK(field_put_text(public_key.attributes, "key_class", "public"));
	CHECK(!scene_add_parts(&scene, KC_OK, KEY, &public_key, 1));
	CHECK_INT(scene_count(&scene, IDENTITY), 0);
}

/* Both must be in groups of the caller's. */
TEST(identity_stays_within_groups)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	struct engine_part key = scene_key("k", "k");

	add_certificate(&scene, "jo", "k");
	CHECK(!scene_add_parts(&scene, KC_OK, "{\"class\":\"key\",\"access_group\":\"other\"}",
			       &key, 1));
	CHECK_INT(scene_count(&scene, IDENTITY), 1);
	scene.request.caller.n_groups = 1;
	CHECK_INT(scene_count(&scene, IDENTITY), 0);
	CHECK_INT(scene_count(&scene, CERTIFICATE), 1);
}

/* "The key only if no other certificate remains." */
TEST(identity_is_deleted_with_its_key)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(freep) char *reference = NULL;

	CHECK(!add(&scene, KC_OK, IDENTITY, "\x01", "k"));
	add_certificate(&scene, "second", "k");
	reference = scene_reference(&scene, "{\"class\":\"identity\",\"label\":\"jo\"}");
	scene_delete(&scene, KC_OK, reference);
	CHECK_INT(scene_count(&scene, CERTIFICATE), 1);
	CHECK_INT(scene_count(&scene, KEY), 1);
	CHECK(!scene_copy(&scene, KC_ERR_ITEM_NOT_FOUND, reference));
	scene_delete(&scene, KC_ERR_ITEM_NOT_FOUND, reference);
	scene_delete(&scene, KC_OK, "{\"class\":\"identity\",\"key_type\":\"ec\"}");
	CHECK_INT(scene_count(&scene, CERTIFICATE) + scene_count(&scene, KEY), 0);
	/* Two at once that share a key. */
	CHECK(!add(&scene, KC_OK, IDENTITY, "\x01", "k"));
	add_certificate(&scene, "second", "k");
	scene_delete(&scene, KC_OK, IDENTITY);
	CHECK_INT(scene_count(&scene, CERTIFICATE) + scene_count(&scene, KEY), 0);
}

/* What is on a token stays there: neither its certificate nor its key is deleted. */
TEST(identity_is_deleted_but_for_what_is_on_a_token)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	publish(&scene, "t:1", NULL, "k");
	add_certificate(&scene, "jo", "k");
	scene_delete(&scene, KC_OK, IDENTITY);
	CHECK_INT(scene_count(&scene, CERTIFICATE), 0);
	CHECK_INT(scene_count(&scene, KEY), 1);
	publish(&scene, "t:1", "k", NULL);
	add_key(&scene, "soft", "k");
	CHECK_INT(scene_count(&scene, IDENTITY), 1);
	scene_delete(&scene, KC_ERR_ITEM_NOT_FOUND, IDENTITY);
	CHECK_INT(scene_count(&scene, IDENTITY), 1);
}

TEST(identity_is_deleted_while_locked)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	scene_set_password(&scene, "pw");
	CHECK(!add(&scene, KC_OK, IDENTITY, "\x01", "k"));
	scene_lock(&scene);
	CHECK(!scene_copy(&scene, KC_ERR_INTERACTION_NOT_ALLOWED, IDENTITY));
	scene_delete(&scene, KC_OK, IDENTITY);
	CHECK_INT(scene_count(&scene, CERTIFICATE) + scene_count(&scene, KEY), 0);
}

/* Both or none, also by an identity's persistent reference (reference/keychain.md 2.9, 7). */
TEST(identity_is_updated_as_two)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	CLEANUP(freep) char *reference = NULL;

	CHECK(!add(&scene, KC_OK, IDENTITY, "\x01", "k"));
	reference = scene_reference(&scene, IDENTITY);
	scene_update(&scene, KC_OK, reference,
		     "{\"access_group\":\"other\",\"application_tag\":\"AQ==\"}");
	CHECK_INT(scene_count(&scene, "{\"class\":\"certificate\",\"access_group\":\"other\"}"), 1);
	CHECK_INT(scene_count(&scene, "{\"class\":\"key\",\"access_group\":\"other\","
				      "\"application_tag\":\"AQ==\"}"),
		  1);
	scene_update(&scene, KC_OK, IDENTITY, "{\"label\":\"both\"}");
	CHECK_INT(scene_count(&scene, "{\"class\":\"key\",\"label\":\"both\"}"), 1);
	CHECK_INT(scene_count(&scene, "{\"class\":\"identity\",\"label\":\"both\"}"), 1);
	/* The key cannot be of another type, so the certificate keeps its label. */
	scene_update(&scene, KC_ERR_PARAM, IDENTITY, "{\"label\":\"new\",\"key_type\":\"rsa\"}");
	CHECK_INT(scene_count(&scene, "{\"class\":\"certificate\",\"label\":\"both\"}"), 1);
	scene_update(&scene, KC_ERR_NO_SUCH_ATTR, IDENTITY, "{\"account\":\"x\"}");
	scene_update_data(&scene, KC_ERR_PARAM, IDENTITY, "{}", "x");
	scene_said("add another one");
}

/* Access control is the key's; both have to allow it. */
TEST(identity_asks_for_proof)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	struct engine_part key = scene_key("k", "k");

	add_certificate(&scene, "jo", "k");
	CHECK(!scene_add_parts(&scene, KC_OK,
			       "{\"class\":\"key\",\"access_control\":{\"accessible\":"
			       "\"when_unlocked\",\"flags\":[\"user_presence\"]}}",
			       &key, 1));
	CHECK(!scene_copy(&scene, KC_ERR_AUTHENTICATION_NEEDED, IDENTITY));
	CHECK(scene.request.need.presence);
	scene.request.proof.has_presence = true;
	CHECK_INT(scene_count(&scene, IDENTITY), 1);
}

/* A damaged key is none. */
TEST(identity_and_damage)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();

	CHECK(!add(&scene, KC_OK, IDENTITY, "\x01", "k"));
	publish(&scene, "t:1", NULL, "k");
	check_key(&scene, IDENTITY, NULL);
	scene_run(&scene, "UPDATE file.keys SET attributes = x'00'");
	check_key(&scene, IDENTITY, "t:1");
	scene_run(&scene, "UPDATE file.certificates SET attributes = x'00'");
	CHECK_INT(scene_count(&scene, IDENTITY), 0);
	CHECK(!add(&scene, KC_OK, IDENTITY, "\x01", "k"));
	CHECK_INT(scene_count(&scene, IDENTITY), 1);
}

/* reference/keychain.md 2.11, 4.6: a duplicate is tolerated, and tells of itself no more than to
 * whoever asks for it. */
TEST(identity_over_a_constrained_certificate)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	struct engine_part certificate = scene_certificate("jo", "ca", "\x01", "k");
	struct engine_part parts[] = {scene_certificate("jo", "ca", "\x01", "k"),
				      scene_key("k", "k")};

	CHECK(!scene_add_parts(
		&scene, KC_OK,
		"{\"class\":\"certificate\",\"label\":\"secret\",\"access_control\":{"
		"\"accessible\":\"always\",\"flags\":[\"user_presence\"]}}",
		&certificate, 1));
	CHECK(!scene_add_parts(&scene, KC_ERR_AUTHENTICATION_NEEDED,
			       "{\"class\":\"identity\",\"return_attributes\":true}", parts, 2));
	CHECK(scene.request.need.presence);
	CHECK_INT(scene_count(&scene, KEY), 0);
	CHECK(!scene_add_parts(&scene, KC_OK, IDENTITY, parts, 2));
	CHECK_INT(scene_count(&scene, KEY), 1);
}

/* Locked is what is in the way: then nothing is added either. */
TEST(identity_over_a_locked_certificate)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	struct engine_part certificate = scene_certificate("jo", "ca", "\x01", "k");
	struct engine_part parts[] = {scene_certificate("jo", "ca", "\x01", "k"),
				      scene_key("k", "k")};

	scene_set_password(&scene, "pw");
	CHECK(!scene_add_parts(&scene, KC_OK,
			       "{\"class\":\"certificate\",\"accessible\":\"when_unlocked\"}",
			       &certificate, 1));
	scene_lock(&scene);
	CHECK(!scene_add_parts(&scene, KC_ERR_INTERACTION_NOT_ALLOWED,
			       "{\"class\":\"identity\",\"accessible\":\"always\","
			       "\"return_attributes\":true}",
			       parts, 2));
	CHECK_INT(scene_count(&scene, KEY), 0);
}

/* The application password is right when the key opens with it, which is seen by that alone. */
TEST(identity_with_a_wrong_application_password)
{
	CLEANUP(scene_end) struct scene scene = scene_begin();
	struct engine_part key = scene_key("k", "k");
	static const uint8_t right[32] = {1};
	static const uint8_t wrong[32] = {2};

	add_certificate(&scene, "jo", "k");
	scene.request.proof.application_key = VIEW_OF(right);
	CHECK(!scene_add_parts(&scene, KC_OK,
			       "{\"class\":\"key\",\"access_control\":{\"accessible\":"
			       "\"when_unlocked\",\"flags\":[\"application_password\"]}}",
			       &key, 1));
	CHECK_INT(scene_count(&scene, IDENTITY), 1);
	scene.request.proof.application_key = VIEW_OF(wrong);
	CHECK(!scene_copy(&scene, KC_ERR_AUTH_FAILED, KEY));
	CHECK(!scene_copy(&scene, KC_ERR_AUTH_FAILED, IDENTITY));
}
