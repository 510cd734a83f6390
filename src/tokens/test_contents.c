/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a driver claims is held against what keycask-x509 found; a lie is left out. */
#include <string.h>

#include "base/try.h"
#include "harness/test.h"
#include "tokens/contents.h"

/* Certificate "AQ==" (01) and key "mg==" (9A) that names it. */
#define CERTIFICATE                                                                                \
	"{\"kind\":\"certificate\",\"object_id\":\"AQ==\",\"label\":\"C\",\"data\":\"MAA=\"}"
#define KEY                                                                                        \
	"{\"kind\":\"key\",\"object_id\":\"mg==\",\"label\":\"K\",\"certificate_id\":\"AQ==\","    \
	"\"key_type\":\"ec\",\"key_size_in_bits\":256,\"constraint\":\"pin\",\"algorithms\":[],"   \
	"\"can_sign\":true}"
#define INSPECTED                                                                                  \
	"{\"key_type\":\"ec\",\"key_size_in_bits\":256,"                                           \
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

static void inspect(struct contents *contents, const char *text)
{
	CLEANUP(field_free) struct json_object *inspected = json_tokener_parse(text);

	CHECK(inspected);
	contents_set_inspected(contents, 0, inspected);
}

static size_t count(struct contents *contents)
{
	size_t n = 99;

	CHECK(contents_items(contents, &n));
	return n;
}

TEST(a_key_is_published_with_its_certificate_under_an_id_with_its_hash)
{
	CLEANUP(contents_freep)
	struct contents *contents = read_objects("[" CERTIFICATE "," KEY "]");
	const struct token_item *items = NULL;
	struct kc_view object_id;
	struct kc_view der;
	size_t n = 0;

	CHECK(contents_certificate(contents, 0, &der));
	CHECK_HEX(der, "3000");
	CHECK(!contents_certificate(contents, 1, &der));
	inspect(contents, INSPECTED);
	items = contents_items(contents, &n);
	CHECK_INT(n, 2);
	CHECK_TEXT(items[0].class_name, "certificate");
	CHECK_TEXT(items[1].class_name, "key");
	CHECK_HEX(items[1].object_id, "9A000102030405060708090A0B0C0D0E0F10111213");
	CHECK_OK(contents_driver_object_id(items[1].object_id, &object_id));
	CHECK_HEX(object_id, "9A");
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
		CHECK_INT(count(contents), 1);
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
	CHECK(contents_is_instance_id("0123ABCD-x_y.z"));
	CHECK(!contents_is_instance_id(""));
	CHECK(!contents_is_instance_id(NULL));
	CHECK(!contents_is_instance_id("a:b"));
	CHECK(!contents_is_instance_id("a b"));
	CHECK(!contents_is_instance_id("a\nb"));
	CHECK(!contents_is_instance_id(long_id));
	long_id[64] = '\0';
	CHECK(contents_is_instance_id(long_id));
}

TEST(an_object_id_without_hash_is_none_of_ours)
{
	uint8_t bytes[20] = {0};
	struct kc_view object_id;

	CHECK_STATUS(contents_driver_object_id(VIEW_OF(bytes), &object_id), KC_ERR_PARAM);
}
