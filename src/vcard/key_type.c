/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of key types. What an application calls them stands in its own tables. */
#include "vcard/key_type.h"

#include <string.h>

const struct key_type key_types[KEY_N_TYPES] = {
	[KEY_TYPE_RSA2048] = {"rsa2048", KEY_RSA, 2048, NULL, 256},
	[KEY_TYPE_RSA3072] = {"rsa3072", KEY_RSA, 3072, NULL, 384},
	[KEY_TYPE_RSA4096] = {"rsa4096", KEY_RSA, 4096, NULL, 512},
	[KEY_TYPE_P256] = {"p256", KEY_EC, 0, "P-256", 32},
	[KEY_TYPE_P384] = {"p384", KEY_EC, 0, "P-384", 48},
	[KEY_TYPE_P521] = {"p521", KEY_EC, 0, "P-521", 66},
	[KEY_TYPE_ED25519] = {"ed25519", KEY_EDWARDS, 0, "ED25519", 32},
	[KEY_TYPE_X25519] = {"x25519", KEY_MONTGOMERY, 0, "X25519", 32},
};

const struct key_type *key_type_named(const char *name)
{
	for (size_t i = 0; i < KEY_N_TYPES; i++)
		if (strcmp(key_types[i].name, name) == 0)
			return &key_types[i];
	return NULL;
}
