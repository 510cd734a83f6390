/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_IMPORT_KEYS_H
#define DAEMON_IMPORT_KEYS_H

/* Private keys in PKCS#8, many at a time, read and checked in a thread. */

#include <systemd/sd-event.h>

#include "keys/private_key.h"

struct import_keys;

/* @keys, @n of them, are the callee's to take, one by one; NULL on failure. */
typedef void (*import_keys_fn)(void *userdata, enum kc_status status, struct private_key *keys,
			       size_t n);

/*
 * @contained is an array of ContainedKey of org.keycask.X509. on_read runs once, later, and ends
 * it; unless import_keys_abandon() comes first. Expected, to on_read: as private_key_import()
 */
KC_MUST_CHECK enum kc_status import_keys_start(sd_event *event, struct json_object *contained,
					       import_keys_fn on_read, void *userdata,
					       struct import_keys **ret_keys);
/* NULL is fine. */
void import_keys_abandon(struct import_keys *keys);

#endif
