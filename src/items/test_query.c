/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Queries: what is found, what comes back, and every way to ask wrongly. */
#include <stdio.h>

#include "base/try.h"
#include "harness/test.h"
#include "items/engine.h"
#include "items/sample.h"

#define TOKEN_A "org.keycask.test:A"

static struct engine *new_engine(void)
{
	CLEANUP(sample_done) struct sample sample = {.n = 0};
	struct engine *engine = NULL;

	sample_add_certificate(&sample, "c-auth", "ca", "\x01", "auth");
	sample_add_certificate(&sample, "c-sign", "ca", "\x02", "sign");
	sample_add_certificate(&sample, "c-old", "0ther", "\x01", "old");
	sample_add_key(&sample, "k-auth", "auth", "pin");
	sample_add_key(&sample, "k-sign", "sign", "pin_always");
	CHECK_OK(engine_new(&sample_settings, &engine));
	CHECK_OK(engine_publish(engine, TOKEN_A, sample.items, sample.n));
	return engine;
}

static struct json_object *ask(struct engine *engine, const char *text, enum kc_status expected)
{
	CLEANUP(field_free) struct json_object *query = json_tokener_parse(text);
	struct json_object *items = NULL;
	enum kc_status status = KC_OK;

	CHECK(query);
	error_clear();
	status = engine_copy_matching(engine, &sample_request, query, &items);
	if (status != expected)
		test_fail(__FILE__, __LINE__, "%s gives %s (%s), not %s", text,
			  kc_status_name(status), error_get()->message, kc_status_name(expected));
	CHECK((items != NULL) == (expected == KC_OK));
	CHECK_INT(error_get()->status, expected);
	return items;
}

static void check_found(struct engine *engine, const char *text, size_t n)
{
	CLEANUP(field_free)
	struct json_object *items = ask(engine, text, n ? KC_OK : KC_ERR_ITEM_NOT_FOUND);

	if (n)
		CHECK_INT(json_object_array_length(items), n);
}

static void check_refused(struct engine *engine, const char *text, enum kc_status expected,
			  const char *in_message)
{
	ask(engine, text, expected);
	if (!strstr(error_get()->message, in_message))
		test_fail(__FILE__, __LINE__, "%s says \"%s\"", text, error_get()->message);
}

TEST(query_limits)
{
	CLEANUP(engine_freep) struct engine *engine = new_engine();

	check_found(engine, "{\"class\":\"certificate\"}", 1);
	check_found(engine, "{\"class\":\"certificate\",\"match_limit\":\"one\"}", 1);
	check_found(engine, "{\"class\":\"certificate\",\"match_limit\":\"all\"}", 3);
	check_found(engine, "{\"class\":\"certificate\",\"match_limit\":2}", 2);
	check_found(engine, "{\"class\":\"certificate\",\"match_limit\":99}", 3);
	check_refused(engine, "{\"class\":\"certificate\",\"match_limit\":0}", KC_ERR_PARAM,
		      "match_limit");
	check_refused(engine, "{\"class\":\"certificate\",\"match_limit\":-1}", KC_ERR_PARAM,
		      "match_limit");
	check_refused(engine, "{\"class\":\"certificate\",\"match_limit\":\"some\"}", KC_ERR_PARAM,
		      "match_limit");
	check_refused(engine, "{\"class\":\"certificate\",\"match_limit\":1.5}", KC_ERR_PARAM,
		      "match_limit");
	check_refused(engine, "{\"class\":\"certificate\",\"match_limit\":null}", KC_ERR_PARAM,
		      "match_limit");
}

#define ALL ",\"match_limit\":\"all\"}"

