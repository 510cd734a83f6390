/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_KEY_LOOKUP_H
#define DAEMON_KEY_LOOKUP_H

/*
 * From a reference on the wire to a key: an item of the keychain, a public key that is its own
 * reference (keys/public_reference.h), or one that is not permanent (session_keys.h). calls.h is
 * the front door; who has to know what kind of reference it is asks here.
 */

#include "daemon/daemon.h"
#include "keys/public_reference.h"

enum {
	KEY_LOOKUP_REFERENCE_MAX = PUBLIC_REFERENCE_MAX,
};

enum key_lookup_kind {
	KEY_LOOKUP_ITEM,
	KEY_LOOKUP_PUBLIC,
	KEY_LOOKUP_SESSION,
};

enum key_lookup_kind key_lookup_kind(struct kc_view reference);

struct session_key;

/* Expected: KC_ERR_ITEM_NOT_FOUND  it ended with its connection */
KC_MUST_CHECK enum kc_status key_lookup_session(struct wire_call *call, struct kc_view reference,
						const struct session_key **ret_key);

/*
 * The key that @reference names, for @use. Expected: as engine_find_key(), and
 *   KC_ERR_PARAM           it is a public key alone, and @use is a private one's
 *   KC_ERR_ITEM_NOT_FOUND  it was not permanent, and ended with its connection
 * What names no item, its object_id names.
 */
KC_MUST_CHECK enum kc_status key_lookup_find(struct wire_call *call, struct kc_view reference,
					     enum engine_use use, struct engine_request *request,
					     struct engine_key *ret_key);

#endif
