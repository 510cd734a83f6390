/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Publication, withdrawal, identities, references, keys: what tokens bring and take away. */
#include "items/engine.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/try.h"
#include "codec/hex.h"
#include "harness/test.h"
#include "items/describe.h"
#include "items/sample.h"

#define TOKEN_A "org.keycask.test:A"
#define TOKEN_B "org.keycask.test:B"

static struct engine *new_engine(void)
{
	struct engine *engine = NULL;

	CHECK_OK(engine_new(&sample_settings, &engine));
	return engine;
}

/* The items for the query that @format and what follows make; NULL unless @expected is KC_OK. */
__attribute__((format(printf, 3, 4))) static struct json_object *ask(struct engine *engine,
								     enum kc_status expected,
								     const char *format, ...)
{
	CLEANUP(field_free) struct json_object *query = NULL;
	struct json_object *items = NULL;
	char text[2048];
	va_list args;

	va_start(args, format);
	CHECK(vsnprintf(text, sizeof(text), format, args) < (int)sizeof(text));
	va_end(args);
	query = json_tokener_parse(text);
	CHECK(query);
	error_clear();
	CHECK_STATUS(engine_copy_matching(engine, &sample_request, query, &items), expected);
	CHECK((items != NULL) == (expected == KC_OK));
	return items;
}

static size_t count(struct engine *engine, const char *class_name)
{
	CLEANUP(field_free) struct json_object *query = NULL;
	CLEANUP(field_free) struct json_object *items = NULL;
	enum kc_status status = KC_OK;

	CHECK_OK(field_new_object(&query));
	CHECK_OK(field_put_text(query, "class", class_name));
	CHECK_OK(field_put_text(query, "match_limit", "all"));
	status = engine_copy_matching(engine, &sample_request, query, &items);
	if (status == KC_ERR_ITEM_NOT_FOUND)
		return 0;
	CHECK_OK(status);
	return json_object_array_length(items);
}

static void publish_card(struct engine *engine, const char *token_id)
{
	CLEANUP(sample_done) struct sample sample = {.n = 0};

	sample_add_certificate(&sample, "c-auth", "ca", "\x01", "auth");
	sample_add_certificate(&sample, "c-sign", "ca", "\x02", "sign");
	sample_add_key(&sample, "k-auth", "auth", "pin");
	sample_add_key(&sample, "k-sign", "sign", "pin_always");
	CHECK_OK(engine_publish(engine, token_id, sample.items, sample.n));
}

static void check_field(struct json_object *items, size_t index, const char *name,
			const char *expected)
{
	CHECK(index < json_object_array_length(items));
	CHECK_TEXT(field_text(json_object_array_get_idx(items, index), name), expected);
}

/* The persistent reference of the first match, in base64. */
static char *reference_of(struct engine *engine, const char *class_name, const char *token_id,
			  const char *label)
{
	CLEANUP(field_free)
	struct json_object *items = ask(engine, KC_OK,
					"{\"class\":\"%s\",\"token_id\":\"%s\",\"label\":\"%s\","
					"\"return_persistent_ref\":true}",
					class_name, token_id, label);

	return strdup(field_text(json_object_array_get_idx(items, 0), "value_persistent_ref"));
}

static enum kc_status find_key_for(struct engine *engine, const char *reference,
				   enum engine_use use, struct engine_key *ret_key)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(4096);

	error_clear();
	CHECK_OK(base64_decode(view_of_text(reference), &bytes));
	return engine_find_key(engine, &sample_request, bytes_view(&bytes), use, ret_key);
}

static enum kc_status find_key(struct engine *engine, const char *reference,
			       struct engine_key *ret_key)
{
	return find_key_for(engine, reference, ENGINE_USE_PUBLIC, ret_key);
}

TEST(engine_is_empty_at_first)
{
	CLEANUP(engine_freep) struct engine *engine = new_engine();

	ask(engine, KC_ERR_ITEM_NOT_FOUND, "{\"class\":\"identity\"}");
	ask(engine, KC_ERR_ITEM_NOT_FOUND, "{\"class\":\"generic_password\",\"service\":\"x\"}");
	CHECK_OK(engine_withdraw(engine, TOKEN_A));
}