TEST(query_by_each_kind_of_attribute)
{
	CLEANUP(engine_freep) struct engine *engine = new_engine();

	check_found(engine, "{\"class\":\"certificate\",\"label\":\"c-auth\"" ALL, 1);
	check_found(engine, "{\"class\":\"certificate\",\"label\":\"C-auth\"" ALL, 0);
	check_found(engine, "{\"class\":\"certificate\",\"label\":\"\"" ALL, 0);
	check_found(engine, "{\"class\":\"certificate\",\"token_id\":\"" TOKEN_A "\"" ALL, 3);
	check_found(engine, "{\"class\":\"certificate\",\"token_id\":\"other\"" ALL, 0);
	check_found(engine, "{\"class\":\"certificate\",\"serial_number\":\"AQ==\"" ALL, 2);
	check_found(engine, "{\"class\":\"certificate\",\"serial_number\":\"\"" ALL, 0);
	check_found(engine, "{\"class\":\"certificate\",\"certificate_type\":3" ALL, 3);
	check_found(engine, "{\"class\":\"certificate\",\"subject_key_id\":\"AQ==\"" ALL, 0);
	check_found(engine, "{\"class\":\"certificate\",\"access_group\":\"org.keycask.token\"" ALL,
		    3);
	/* H:auth */
	check_found(engine, "{\"class\":\"certificate\",\"public_key_hash\":\"SDphdXRo\"" ALL, 1);
	check_found(engine, "{\"class\":\"key\",\"application_label\":\"SDphdXRo\"" ALL, 1);
	check_found(engine, "{\"class\":\"identity\",\"application_label\":\"SDphdXRo\"" ALL, 1);
	check_found(engine, "{\"class\":\"key\",\"can_sign\":true" ALL, 2);
	check_found(engine, "{\"class\":\"key\",\"can_sign\":false" ALL, 0);
	check_found(engine, "{\"class\":\"key\",\"can_sign\":true,\"key_type\":\"rsa\"" ALL, 0);
	check_found(engine, "{\"class\":\"key\",\"access_control\":{\"sign\":\"pin\"}" ALL, 1);
	check_found(engine, "{\"class\":\"key\",\"creation_date\":\"1999-01-01T00:00:00Z\"" ALL, 0);
	check_found(engine, "{\"class\":\"identity\",\"subject\":\"UzpjLWF1dGg=\"" ALL, 1);
}

/* I:ca normalized, I:CA as it stands in the certificate, and both within a SEQUENCE. */
TEST(query_by_name_in_each_form)
{
	CLEANUP(engine_freep) struct engine *engine = new_engine();

	check_found(engine, "{\"class\":\"certificate\",\"issuer\":\"STpjYQ==\"" ALL, 2);
	check_found(engine, "{\"class\":\"certificate\",\"issuer\":\"STpDQQ==\"" ALL, 2);
	check_found(engine, "{\"class\":\"certificate\",\"issuer\":\"MARJOmNh\"" ALL, 2);
	check_found(engine, "{\"class\":\"certificate\",\"issuer\":\"MARJOkNB\"" ALL, 2);
	check_found(engine, "{\"class\":\"certificate\",\"issuer\":\"MARJOmNhAA==\"" ALL, 0);
	check_found(engine, "{\"class\":\"certificate\",\"issuer\":\"MAVJOmNh\"" ALL, 0);
	check_found(engine, "{\"class\":\"certificate\",\"issuer\":\"STpDYQ==\"" ALL, 0);
	check_found(
		engine,
		"{\"class\":\"certificate\",\"issuer\":\"STpjYQ==\",\"serial_number\":\"Ag==\"" ALL,
		1);
	check_found(engine, "{\"class\":\"identity\",\"issuer\":\"MARJOkNB\"" ALL, 2);
}

/* A CA's subject as it stands finds what the CA issued, however that spells the name. */
TEST(query_by_issuer_finds_another_spelling)
{
	CLEANUP(engine_freep) struct engine *engine = NULL;
	CLEANUP(sample_done) struct sample sample = {.n = 0};

	sample_add_certificate(&sample, "root", "root", "\x01", "root");
	sample_add_certificate(&sample, "leaf", "?", "\x02", "leaf");
	CHECK_OK(field_put_data(sample.items[1].attributes, "issuer", view_of_text("S:root")));
	CHECK_OK(engine_new(&sample_settings, &engine));
	CHECK_OK(engine_publish(engine, TOKEN_A, sample.items, sample.n));
	/* S:ROOT */
	check_found(engine, "{\"class\":\"certificate\",\"issuer\":\"UzpST09U\"" ALL, 1);
	check_found(engine, "{\"class\":\"certificate\",\"subject\":\"UzpST09U\"" ALL, 1);
}

