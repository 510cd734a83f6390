/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_TOKEN_IMPORT_H
#define DAEMON_TOKEN_IMPORT_H

/* Keys.Import where the attributes name a token: the key goes there. */

#include "daemon/daemon.h"
#include "daemon/key_attributes.h"
#include "keys/private_key.h"

/*
 * Takes @call on success, which ends in one reply {key}. @attributes and @key are borrowed for this
 * call only; @administrator (NULL: none was given) is taken.
 * Expected: KC_ERR_PARAM  not a private key, or not the one that @attributes say
 */
KC_MUST_CHECK enum kc_status token_import_start(struct wire_call *call,
						const struct key_attributes *attributes,
						const struct private_key *key,
						struct secret *administrator);

#endif
