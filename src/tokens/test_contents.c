/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a driver claims is held against what keycask-x509 found; a lie is left out. */
#include <string.h>

#include "base/try.h"
#include "harness/test.h"
#include "tokens/contents.h"
#include "tokens/naming.h"

/* Certificate "AQ==" (01) and key "mg==" (9A) that names it. */
#define CERTIFICATE                                                                                \
	"{\"kind\":\"certificate\",\"object_id\":\"AQ==\",\"label\":\"C\",\"data\":\"MAA=\"}"
#define KEY                                                                                        \
	"{\"kind\":\"key\",\"object_id\":\"mg==\",\"label\":\"K\",\"certificate_id\":\"AQ==\","    \
	"\"key_type\":\"ec\",\"key_size_in_bits\":256,\"constraint\":\"pin\",\"algorithms\":[],"   \
	"\"can_sign\":true}"
#define BARE_KEY                                                                                   \
	"{\"kind\":\"key\",\"object_id\":\"mg==\",\"label\":\"K\",\"public_key\":\"BAU=\","        \
	"\"key_type\":\"ec\",\"key_size_in_bits\":256,\"constraint\":\"pin\",\"algorithms\":[],"   \
	"\"can_derive\":true}"
#define FULL_KEY                                                                                   \
	"{\"kind\":\"key\",\"object_id\":\"mg==\",\"label\":\"K\",\"public_key\":\"BAU=\","        \
	"\"certificate_id\":\"AQ==\",\"key_type\":\"ec\",\"key_size_in_bits\":256,"                \
	"\"constraint\":\"pin\",\"algorithms\":[]}"
#define INSPECTED                                                                                  \
	"{\"key_type\":\"ec\",\"key_size_in_bits\":256,\"public_key\":\"BAU=\","                   \
	"\"public_key_hash\":\"AAECAwQFBgcICQoLDA0ODxAREhM=\"}"

static void contents_freep(struct contents **contents)
{
	*contents = contents_free(*contents);
}

static struct contents *read_objects(const char *text)
{
	CLEANUP(field_free) struct json_object *objects = json_tokener_parse(text);
	struct contents *contents = NULL;

	CHECK(objects);
	CHECK_OK(contents_new(objects, &contents));
	return contents;
}

/* keycask-x509's answer to that question. */
static void answer(struct contents *contents, size_t index, const char *name, const char *text)
{
	CLEANUP(field_free) struct json_object *reply = json_object_new_object();
	struct json_object *inspected = json_tokener_parse(text);

	CHECK(inspected);
	CHECK_OK(field_put(reply, name, inspected));
	contents_answer(contents, index, reply);
}

static void inspect(struct contents *contents, const char *text)
{
	answer(contents, 0, "certificate", text);
}

static size_t count(struct contents *contents)
{
	size_t n = 99;

	CHECK(contents_items(contents, &n));
	return n;
}

/* The only question there is, about that. */
static void check_question(struct contents *contents, const char *method, const char *name,
			   const char *hex)
{
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(64);
	struct contents_question question;

	CHECK_INT(contents_n_questions(contents), 1);
	CHECK_OK(contents_question(contents, 0, &question));
	CHECK_TEXT(question.method, method);
	CHECK_OK(field_data(question.parameters, name, &data));
	CHECK_HEX(bytes_view(&data), hex);
	field_free(&question.parameters);
}

TEST(a_key_is_published_with_its_certificate_under_an_id_with_its_hash)
{
	CLEANUP(contents_freep)
	struct contents *contents = read_objects("[" CERTIFICATE "," KEY "]");
	const struct token_item *items = NULL;
	struct kc_view object_id;
	size_t n = 0;

	check_question(contents, "org.keycask.X509.Inspect", "certificate", "3000");
	inspect(contents, INSPECTED);
	items = contents_items(contents, &n);
	CHECK_INT(n, 2);
	CHECK_TEXT(items[0].class_name, "certificate");
	CHECK_TEXT(items[1].class_name, "key");
	CHECK_HEX(items[0].object_id, "01000102030405060708090A0B0C0D0E0F10111213");
	CHECK_HEX(items[1].object_id, "9A000102030405060708090A0B0C0D0E0F10111213");
	CHECK_OK(naming_driver_object_id(items[1].object_id, &object_id));
	CHECK_HEX(object_id, "9A");
}

TEST(a_key_is_published_by_its_public_key_alone)
{
	CLEANUP(contents_freep) struct contents *contents = read_objects("[" BARE_KEY "]");
	const struct token_item *items = NULL;
	size_t n = 0;

	check_question(contents, "org.keycask.X509.InspectPublicKey", "public_key", "0405");
	answer(contents, 0, "public_key", INSPECTED);
	items = contents_items(contents, &n);
	CHECK_INT(n, 1);
	CHECK_TEXT(items[0].class_name, "key");
	CHECK_HEX(items[0].object_id, "9A000102030405060708090A0B0C0D0E0F10111213");
	CHECK_INT(items[0].can_derive, true);
}