TEST(engine_publishes_and_withdraws)
{
	CLEANUP(engine_freep) struct engine *engine = new_engine();

	publish_card(engine, TOKEN_A);
	publish_card(engine, TOKEN_B);
	CHECK_INT(count(engine, "certificate"), 4);
	CHECK_INT(count(engine, "key"), 4);
	CHECK_INT(count(engine, "identity"), 4);
	CHECK_OK(engine_withdraw(engine, TOKEN_A));
	CHECK_INT(count(engine, "certificate"), 2);
	CHECK_INT(count(engine, "key"), 2);
	CHECK_INT(count(engine, "identity"), 2);
	CHECK_OK(engine_withdraw(engine, TOKEN_B));
	CHECK_INT(count(engine, "certificate") + count(engine, "key"), 0);
}

TEST(engine_replaces_what_a_token_had)
{
	CLEANUP(engine_freep) struct engine *engine = new_engine();
	CLEANUP(sample_done) struct sample sample = {.n = 0};

	publish_card(engine, TOKEN_A);
	sample_add_certificate(&sample, "c-new", "ca", "\x09", "new");
	CHECK_OK(engine_publish(engine, TOKEN_A, sample.items, sample.n));
	CHECK_INT(count(engine, "certificate"), 1);
	CHECK_INT(count(engine, "key"), 0);
	CHECK_OK(engine_publish(engine, TOKEN_A, NULL, 0));
	CHECK_INT(count(engine, "certificate"), 0);
}

static void check_publication_fails(struct engine *engine, const struct engine_item *last,
				    enum kc_status expected)
{
	CLEANUP(sample_done) struct sample sample = {.n = 0};
	struct engine_item items[2];

	sample_add_certificate(&sample, "c-new", "ca", "\x09", "new");
	items[0] = sample.items[0];
	items[1] = *last;
	error_clear();
	CHECK_STATUS(engine_publish(engine, TOKEN_A, items, 2), expected);
	CHECK_INT(error_get()->status, expected);
	CHECK_INT(count(engine, "certificate"), 2);
	CHECK_INT(count(engine, "identity"), 2);
}

static void check_attribute_fails(struct engine *engine, const char *name, const char *json,
				  enum kc_status expected)
{
	CLEANUP(sample_done) struct sample sample = {.n = 0};

	sample_add_key(&sample, "k-bad", "bad", "pin");
	json_object_object_add(sample.items[0].attributes, name, json_tokener_parse(json));
	check_publication_fails(engine, &sample.items[0], expected);
}

TEST(engine_publishes_all_or_nothing)
{
	CLEANUP(engine_freep) struct engine *engine = new_engine();

	publish_card(engine, TOKEN_A);
	check_attribute_fails(engine, "serial_number", "\"AQ==\"", KC_ERR_NO_SUCH_ATTR);
	check_attribute_fails(engine, "subject_raw", "\"AQ==\"", KC_ERR_NO_SUCH_ATTR);
	check_attribute_fails(engine, "nonsense", "1", KC_ERR_NO_SUCH_ATTR);
	check_attribute_fails(engine, "label", "1", KC_ERR_PARAM);
	check_attribute_fails(engine, "label", "\"a\\u0000b\"", KC_ERR_PARAM);
	check_attribute_fails(engine, "can_sign", "1", KC_ERR_PARAM);
	check_attribute_fails(engine, "key_size_in_bits", "\"256\"", KC_ERR_PARAM);
	check_attribute_fails(engine, "key_size_in_bits", "0", KC_ERR_PARAM);
	check_attribute_fails(engine, "application_label", "\"not base64\"", KC_ERR_PARAM);
	check_attribute_fails(engine, "application_label", "null", KC_ERR_PARAM);
	check_attribute_fails(engine, "token_id", "\"" TOKEN_B "\"", KC_ERR_PARAM);
	check_attribute_fails(engine, "access_group", "\"mine\"", KC_ERR_PARAM);
	check_attribute_fails(engine, "creation_date", "\"2024-01-01T00:00:00Z\"", KC_ERR_PARAM);
}

