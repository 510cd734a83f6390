/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_NEW_KEY_H
#define DAEMON_NEW_KEY_H

/*
 * What becomes of a key that was made or brought: an item where it is permanent; else a name on
 * this connection (session_keys.h), or of a public key the one that contains it
 * (keys/public_reference.h). When anything of it fails, nothing of it is there.
 */

#include "daemon/daemon.h"
#include "daemon/key_attributes.h"
#include "keys/private_key.h"

struct new_key {
	const char *operation; /* in the audit log; static */
	struct key_attributes attributes;
	struct private_key key;
	bool is_pair; /* the answer names both halves, and the public one may be permanent too */
};

void new_key_done(struct new_key *key);

/* What can be said before there is a key, so that nobody waits for one in vain.
 * Expected: KC_ERR_PARAM, KC_ERR_NO_SUCH_ATTR; KC_ERR_NOT_AVAILABLE  too many */
KC_MUST_CHECK enum kc_status new_key_check(struct wire_call *call,
					   const struct key_attributes *attributes);

/* Takes @call and what is in @key, and ends in one reply: {key}, and of a pair {key, public_key}.
 */
void new_key_keep(struct wire_call *call, struct new_key *key);

#endif
