/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_SESSION_KEYS_H
#define DAEMON_SESSION_KEYS_H

/*
 * Private keys that are not permanent: of one connection, in no file, and gone with it
 * (design/decisions.md 21). Nobody can guess their names:
 *
 *   "kcss" ‖ 16 random bytes
 */

#include "base/list.h"
#include "items/engine.h"
#include "keys/private_key.h"

enum {
	SESSION_KEYS_MAX = 64, /* of one connection */
	SESSION_KEYS_ID_BYTES = 16,
	SESSION_KEYS_REFERENCE_MAX = 4 + SESSION_KEYS_ID_BYTES,
};

struct session_key;

/* Does @view claim to be the name of one? */
bool session_keys_is(struct kc_view view);

/*
 * One more in @keys, a connection's. Takes @key on success. @given are the attributes that whoever
 * made it has chosen; it keeps a reference to them. Appends its name to @reference.
 * Expected: KC_ERR_NOT_AVAILABLE  the connection has too many
 */
KC_MUST_CHECK enum kc_status session_keys_add(struct list *keys, struct private_key *key,
					      struct json_object *given, struct bytes *reference);
/* It ends; fine when there is none. */
void session_keys_remove(struct list *keys, struct kc_view reference);
void session_keys_free_all(struct list *keys);

/* Expected: KC_ERR_NOT_AVAILABLE  another one would be too many */
KC_MUST_CHECK enum kc_status session_keys_check_room(const struct list *keys);

/* Expected: KC_ERR_ITEM_NOT_FOUND  it never was, or its connection has ended */
KC_MUST_CHECK enum kc_status session_keys_find(const struct list *keys, struct kc_view reference,
					       const struct session_key **ret_key);

/* What an operation needs to know of it: the private half only where @use is one's. */
KC_MUST_CHECK enum kc_status session_keys_copy(const struct session_key *key, enum engine_use use,
					       struct engine_key *ret_key);

/* Borrowed. */
const struct private_key *session_keys_value(const struct session_key *key);
struct json_object *session_keys_given(const struct session_key *key);

/* All its attributes: what it says of itself, and what was given, which wins. */
KC_MUST_CHECK enum kc_status session_keys_describe(const struct session_key *key,
						   struct json_object **ret_attributes);

#endif