TEST(query_returns_what_is_asked_for)
{
	CLEANUP(engine_freep) struct engine *engine = new_engine();
	CLEANUP(field_free)
	struct json_object *nothing = ask(engine, "{\"class\":\"certificate\"}", KC_OK);
	CLEANUP(field_free)
	struct json_object *some =
		ask(engine, "{\"class\":\"certificate\",\"return_data\":true,\"return_ref\":true}",
		    KC_OK);
	CLEANUP(field_free)
	struct json_object *others =
		ask(engine,
		    "{\"class\":\"key\",\"return_data\":true,\"return_attributes\":false,"
		    "\"return_persistent_ref\":true}",
		    KC_OK);
	struct json_object *item = json_object_array_get_idx(some, 0);

	CHECK_INT(json_object_object_length(json_object_array_get_idx(nothing, 0)), 0);
	CHECK_INT(json_object_object_length(item), 3);
	CHECK_TEXT(field_text(item, "class"), "certificate");
	CHECK_TEXT(field_text(item, "value_data"), "Yy1hdXRo");
	CHECK(field_text(item, "value_ref"));
	item = json_object_array_get_idx(others, 0);
	CHECK_INT(json_object_object_length(item), 1); /* a key has no data */
	CHECK(field_text(item, "value_persistent_ref"));
}

/* Attributes that came back find the item again (reference/keychain.md 2.2). */
TEST(query_takes_its_own_answer)
{
	CLEANUP(engine_freep) struct engine *engine = new_engine();
	static const char *const classes[] = {"certificate", "key", "identity"};

	for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
		CLEANUP(field_free) struct json_object *again = NULL;
		CLEANUP(field_free) struct json_object *items = NULL;
		char text[128];

		snprintf(text, sizeof(text), "{\"class\":\"%s\",\"return_attributes\":true}",
			 classes[i]);
		items = ask(engine, text, KC_OK);
		CHECK_OK(engine_copy_matching(engine, &sample_request,
					      json_object_array_get_idx(items, 0), &again));
	}
}

TEST(query_needs_a_class)
{
	CLEANUP(engine_freep) struct engine *engine = new_engine();

	check_refused(engine, "{}", KC_ERR_PARAM, "\"class\"");
	check_refused(engine, "{\"label\":\"x\"}", KC_ERR_PARAM, "\"class\"");
	check_refused(engine, "{\"class\":null}", KC_ERR_PARAM, "\"class\"");
	check_refused(engine, "{\"class\":5}", KC_ERR_PARAM, "\"class\"");
	check_refused(engine, "{\"class\":\"keys\"}", KC_ERR_NO_SUCH_CLASS, "keys");
	CHECK(strstr(error_get()->hint, "generic_password"));
	check_refused(engine, "{\"class\":\"\"}", KC_ERR_NO_SUCH_CLASS, "class");
	check_refused(engine, "[]", KC_ERR_PARAM, "object");
	CHECK_STATUS(engine_copy_matching(engine, &sample_request, NULL, NULL), KC_ERR_PARAM);
}

TEST(query_knows_each_class_by_its_attributes)
{
	CLEANUP(engine_freep) struct engine *engine = new_engine();

	check_refused(engine, "{\"class\":\"certificate\",\"application_tag\":\"\"}",
		      KC_ERR_NO_SUCH_ATTR, "class certificate has no attribute");
	check_refused(engine, "{\"class\":\"key\",\"issuer\":\"\"}", KC_ERR_NO_SUCH_ATTR, "issuer");
	check_refused(engine, "{\"class\":\"key\",\"issuer_raw\":\"\"}", KC_ERR_NO_SUCH_ATTR,
		      "issuer");
	check_refused(engine, "{\"class\":\"certificate\",\"issuer_raw\":\"\"}",
		      KC_ERR_NO_SUCH_ATTR, "issuer_raw");
	check_refused(engine, "{\"class\":\"identity\",\"account\":\"\"}", KC_ERR_NO_SUCH_ATTR,
		      "account");
	check_refused(engine, "{\"class\":\"key\",\"\":1}", KC_ERR_NO_SUCH_ATTR, "");
	check_refused(engine, "{\"class\":\"key\",\"lable\":\"x\"}", KC_ERR_NO_SUCH_ATTR, "lable");
	CHECK_TEXT(error_get()->hint, "did you mean \"label\"?");
	check_found(engine, "{\"class\":\"generic_password\",\"service\":\"mail\"}", 0);
	check_refused(engine, "{\"class\":\"generic_password\",\"server\":\"mail\"}",
		      KC_ERR_NO_SUCH_ATTR, "server");
}