TEST(engine_refuses_bad_items)
{
	CLEANUP(engine_freep) struct engine *engine = new_engine();
	CLEANUP(sample_done) struct sample sample = {.n = 0};
	struct engine_item item;

	publish_card(engine, TOKEN_A);
	sample_add_key(&sample, "k-bad", "bad", "pin");
	sample_add_certificate(&sample, "c-bad", "ca", "\x05", "bad");
	item = sample.items[0];
	item.class_name = "identity";
	check_publication_fails(engine, &item, KC_ERR_NO_SUCH_CLASS);
	item = sample.items[0];
	item.constraint = "maybe";
	check_publication_fails(engine, &item, KC_ERR_PARAM);
	item = sample.items[0];
	item.object_id.len = 0;
	check_publication_fails(engine, &item, KC_ERR_PARAM);
	item = sample.items[0];
	item.public_key.len = 0;
	check_publication_fails(engine, &item, KC_ERR_PARAM);
	item = sample.items[0];
	item.algorithms = item.attributes;
	check_publication_fails(engine, &item, KC_ERR_PARAM);
	item = sample.items[1];
	item.data.len = 0;
	check_publication_fails(engine, &item, KC_ERR_PARAM);
	item.attributes = NULL;
	check_publication_fails(engine, &item, KC_ERR_PARAM);
	CHECK_STATUS(engine_publish(engine, "", NULL, 0), KC_ERR_PARAM);
	CHECK_STATUS(engine_publish(engine, "\xFF", NULL, 0), KC_ERR_PARAM);
}

TEST(engine_takes_an_object_once_per_token)
{
	CLEANUP(engine_freep) struct engine *engine = new_engine();
	CLEANUP(sample_done) struct sample sample = {.n = 0};

	publish_card(engine, TOKEN_A);
	sample_add_certificate(&sample, "c-new", "other", "\x01", "auth");
	check_publication_fails(engine, &sample.items[0], KC_ERR_DUPLICATE_ITEM);
	CHECK(strstr(error_get()->hint, "item 2 of 2"));
	/* The same on another token is another item. */
	publish_card(engine, TOKEN_B);
}

TEST(engine_takes_one_certificate_in_two_slots_of_a_card)
{
	CLEANUP(engine_freep) struct engine *engine = new_engine();
	CLEANUP(sample_done) struct sample sample = {.n = 0};

	sample_add_certificate(&sample, "slot-1", "ca", "\x09", "same");
	sample_add_certificate(&sample, "slot-2", "ca", "\x09", "same");
	CHECK_OK(engine_publish(engine, TOKEN_A, sample.items, sample.n));
	CHECK_INT(count(engine, "certificate"), 2);
}

TEST(engine_gives_items_in_order_of_arrival)
{
	CLEANUP(engine_freep) struct engine *engine = new_engine();
	CLEANUP(field_free) struct json_object *items = NULL;

	publish_card(engine, TOKEN_B);
	publish_card(engine, TOKEN_A);
	publish_card(engine, TOKEN_B); /* again: keeps its place */
	items = ask(engine, KC_OK,
		    "{\"class\":\"key\",\"match_limit\":\"all\",\"return_attributes\":true}");
	CHECK_INT(json_object_array_length(items), 4);
	check_field(items, 0, "token_id", TOKEN_B);
	check_field(items, 0, "label", "key k-auth");
	check_field(items, 1, "token_id", TOKEN_B);
	check_field(items, 1, "label", "key k-sign");
	check_field(items, 2, "token_id", TOKEN_A);
	check_field(items, 3, "label", "key k-sign");
}

