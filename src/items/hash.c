/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values become hashes. Equal bytes in two columns give unrelated hashes, so that whoever has the
 * file cannot see that somebody's account is called as their server; but for the columns that must
 * be compared with each other.
 */
#include "items/hash_impl.h"

#include <string.h>

#include "base/try.h"
#include "items/value_impl.h"

struct domain {
	const char *column;
	const char *name;
};

static const struct domain domains[] = {
	{"subject", "name"},
	{"issuer", "name"},
	{"subject_raw", "name"},
	{"issuer_raw", "name"},
	{"public_key_hash", "public key hash"},
	{"application_label", "public key hash"},
};

static const char *domain_of(const char *column)
{
	for (size_t i = 0; i < ARRAY_LEN(domains); i++)
		if (strcmp(domains[i].column, column) == 0)
			return domains[i].name;
	return column;
}

enum kc_status hash_bytes(struct seal_hasher *hasher, const char *name, struct kc_view value,
			  struct hash *ret_hash)
{
	struct hash hash = {.is_set = true};

	TRY(seal_hash(hasher, domain_of(name), value, hash.bytes));
	*ret_hash = hash;
	return KC_OK;
}

enum kc_status hash_value(struct seal_hasher *hasher, const struct vocabulary_attribute *attribute,
			  struct json_object *value, struct hash *ret_hash)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(VALUE_DATA_MAX);

	if (attribute->type == VOCABULARY_TEXT)
		return hash_bytes(hasher, attribute->name,
				  view_of_text(json_object_get_string(value)), ret_hash);
	TRY(value_put_bytes(attribute, value, &bytes));
	return hash_bytes(hasher, attribute->name, bytes_view(&bytes), ret_hash);
}
