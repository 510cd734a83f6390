/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an object is known by, whatever its place is called. */
#include <string.h>

#include "base/cleanup.h"
#include "harness/test.h"
#include "tokens/told.h"

#define CERTIFICATE(data) "{\"kind\":\"certificate\",\"object_id\":\"AQ==\",\"data\":\"" data "\"}"
#define NAMED_KEY	  "{\"kind\":\"key\",\"object_id\":\"mg==\",\"certificate_id\":\"AQ==\"}"
#define BARE_KEY(half)	  "{\"kind\":\"key\",\"object_id\":\"mg==\",\"public_key\":\"" half "\"}"

static const char certified[] = "[" CERTIFICATE("MAA=") "," NAMED_KEY "]";

/* What is known of it in @text; NULL: it is not there. */
static struct json_object *identify(const char *text, const char *kind, const char *object_id)
{
	CLEANUP(field_free) struct json_object *objects = json_tokener_parse(text);
	struct json_object *identity = NULL;

	CHECK(objects);
	CHECK_OK(told_identify(objects, kind, object_id, &identity));
	return identity;
}

static bool is_key_same(const char *before, const char *now)
{
	CLEANUP(field_free) struct json_object *one = identify(before, "key", "mg==");
	CLEANUP(field_free) struct json_object *other = identify(now, "key", "mg==");

	CHECK(one && other);
	return json_object_equal(one, other);
}

TEST(a_certificate_is_known_by_its_bytes)
{
	CLEANUP(field_free)
	struct json_object *one = identify(certified, "certificate", "AQ==");
	CLEANUP(field_free)
	struct json_object *other = identify("[" CERTIFICATE("MAE=") "]", "certificate", "AQ==");

	CHECK(one && other);
	CHECK(strcmp(field_text(one, "data"), "MAA=") == 0);
	CHECK(!json_object_equal(one, other));
}

TEST(a_key_is_known_by_its_public_half_or_its_certificate)
{
	CHECK(is_key_same(certified, certified));
	CHECK(is_key_same("[" BARE_KEY("BAU=") "]", "[" BARE_KEY("BAU=") "]"));
	CHECK(!is_key_same("[" BARE_KEY("BAU=") "]", "[" BARE_KEY("BAY=") "]"));
	CHECK(!is_key_same(certified, "[" CERTIFICATE("MAE=") "," NAMED_KEY "]"));
	CHECK(!is_key_same(certified, "[" CERTIFICATE("MAA=") "," BARE_KEY("BAU=") "]"));
	CHECK(!is_key_same(certified, "[" NAMED_KEY "]"));
}

TEST(what_is_not_there_is_not_known)
{
	CHECK(!identify(certified, "certificate", "mg=="));
	CHECK(!identify(certified, "key", "AQ=="));
	CHECK(!identify("[]", "key", "mg=="));
	CHECK(!told_find(NULL, "key", "mg=="));
	CHECK(!identify("[7,{\"kind\":\"key\"}]", "key", "mg=="));
}
