/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A private key on its way to a token. It has been checked like all keys that are brought; the
 * driver gets it in its external representation, in text that is wiped when it is freed.
 */
#include "daemon/token_import.h"

#include <string.h>

#include "base/try.h"
#include "daemon/token_create.h"
#include "daemon/token_write.h"

static enum kc_status check_key(const struct key_attributes *attributes,
				const struct private_key *key)
{
	REQUIRE(strcmp(key->key_class, "private") == 0, KC_ERR_PARAM,
		"a token keeps private keys, and certificates of public ones");
	REQUIRE(!attributes->key_class || strcmp(attributes->key_class, "private") == 0,
		KC_ERR_PARAM, "\"key_class\" of this key is \"private\"");
	REQUIRE(!attributes->key_type || strcmp(attributes->key_type, key->key_type) == 0,
		KC_ERR_PARAM, "this key is of type \"%s\"", key->key_type);
	REQUIRE(attributes->size_in_bits == 0 || attributes->size_in_bits == key->size_in_bits,
		KC_ERR_PARAM, "this key has %u bits", key->size_in_bits);
	return KC_OK;
}

static enum kc_status make_wish(const struct key_attributes *attributes,
				const struct private_key *key, struct json_object **ret_wish)
{
	CLEANUP(field_free) struct json_object *wish = NULL;
	struct key_attributes known = *attributes;

	known.key_type = key->key_type;
	known.size_in_bits = key->size_in_bits;
	TRY(token_create_make_wish(&known, &wish));
	TRY(field_put_flag(wish, "is_import", true));
	*ret_wish = take(wish);
	return KC_OK;
}

/* Driver.varlink's PrivateKey. */
static enum kc_status put_key(const struct private_key *key, struct json_object **ret_key)
{
	CLEANUP(field_free) struct json_object *json = NULL;

	TRY(field_new_object(&json));
	TRY(field_put_text(json, "key_type", key->key_type));
	TRY(field_put_number(json, "key_size_in_bits", key->size_in_bits));
	TRY(field_put_data(json, "public_key", bytes_view(&key->public_key)));
	TRY(field_put_data(json, "data", private_key_data(key)));
	*ret_key = take(json);
	return KC_OK;
}

enum kc_status token_import_start(struct wire_call *call, const struct key_attributes *attributes,
				  const struct private_key *key, struct secret *administrator)
{
	CLEANUP(field_free) struct json_object *wish = NULL;
	CLEANUP(field_free) struct json_object *json = NULL;
	struct token_write_options options = {.token_id = attributes->token_id,
					      .wish = {.kind = WRITING_IMPORT},
					      .operation = "import",
					      .has_taken_secrets = true,
					      .administrator = administrator};

	TRY(check_key(attributes, key));
	TRY(make_wish(attributes, key, &wish));
	TRY(put_key(key, &json));
	options.wish.wish = wish;
	options.wish.key = json;
	return token_write_start(call, &options);
}
