/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_KEY_ATTRIBUTES_H
#define DAEMON_KEY_ATTRIBUTES_H

/*
 * What Keys.Create and Keys.Import are told of a key (reference/keychain.md 5.4): attributes of a
 * private key, with "private_key_attributes" and "public_key_attributes" in them, which win for
 * their half. They become what would be added to the keychain.
 */

#include "wire/field.h"

struct key_attributes {
	/* Borrowed from what was read. */
	const char *key_type; /* NULL: not said */
	const char *key_class;
	const char *token_id;	  /* NULL: no token's */
	const char *token_object; /* NULL: the token chooses */
	bool may_replace;
	int64_t size_in_bits; /* 0: not said */
	/* Dictionaries with class "key" and no nulls; owned. */
	struct json_object *private_item;
	struct json_object *public_item;
	bool is_private_permanent;
	bool is_public_permanent;
};

enum key_attributes_purpose {
	KEY_ATTRIBUTES_OF_A_PAIR, /* the public half has of the outer ones those that name it */
	KEY_ATTRIBUTES_OF_ONE,	  /* whatever it is, it has all of them */
};

/*
 * @attributes may be NULL: nothing is said. Whether an attribute exists, and whether it agrees with
 * the key, engine_check() says.
 * Expected: KC_ERR_PARAM
 */
KC_MUST_CHECK enum kc_status key_attributes_read(struct json_object *attributes,
						 enum key_attributes_purpose purpose,
						 struct key_attributes *ret_attributes);
void key_attributes_done(struct key_attributes *attributes);

#endif