TEST(query_holds_to_types)
{
	CLEANUP(engine_freep) struct engine *engine = new_engine();

	check_refused(engine, "{\"class\":\"key\",\"label\":1}", KC_ERR_PARAM,
		      "\"label\" must be text");
	check_refused(engine, "{\"class\":\"key\",\"label\":null}", KC_ERR_PARAM, "label");
	check_refused(engine, "{\"class\":\"key\",\"label\":\"a\\u0000\"}", KC_ERR_PARAM, "label");
	check_refused(engine, "{\"class\":\"key\",\"can_sign\":2}", KC_ERR_PARAM, "true or false");
	check_refused(engine, "{\"class\":\"key\",\"can_sign\":\"true\"}", KC_ERR_PARAM,
		      "can_sign");
	check_refused(engine, "{\"class\":\"key\",\"key_size_in_bits\":\"many\"}", KC_ERR_PARAM,
		      "key_size_in_bits");
	check_refused(engine, "{\"class\":\"key\",\"key_size_in_bits\":\"\"}", KC_ERR_PARAM,
		      "key_size_in_bits");
	check_refused(engine, "{\"class\":\"key\",\"key_size_in_bits\":256.0}", KC_ERR_PARAM,
		      "number");
	check_refused(engine, "{\"class\":\"key\",\"application_label\":\"%%%%\"}", KC_ERR_PARAM,
		      "base64");
	check_refused(engine, "{\"class\":\"certificate\",\"issuer\":\"A\"}", KC_ERR_PARAM,
		      "base64");
	check_refused(engine, "{\"class\":\"key\",\"access_control\":\"pin\"}", KC_ERR_PARAM,
		      "object");
	check_refused(engine, "{\"class\":\"key\",\"creation_date\":\"today\"}", KC_ERR_PARAM,
		      "date");
	check_refused(engine, "{\"class\":\"key\",\"creation_date\":\"2024-01-01T00:00:00+01\"}",
		      KC_ERR_PARAM, "date");
	check_refused(engine, "{\"class\":\"key\",\"return_data\":\"1\"}", KC_ERR_PARAM,
		      "return_data");
	check_refused(engine, "{\"class\":\"key\",\"return_ref\":\"yes\"}", KC_ERR_PARAM,
		      "return_ref");
}

/* reference/keychain.md 1.8: equal values match however they are written. */
TEST(query_converts_what_is_the_same)
{
	CLEANUP(engine_freep) struct engine *engine = new_engine();

	check_found(engine, "{\"class\":\"key\",\"can_sign\":1,\"return_data\":1" ALL, 2);
	check_found(engine, "{\"class\":\"key\",\"can_sign\":0" ALL, 0);
	check_found(engine, "{\"class\":\"key\",\"key_size_in_bits\":\"256\"" ALL, 2);
	check_found(engine, "{\"class\":\"key\",\"key_size_in_bits\":\"0256\"" ALL, 2);
	check_found(engine, "{\"class\":\"key\",\"key_size_in_bits\":\"-256\"" ALL, 0);
	check_found(engine, "{\"class\":\"key\",\"key_size_in_bits\":true" ALL, 0);
	check_found(engine, "{\"class\":\"key\",\"synchronizable\":\"any\"" ALL, 2);
	check_found(engine, "{\"class\":\"key\",\"synchronizable\":true" ALL, 0);
}