TEST(engine_gives_a_key_what_token_keys_have)
{
	CLEANUP(engine_freep) struct engine *engine = new_engine();
	CLEANUP(field_free) struct json_object *items = NULL;
	struct json_object *key = NULL;

	publish_card(engine, TOKEN_A);
	items = ask(engine, KC_OK,
		    "{\"class\":\"key\",\"label\":\"key k-sign\",\"return_attributes\":true}");
	key = json_object_array_get_idx(items, 0);
	CHECK_TEXT(field_text(key, "class"), "key");
	CHECK_TEXT(field_text(key, "access_group"), ENGINE_TOKEN_GROUP);
	CHECK_TEXT(field_text(key, "accessible"), "always");
	CHECK_TEXT(field_text(key, "key_class"), "private");
	CHECK_TEXT(field_text(key, "application_tag"), "");
	CHECK_INT(field_number(key, "effective_key_size", 0), 256);
	CHECK(field_flag(key, "is_permanent", false));
	CHECK(field_flag(key, "is_sensitive", false));
	CHECK(!field_flag(key, "is_extractable", true));
	CHECK(!field_flag(key, "synchronizable", true));
	CHECK(field_flag(key, "can_sign", false));
	CHECK(!field_flag(key, "can_decrypt", true));
	CHECK_TEXT(field_text(field_get(key, "access_control"), "sign"), "pin_always");
	CHECK(!field_get(field_get(key, "access_control"), "decrypt"));
	CHECK_INT(strlen(field_text(key, "creation_date")), strlen("2024-01-01T00:00:00Z"));
	CHECK(!field_get(key, "value_data"));
	CHECK(!field_get(key, "object_id"));
}

TEST(engine_joins_identities)
{
	CLEANUP(engine_freep) struct engine *engine = new_engine();
	CLEANUP(field_free) struct json_object *items = NULL;
	struct json_object *identity = NULL;

	publish_card(engine, TOKEN_A);
	items = ask(engine, KC_OK,
		    "{\"class\":\"identity\",\"label\":\"c-auth\",\"can_sign\":true,"
		    "\"return_attributes\":true,\"return_data\":true}");
	identity = json_object_array_get_idx(items, 0);
	CHECK_TEXT(field_text(identity, "class"), "identity");
	CHECK_TEXT(field_text(identity, "label"), "c-auth");
	CHECK_TEXT(field_text(identity, "key_type"), "ec");
	CHECK_TEXT(field_text(identity, "public_key_hash"),
		   field_text(identity, "application_label"));
	CHECK_TEXT(field_text(field_get(identity, "access_control"), "sign"), "pin");
	CHECK_INT(field_number(identity, "certificate_type", 0), 3);
	CHECK_TEXT(field_text(identity, "value_data"), "Yy1hdXRo");
	/* A key's label is not an identity's. */
	ask(engine, KC_ERR_ITEM_NOT_FOUND, "{\"class\":\"identity\",\"label\":\"key k-auth\"}");
}

/* A token that claims a hash that is not its key's does not get at the certificate. */
TEST(engine_joins_equal_public_keys_only)
{
	CLEANUP(engine_freep) struct engine *engine = new_engine();
	CLEANUP(sample_done) struct sample honest = {.n = 0};
	CLEANUP(sample_done) struct sample liar = {.n = 0};
	struct json_object *claimed = NULL;

	sample_add_certificate(&honest, "c-auth", "ca", "\x01", "auth");
	sample_add_key(&liar, "k-liar", "other", "none");
	claimed = field_get(honest.items[0].attributes, "public_key_hash");
	CHECK_OK(
		field_put(liar.items[0].attributes, "application_label", json_object_get(claimed)));
	CHECK_OK(engine_publish(engine, TOKEN_A, honest.items, honest.n));
	CHECK_OK(engine_publish(engine, TOKEN_B, liar.items, liar.n));
	CHECK_INT(count(engine, "certificate"), 1);
	CHECK_INT(count(engine, "key"), 1);
	CHECK_INT(count(engine, "identity"), 0);
}

