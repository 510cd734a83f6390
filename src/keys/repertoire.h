/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_REPERTOIRE_H
#define KEYS_REPERTOIRE_H

/* All that a key does, by name; no token is touched. */

#include "keys/key_facts.h"

enum repertoire_use {
	REPERTOIRE_SIGN,
	REPERTOIRE_DECRYPT,
	REPERTOIRE_EXCHANGE,
};

/* *ret_names: array of the algorithms that @key performs, what to take first before the others. */
KC_MUST_CHECK enum kc_status repertoire_list(const struct key_facts *key, enum repertoire_use use,
					     struct json_object **ret_names);

/* Does @key perform it? */
bool repertoire_has(const struct key_facts *key, enum repertoire_use use, const char *name);

/* Expected: KC_ERR_PARAM  no key performs it; the hint has the nearest that some do */
KC_MUST_CHECK enum kc_status repertoire_check_name(enum repertoire_use use, const char *name);

/* The same of a type of keys. */
KC_MUST_CHECK enum kc_status repertoire_check_key_type(const char *key_type);

#endif
