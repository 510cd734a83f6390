/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_CONTAINER_H
#define DAEMON_CONTAINER_H

/*
 * A file of keys and certificates that somebody hands over: what is in it is found out by a
 * keycask-x509 of its own, confined, which ends with it. However slow the file's key derivation is,
 * nobody else waits for it, and it has a deadline.
 */

#include "base/cleanup.h"
#include "daemon/daemon.h"

struct container;

/* All borrowed for the call only. */
struct container_source {
	struct json_object *data;  /* the base64 text as it came with the call */
	const char *format;	   /* as of org.keycask.X509.OpenContainer; NULL: not said */
	struct kc_view passphrase; /* data NULL: there is none */
};

/*
 * On the loop, later, once: @contents is the reply of org.keycask.X509.OpenContainer, borrowed;
 * NULL on failure, with the record saying why. The container has ended then.
 * Expected: KC_ERR_DECODE         damaged, or no such file
 *           KC_ERR_AUTH_FAILED    the passphrase is wrong, or there is none
 *           KC_ERR_UNIMPLEMENTED  encrypted in a way that is not read here
 *           KC_ERR_PARAM          no such format, not base64; or it takes too long to decrypt
 */
typedef void (*container_fn)(void *userdata, enum kc_status status, struct json_object *contents);

KC_MUST_CHECK enum kc_status container_open(struct daemon *daemon,
					    const struct container_source *source,
					    container_fn on_opened, void *userdata,
					    struct container **ret_container);

/* The process ends and on_opened does not run. NULL is fine. */
struct container *container_free(struct container *container);
DEFINE_FREEP(container)

#endif