TEST(engine_never_joins_a_public_key)
{
	CLEANUP(engine_freep) struct engine *engine = new_engine();
	CLEANUP(sample_done) struct sample sample = {.n = 0};

	sample_add_certificate(&sample, "c", "ca", "\x01", "x");
	sample_add_key(&sample, "k", "x", "none");
	CHECK_OK(field_put_text(sample.items[1].attributes, "key_class", "public"));
	CHECK_OK(engine_publish(engine, TOKEN_A, sample.items, sample.n));
	CHECK_INT(count(engine, "identity"), 0);
}

/* The certificate on one token, the key on another; then the key comes twice. */
TEST(engine_joins_across_tokens)
{
	CLEANUP(engine_freep) struct engine *engine = new_engine();
	CLEANUP(sample_done) struct sample certificate = {.n = 0};
	CLEANUP(sample_done) struct sample key = {.n = 0};
	CLEANUP(engine_key_done) struct engine_key found = {0};
	CLEANUP(freep) char *reference = NULL;

	sample_add_certificate(&certificate, "c", "ca", "\x01", "x");
	sample_add_key(&key, "k", "x", "pin");
	CHECK_OK(engine_publish(engine, TOKEN_B, key.items, key.n));
	CHECK_OK(engine_publish(engine, TOKEN_A, certificate.items, certificate.n));
	CHECK_INT(count(engine, "identity"), 1);
	reference = reference_of(engine, "identity", TOKEN_A, "c");
	CHECK_OK(find_key(engine, reference, &found));
	CHECK_TEXT(found.token_id, TOKEN_B);
	engine_key_done(&found);

	sample_add_key(&certificate, "k", "x", "none");
	CHECK_OK(engine_publish(engine, TOKEN_A, certificate.items, certificate.n));
	CHECK_INT(count(engine, "identity"), 1);
	CHECK_OK(find_key(engine, reference, &found));
	CHECK_TEXT(found.token_id, TOKEN_A); /* the certificate's own token first */
	engine_key_done(&found);

	CHECK_OK(engine_withdraw(engine, TOKEN_A));
	CHECK_INT(count(engine, "identity"), 0);
}

TEST(engine_makes_an_identity_of_each_certificate)
{
	CLEANUP(engine_freep) struct engine *engine = new_engine();
	CLEANUP(sample_done) struct sample sample = {.n = 0};

	sample_add_certificate(&sample, "c1", "ca", "\x01", "x");
	sample_add_certificate(&sample, "c2", "ca", "\x02", "x");
	sample_add_key(&sample, "k", "x", "pin");
	CHECK_OK(engine_publish(engine, TOKEN_A, sample.items, sample.n));
	CHECK_INT(count(engine, "identity"), 2);
}

TEST(engine_references_die_and_live_with_their_token)
{
	CLEANUP(engine_freep) struct engine *engine = new_engine();
	CLEANUP(freep) char *reference = NULL;
	CLEANUP(field_free) struct json_object *items = NULL;

	publish_card(engine, TOKEN_A);
	reference = reference_of(engine, "identity", TOKEN_A, "c-auth");
	CHECK_OK(engine_withdraw(engine, TOKEN_A));
	ask(engine, KC_ERR_ITEM_NOT_FOUND, "{\"value_persistent_ref\":\"%s\"}", reference);
	CHECK_TEXT(error_get()->token_id, TOKEN_A);
	CHECK(strstr(error_get()->hint, "insert the token " TOKEN_A));

	CHECK_OK(engine_publish(engine, TOKEN_A, NULL, 0));
	ask(engine, KC_ERR_ITEM_NOT_FOUND, "{\"value_ref\":\"%s\"}", reference);
	CHECK_TEXT(error_get()->token_id, TOKEN_A);
	CHECK(strstr(error_get()->message, "no longer has this identity"));

	publish_card(engine, TOKEN_A);
	items = ask(engine, KC_OK,
		    "{\"class\":\"identity\",\"value_persistent_ref\":\"%s\","
		    "\"return_attributes\":true,\"match_limit\":\"all\","
		    "\"use_authentication_ui\":\"fail\"}",
		    reference);
	CHECK_INT(json_object_array_length(items), 1);
	check_field(items, 0, "label", "c-auth");
}

