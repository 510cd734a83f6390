/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys of a connection that are in no file. Their private halves are in locked memory and wiped
 * when the connection ends. */
#include "daemon/session_keys.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/copy.h"
#include "base/try.h"

struct session_key {
	struct list link; /* of the connection */
	struct bytes reference;
	struct private_key key;
	struct json_object *given; /* owned */
};

static const uint8_t magic[] = {'k', 'c', 's', 's'};

bool session_keys_is(struct kc_view view)
{
	return view_equal(view_slice(view, 0, sizeof(magic)), VIEW_OF(magic));
}

static struct session_key *session_key_free(struct session_key *key)
{
	if (!key)
		return NULL;
	list_remove(&key->link);
	bytes_done(&key->reference);
	private_key_done(&key->key);
	field_free(&key->given);
	free(key);
	return NULL;
}
DEFINE_FREEP(session_key)

void session_keys_free_all(struct list *keys)
{
	list_for_each_safe (link, keys)
		ignore(session_key_free(list_entry(link, struct session_key, link)) != NULL);
}

void session_keys_remove(struct list *keys, struct kc_view reference)
{
	list_for_each_safe (link, keys) {
		struct session_key *key = list_entry(link, struct session_key, link);

		if (view_equal(bytes_view(&key->reference), reference))
			ignore(session_key_free(key) != NULL);
	}
}

enum kc_status session_keys_check_room(const struct list *keys)
{
	size_t n = 0;

	list_for_each (link, keys)
		n++;
	if (n < SESSION_KEYS_MAX)
		return KC_OK;
	error_set_hint("with is_permanent they become items; another connection has its own");
	return fail(KC_ERR_NOT_AVAILABLE, "one connection may have %d keys that are not permanent",
		    SESSION_KEYS_MAX);
}

static enum kc_status make_reference(struct bytes *reference)
{
	uint8_t id[SESSION_KEYS_ID_BYTES];

	REQUIRE(getrandom(id, sizeof(id), 0) == SESSION_KEYS_ID_BYTES, KC_ERR_INTERNAL,
		"the kernel has no random numbers");
	TRY(bytes_append(reference, VIEW_OF(magic)));
	return bytes_append(reference, VIEW_OF(id));
}

enum kc_status session_keys_add(struct list *keys, struct private_key *key,
				struct json_object *given, struct bytes *reference)
{
	CLEANUP(session_key_freep) struct session_key *added = calloc(1, sizeof(*added));

	REQUIRE(added, KC_ERR_ALLOCATE, "out of memory");
	list_init(&added->link);
	added->reference = BYTES_INIT(SESSION_KEYS_REFERENCE_MAX);
	TRY(session_keys_check_room(keys));
	TRY(make_reference(&added->reference));
	TRY(bytes_append(reference, bytes_view(&added->reference)));
	added->given = json_object_get(given);
	added->key = *key;
	*key = (struct private_key){.key_class = NULL};
	list_append(keys, &added->link);
	take(added);
	return KC_OK;
}

enum kc_status session_keys_find(const struct list *keys, struct kc_view reference,
				 const struct session_key **ret_key)
{
	list_for_each (link, keys) {
		const struct session_key *key = list_entry(link, struct session_key, link);

		if (view_equal(bytes_view(&key->reference), reference)) {
			*ret_key = key;
			return KC_OK;
		}
	}
	error_set_hint("a key that is not permanent ends with the connection that made it");
	return fail(KC_ERR_ITEM_NOT_FOUND, "this connection has no such key");
}

/* --- what is known of one ------------------------------------------------------------------ */

const struct private_key *session_keys_value(const struct session_key *key)
{
	return &key->key;
}

struct json_object *session_keys_given(const struct session_key *key)
{
	return key->given;
}

enum kc_status session_keys_describe(const struct session_key *key,
				     struct json_object **ret_attributes)
{
	CLEANUP(field_free) struct json_object *attributes = NULL;

	TRY(private_key_describe(&key->key, &attributes));
	TRY(field_put_flag(attributes, "is_extractable", false));
	json_object_object_foreach(key->given, name, value)
	{
		TRY(field_put(attributes, name, json_object_get(value)));
	}
	TRY(field_put_flag(attributes, "is_permanent", false));
	*ret_attributes = take(attributes);
	return KC_OK;
}

static enum kc_status copy_description(const struct session_key *key, struct engine_key *copy)
{
	CLEANUP(field_free) struct json_object *attributes = NULL;

	TRY(session_keys_describe(key, &attributes));
	TRY(copy_text(field_text(attributes, "label"), &copy->label));
	copy->can_sign = field_flag(attributes, "can_sign", false);
	copy->can_decrypt = field_flag(attributes, "can_decrypt", false);
	copy->can_derive = field_flag(attributes, "can_derive", false);
	return KC_OK;
}

enum kc_status session_keys_copy(const struct session_key *key, enum engine_use use,
				 struct engine_key *ret_key)
{
	CLEANUP(engine_key_done)
	struct engine_key copy = {.size_in_bits = key->key.size_in_bits};

	TRY(copy_description(key, &copy));
	TRY(copy_text(key->key.key_type, &copy.key_type));
	TRY(copy_bytes(bytes_view(&key->reference), &copy.object_id));
	TRY(copy_bytes(bytes_view(&key->key.public_key), &copy.public_key));
	if (use != ENGINE_USE_PUBLIC)
		TRY(secret_init(&copy.private_key, secret_view(&key->key.external)));
	*ret_key = copy;
	copy = (struct engine_key){0};
	return KC_OK;
}
