/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Key handles. A handle is a reference and nothing else: no connection, no state, so fork, restart
 * and re-insertion cannot hurt it. That of a public key contains the key.
 */
#include <keycask/key.h>

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/try.h"
#include "client/item_reference.h"
#include "client/key_impl.h"

struct kc_key *kc_key_free(struct kc_key *key)
{
	if (!key)
		return NULL;
	kc_bytes_free(&key->reference);
	free(key);
	return NULL;
}

static void key_freep(struct kc_key **key)
{
	*key = kc_key_free(*key);
}

/* Public and session references (protocol/org.keycask.Keys.varlink) name no item. */
static bool begins_with(const struct kc_bytes *reference, const char *prefix)
{
	size_t n = strlen(prefix);

	return reference->len >= n && memcmp(reference->data, prefix, n) == 0;
}

enum kc_status key_new(struct kc_view reference, struct kc_key **ret_key)
{
	CLEANUP(key_freep) struct kc_key *key = calloc(1, sizeof(*key));

	REQUIRE(reference.len > 0, KC_ERR_PARAM, "an empty persistent reference");
	REQUIRE(key, KC_ERR_ALLOCATE, "out of memory");
	key->reference.data = malloc(reference.len);
	REQUIRE(key->reference.data, KC_ERR_ALLOCATE, "out of memory");
	memcpy(key->reference.data, reference.data, reference.len);
	key->reference.len = reference.len;
	key->is_public = begins_with(&key->reference, "kcpk");
	key->is_of_line = begins_with(&key->reference, "kcss");
	*ret_key = take(key);
	return KC_OK;
}

enum kc_status kc_key_from_persistent_ref(struct kc_view reference, struct kc_key **ret_key)
{
	error_clear();
	return key_new(reference, ret_key);
}

enum kc_status kc_key_from_item(const struct kc_value *item, struct kc_key **ret_key)
{
	struct kc_view reference = item_reference_of(item);

	error_clear();
	REQUIRE(reference.len > 0, KC_ERR_PARAM, "this item holds no reference to a key");
	return key_new(reference, ret_key);
}

struct kc_view kc_key_persistent_ref(const struct kc_key *key)
{
	if (!key || key->is_public || key->is_of_line)
		return (struct kc_view){NULL, 0};
	return view_of(key->reference.data, key->reference.len);
}

struct kc_view kc_key_ref(const struct kc_key *key)
{
	return key ? view_of(key->reference.data, key->reference.len) : view_of(NULL, 0);
}

enum kc_status key_new_parameters(const struct kc_key *key, struct json_object **ret_parameters)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	REQUIRE(key, KC_ERR_PARAM, "no key");
	TRY(field_new_object(&parameters));
	TRY(field_put_data(parameters, "key", view_of(key->reference.data, key->reference.len)));
	*ret_parameters = take(parameters);
	return KC_OK;
}

enum kc_status key_new_operation(const struct kc_key *key, const char *algorithm,
				 struct json_object **ret_parameters)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	REQUIRE(algorithm && *algorithm, KC_ERR_PARAM, "no algorithm");
	TRY(key_new_parameters(key, &parameters));
	TRY(field_put_text(parameters, "algorithm", algorithm));
	*ret_parameters = take(parameters);
	return KC_OK;
}