TEST(query_tells_unknown_keys_from_unimplemented_ones)
{
	CLEANUP(engine_freep) struct engine *engine = new_engine();

	check_refused(engine, "{\"class\":\"certificate\",\"match_search_list\":[]}",
		      KC_ERR_UNIMPLEMENTED, "match_search_list");
	check_refused(engine, "{\"class\":\"key\",\"match_subject_contains\":\"a\"}",
		      KC_ERR_UNIMPLEMENTED, "match_subject_contains");
	check_refused(engine, "{\"class\":\"certificate\",\"match_trusted_only\":1}", KC_ERR_PARAM,
		      "true or false");
	check_refused(engine, "{\"class\":\"certificate\",\"match_everything\":true}", KC_ERR_PARAM,
		      "unknown key");
	check_refused(engine, "{\"class\":\"certificate\",\"return_atributes\":true}", KC_ERR_PARAM,
		      "unknown key");
	CHECK_TEXT(error_get()->hint, "did you mean \"return_attributes\"?");
	check_refused(engine, "{\"class\":\"certificate\",\"use_force\":true}", KC_ERR_PARAM,
		      "unknown key");
}

TEST(query_accepts_use_keys)
{
	CLEANUP(engine_freep) struct engine *engine = new_engine();

	check_found(engine, "{\"class\":\"key\",\"use_authentication_ui\":\"skip\"}", 1);
	check_found(engine, "{\"class\":\"key\",\"use_operation_prompt\":\"sign in\"}", 1);
	check_found(engine, "{\"class\":\"key\",\"use_token_raw_items\":true,\"value_data\":\"\"}",
		    1);
	check_refused(engine, "{\"class\":\"key\",\"use_authentication_ui\":\"ask\"}", KC_ERR_PARAM,
		      "allow");
	check_refused(engine, "{\"class\":\"key\",\"use_authentication_ui\":true}", KC_ERR_PARAM,
		      "text");
}

/* kct1, SEQUENCE { "key", "org.keycask.test:A", "k-auth" } */
#define KEY_REF "a2N0MTAhDANrZXkMEm9yZy5rZXljYXNrLnRlc3Q6QQQGay1hdXRo"

TEST(query_by_reference_stands_alone)
{
	CLEANUP(engine_freep) struct engine *engine = new_engine();

	check_found(engine, "{\"value_persistent_ref\":\"" KEY_REF "\"}", 1);
	check_found(engine, "{\"class\":\"key\",\"value_ref\":\"" KEY_REF "\",\"return_ref\":true}",
		    1);
	check_refused(engine, "{\"class\":\"certificate\",\"value_ref\":\"" KEY_REF "\"}",
		      KC_ERR_PARAM, "of a key");
	check_refused(engine, "{\"value_ref\":\"" KEY_REF "\",\"label\":\"key k-auth\"}",
		      KC_ERR_PARAM, "beside");
	check_refused(engine, "{\"value_ref\":\"" KEY_REF "\",\"value_data\":\"\"}", KC_ERR_PARAM,
		      "beside");
	check_refused(engine,
		      "{\"value_ref\":\"" KEY_REF "\",\"value_persistent_ref\":\"" KEY_REF "\"}",
		      KC_ERR_PARAM, "one of them");
	check_refused(engine, "{\"value_ref\":\"AAAA\"}", KC_ERR_PARAM,
		      "not a persistent reference");
	check_refused(engine, "{\"value_ref\":7}", KC_ERR_PARAM, "base64");
	check_refused(engine, "{\"class\":\"key\",\"value_ref\":null}", KC_ERR_PARAM, "value_ref");
	check_refused(engine, "{\"value_ref\":\"\"}", KC_ERR_PARAM, "not a persistent reference");
}

TEST(query_has_a_limited_number_of_keys)
{
	CLEANUP(engine_freep) struct engine *engine = new_engine();
	CLEANUP(field_free) struct json_object *query = json_object_new_object();
	struct json_object *items = NULL;

	for (int i = 0; i < 129; i++) {
		char name[16];

		snprintf(name, sizeof(name), "n%d", i);
		CHECK_OK(field_put_number(query, name, i));
	}
	CHECK_STATUS(engine_copy_matching(engine, &sample_request, query, &items), KC_ERR_PARAM);
}
