/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Facts about a key, as the keychain has them. */
#include "keys/key_facts.h"

#include <string.h>

#include "base/try.h"
#include "keys/digest_impl.h"
#include "keys/software_key.h"

struct key_facts key_facts_of(const struct engine_key *key)
{
	return (struct key_facts){
		.key_type = key->key_type,
		.size_in_bits = key->size_in_bits,
		.public_key = view_of(key->public_key.data, key->public_key.len),
		.algorithms = key->algorithms,
		.is_software = !key->token_id,
	};
}

bool key_facts_offers(const struct key_facts *key, const char *name)
{
	size_t n = 0;

	if (key->is_software)
		return software_key_offers(key->key_type, name);
	if (!json_object_is_type(key->algorithms, json_type_array))
		return false;
	n = json_object_array_length(key->algorithms);
	for (size_t i = 0; i < n; i++) {
		struct json_object *value = json_object_array_get_idx(key->algorithms, i);

		if (json_object_is_type(value, json_type_string) &&
		    strcmp(json_object_get_string(value), name) == 0)
			return true;
	}
	return false;
}

enum kc_status key_facts_hash(const struct key_facts *key, uint8_t ret_hash[KEY_FACTS_HASH_BYTES])
{
	CLEANUP(bytes_done) struct bytes hash = BYTES_INIT(EVP_MAX_MD_SIZE);

	TRY(digest_put(ALGORITHM_SHA1, key->public_key, &hash));
	memcpy(ret_hash, hash.data, KEY_FACTS_HASH_BYTES);
	return KC_OK;
}
