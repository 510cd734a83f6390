/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys of a connection: named, found, counted, gone. */
#include "daemon/session_keys.h"

#include "base/try.h"
#include "harness/test.h"

/* All bytes are such keys. */
static struct private_key make_key(uint8_t byte)
{
	uint8_t bytes[32];
	struct private_key_claim claim = {.key_class = "private", .key_type = "x25519"};
	struct private_key key = {.key_class = NULL};

	memset(bytes, byte, sizeof(bytes));
	CHECK_OK(private_key_read(claim, VIEW_OF(bytes), &key));
	return key;
}

static struct bytes add(struct list *keys, const char *given)
{
	CLEANUP(field_free) struct json_object *attributes = json_tokener_parse(given);
	CLEANUP(private_key_done) struct private_key key = make_key(7);
	struct bytes reference = BYTES_INIT(SESSION_KEYS_REFERENCE_MAX);

	CHECK_OK(session_keys_add(keys, &key, attributes, &reference));
	CHECK(!key.key_class && !key.external.data);
	CHECK_INT(reference.len, SESSION_KEYS_REFERENCE_MAX);
	CHECK(session_keys_is(bytes_view(&reference)));
	return reference;
}

TEST(a_key_is_used_by_its_name)
{
	CLEANUP(session_keys_free_all) struct list keys = {&keys, &keys};
	CLEANUP(bytes_done)
	struct bytes reference = add(&keys, "{\"class\":\"key\",\"label\":\"L\"}");
	CLEANUP(engine_key_done) struct engine_key copy = {0};
	const struct session_key *key = NULL;

	CHECK_OK(session_keys_find(&keys, bytes_view(&reference), &key));
	CHECK_OK(session_keys_copy(key, ENGINE_USE_PUBLIC, &copy));
	CHECK_TEXT(copy.label, "L");
	CHECK_TEXT(copy.key_type, "x25519");
	CHECK(copy.can_derive && !copy.can_sign && !copy.can_decrypt && !copy.token_id);
	CHECK_INT(copy.private_key.len, 0);
	CHECK_INT(copy.public_key.len, 32);
	CHECK(view_equal(view_of(copy.object_id.data, copy.object_id.len), bytes_view(&reference)));
	engine_key_done(&copy);
	CHECK_OK(session_keys_copy(key, ENGINE_USE_EXCHANGE, &copy));
	CHECK_INT(copy.private_key.len, 32);
}

/* What was given wins, but not over what the key is. */
TEST(its_attributes)
{
	CLEANUP(session_keys_free_all) struct list keys = {&keys, &keys};
	CLEANUP(bytes_done)
	struct bytes reference =
		add(&keys, "{\"class\":\"key\",\"can_derive\":false,\"is_permanent\":true}");
	CLEANUP(field_free) struct json_object *attributes = NULL;
	const struct session_key *key = NULL;

	CHECK_OK(session_keys_find(&keys, bytes_view(&reference), &key));
	CHECK_OK(session_keys_describe(key, &attributes));
	CHECK(!field_flag(attributes, "can_derive", true));
	CHECK(!field_flag(attributes, "is_permanent", true));
	CHECK(!field_flag(attributes, "is_extractable", true));
	CHECK_TEXT(field_text(attributes, "key_class"), "private");
	CHECK_INT(field_number(attributes, "key_size_in_bits", 0), 256);
}

static void check_missing(const struct list *keys, struct kc_view reference)
{
	const struct session_key *key = NULL;

	error_clear();
	CHECK_STATUS(session_keys_find(keys, reference, &key), KC_ERR_ITEM_NOT_FOUND);
	CHECK_TEXT(error_get()->message, "this connection has no such key");
}

TEST(names_of_others)
{
	CLEANUP(session_keys_free_all) struct list keys = {&keys, &keys};
	CLEANUP(session_keys_free_all) struct list others = {&others, &others};
	CLEANUP(bytes_done) struct bytes reference = add(&others, "{}");

	check_missing(&keys, bytes_view(&reference));
	check_missing(&others, view_slice(bytes_view(&reference), 0, reference.len - 1));
	check_missing(&others, view_of_text("kcss"));
	CHECK(!session_keys_is(view_of_text("kcpk")) && !session_keys_is(view_of(NULL, 0)));
	session_keys_remove(&others, bytes_view(&reference));
	check_missing(&others, bytes_view(&reference));
	session_keys_remove(&others, bytes_view(&reference));
}

TEST(so_many_and_no_more)
{
	CLEANUP(session_keys_free_all) struct list keys = {&keys, &keys};
	CLEANUP(private_key_done) struct private_key key = make_key(1);
	CLEANUP(bytes_done) struct bytes reference = BYTES_INIT(SESSION_KEYS_REFERENCE_MAX);

	for (int i = 0; i < SESSION_KEYS_MAX; i++) {
		CLEANUP(bytes_done) struct bytes added = {0};

		CHECK_OK(session_keys_check_room(&keys));
		added = add(&keys, "{}");
	}
	error_clear();
	CHECK_STATUS(session_keys_add(&keys, &key, NULL, &reference), KC_ERR_NOT_AVAILABLE);
	CHECK_TEXT(error_get()->message, "one connection may have 64 keys that are not permanent");
	CHECK(key.external.len > 0 && reference.len == 0);
}