TEST(a_public_key_that_cannot_be_read_costs_its_key)
{
	CLEANUP(contents_freep) struct contents *contents = read_objects("[" BARE_KEY "]");
	CLEANUP(contents_freep)
	struct contents *untyped =
		read_objects("[{\"kind\":\"key\",\"object_id\":\"mg==\",\"label\":\"K\","
			     "\"public_key\":\"BAU=\"}]");
	struct contents_question question;

	CHECK_INT(count(contents), 0);
	CHECK_STATUS(contents_question(untyped, 0, &question), KC_ERR_CORRUPTED_DATA);
}

/* Named certificate and public key are of one key, or the driver has mixed them up. */
TEST(a_public_key_must_be_its_certificates)
{
	static const char *const other =
		"{\"key_type\":\"ec\",\"key_size_in_bits\":256,\"public_key\":\"BAY=\","
		"\"public_key_hash\":\"AAECAwQFBgcICQoLDA0ODxAREhM=\"}";

	for (int i = 0; i < 2; i++) {
		CLEANUP(contents_freep)
		struct contents *contents = read_objects("[" CERTIFICATE "," FULL_KEY "]");

		CHECK_INT(contents_n_questions(contents), 2);
		answer(contents, 0, "certificate", i ? other : INSPECTED);
		answer(contents, 1, "public_key", INSPECTED);
		CHECK_INT(count(contents), i ? 1 : 2);
	}
}

TEST(a_certificate_that_cannot_be_read_takes_its_key_with_it)
{
	CLEANUP(contents_freep)
	struct contents *contents = read_objects("[" CERTIFICATE "," KEY "]");

	CHECK_INT(count(contents), 0);
}

TEST(a_key_that_is_not_its_certificates_is_left_out)
{
	static const char *const lies[] = {
		"{\"key_type\":\"rsa\",\"key_size_in_bits\":256,\"public_key_hash\":"
		"\"AAECAwQFBgcICQoLDA0ODxAREhM=\"}",
		"{\"key_type\":\"ec\",\"key_size_in_bits\":384,\"public_key_hash\":"
		"\"AAECAwQFBgcICQoLDA0ODxAREhM=\"}",
		"{\"key_type\":\"ec\",\"key_size_in_bits\":256,\"public_key_hash\":\"AAEC\"}",
	};

	for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
		CLEANUP(contents_freep)
		struct contents *contents = read_objects("[" CERTIFICATE "," KEY "]");

		inspect(contents, lies[i]);
		/* A hash that is none takes the certificate along. */
		CHECK_INT(count(contents), i < 2 ? 1 : 0);
	}
}

TEST(a_key_with_an_unknown_constraint_is_left_out)
{
	CLEANUP(contents_freep)
	struct contents *contents = read_objects(
		"[" CERTIFICATE ",{\"kind\":\"key\",\"object_id\":\"mg==\",\"label\":\"K\","
		"\"certificate_id\":\"AQ==\",\"key_type\":\"ec\",\"key_size_in_bits\":256,"
		"\"constraint\":\"perhaps\",\"algorithms\":[],\"can_sign\":true}]");

	inspect(contents, INSPECTED);
	CHECK_INT(count(contents), 1);
}

TEST(objects_that_make_no_sense_refuse_the_token)
{
	static const char *const nonsense[] = {
		"[{\"kind\":\"key\",\"object_id\":\"\",\"label\":\"K\"}]",
		"[{\"object_id\":\"AQ==\",\"label\":\"K\"}]",
		"[{\"kind\":\"key\",\"object_id\":\"!!\",\"label\":\"K\"}]",
	};

	for (size_t i = 0; i < ARRAY_LEN(nonsense); i++) {
		CLEANUP(field_free) struct json_object *objects = json_tokener_parse(nonsense[i]);
		struct contents *contents = NULL;

		CHECK(objects && contents_new(objects, &contents) != KC_OK);
		CHECK(!contents);
	}
}

TEST(no_more_objects_than_a_token_can_have)
{
	CLEANUP(field_free) struct json_object *objects = json_object_new_array();
	struct contents *contents = NULL;

	for (int i = 0; i < 257; i++)
		CHECK(json_object_array_add(objects, json_tokener_parse(CERTIFICATE)) == 0);
	CHECK_STATUS(contents_new(objects, &contents), KC_ERR_CORRUPTED_DATA);
}

TEST(an_instance_id_is_short_and_plain)
{
	char long_id[66];

	memset(long_id, 'A', sizeof(long_id) - 1);
	long_id[65] = '\0';
	CHECK(naming_is_instance_id("0123ABCD-x_y.z"));
	CHECK(!naming_is_instance_id(""));
	CHECK(!naming_is_instance_id(NULL));
	CHECK(!naming_is_instance_id("a:b"));
	CHECK(!naming_is_instance_id("a b"));
	CHECK(!naming_is_instance_id("a\nb"));
	CHECK(!naming_is_instance_id(long_id));
	long_id[64] = '\0';
	CHECK(naming_is_instance_id(long_id));
}

TEST(an_object_id_without_hash_is_none_of_ours)
{
	uint8_t bytes[20] = {0};
	struct kc_view object_id;

	CHECK_STATUS(naming_driver_object_id(VIEW_OF(bytes), &object_id), KC_ERR_PARAM);
}