TEST(engine_finds_keys_by_reference)
{
	CLEANUP(engine_freep) struct engine *engine = new_engine();
	CLEANUP(engine_key_done) struct engine_key key = {0};
	CLEANUP(freep) char *of_key = NULL;
	CLEANUP(freep) char *of_certificate = NULL;

	publish_card(engine, TOKEN_A);
	of_key = reference_of(engine, "key", TOKEN_A, "key k-sign");
	of_certificate = reference_of(engine, "certificate", TOKEN_A, "c-sign");
	CHECK_OK(find_key(engine, of_key, &key));
	CHECK_TEXT(key.token_id, TOKEN_A);
	CHECK_HEX(view_of(key.object_id.data, key.object_id.len), "6B2D7369676E");
	CHECK_HEX(view_of(key.public_key.data, key.public_key.len), "503A7369676E");
	CHECK_TEXT(key.label, "key k-sign");
	CHECK_TEXT(key.key_type, "ec");
	CHECK_INT(key.size_in_bits, 256);
	CHECK_TEXT(key.constraint, "pin_always");
	CHECK_INT(json_object_array_length(key.algorithms), 1);
	CHECK(key.can_sign && !key.can_decrypt && !key.can_derive);
	engine_key_done(&key);

	CHECK_STATUS(find_key(engine, "AAAA", &key), KC_ERR_PARAM);
	CHECK_STATUS(find_key_for(engine, of_certificate, ENGINE_USE_SIGN, &key), KC_ERR_PARAM);
	CHECK_TEXT(error_get()->message,
		   "this reference is of a certificate, which has a public key only");
	CHECK_OK(find_key(engine, of_certificate, &key));
	CHECK_HEX(view_of(key.public_key.data, key.public_key.len), "503A7369676E");
	CHECK(!key.token_id && !key.can_sign && key.size_in_bits == 0);
	engine_key_done(&key);
	CHECK_OK(engine_withdraw(engine, TOKEN_A));
	CHECK_STATUS(find_key(engine, of_key, &key), KC_ERR_ITEM_NOT_FOUND);
	CHECK_TEXT(error_get()->token_id, TOKEN_A);
	CHECK(!key.token_id);
}

TEST(engine_takes_what_describe_makes)
{
	CLEANUP(engine_freep) struct engine *engine = new_engine();
	CLEANUP(field_free)
	struct json_object *inspected = json_tokener_parse(
		"{\"version\":3,\"subject\":\"MQA=\",\"issuer\":\"MQA=\",\"subject_raw\":\"MQE=\","
		"\"issuer_raw\":\"MQE=\",\"serial_number\":\"AQ==\",\"public_key\":\"BAEC\","
		"\"public_key_hash\":\"AQID\",\"key_type\":\"ec\",\"key_size_in_bits\":256,"
		"\"summary\":\"Jo\",\"key_usage\":[]}");
	CLEANUP(field_free) struct json_object *items = NULL;
	CLEANUP(bytes_done) struct bytes public_key = BYTES_INIT(4096);
	struct engine_item pair[2] = {
		{.class_name = "certificate",
		 .object_id = view_of_text("c"),
		 .data = view_of_text("DER")},
		{.class_name = "key", .object_id = view_of_text("k"), .constraint = "pin"},
	};

	CHECK_OK(describe_certificate(inspected, NULL, &pair[0].attributes));
	CHECK_OK(describe_key(inspected, "slot 9A", (struct describe_usage){.can_sign = true},
			      &pair[1].attributes));
	CHECK_OK(describe_public_key(inspected, &public_key));
	pair[0].public_key = bytes_view(&public_key);
	pair[1].public_key = bytes_view(&public_key);
	CHECK_OK(engine_publish(engine, TOKEN_A, pair, 2));
	items = ask(engine, KC_OK, "{\"class\":\"identity\",\"return_attributes\":true}");
	check_field(items, 0, "label", "Jo");
	check_field(items, 0, "key_type", "ec");
	json_object_put(pair[0].attributes);
	json_object_put(pair[1].attributes);
}
