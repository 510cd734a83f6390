/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_DRIVER_RELOAD_H
#define TOKENS_DRIVER_RELOAD_H

/*
 * Drivers change while the daemon runs: manifests and programs are put in place, replaced, removed,
 * switched on and off. A driver process that runs goes on with what it was started from; whatever
 * starts next is started from what is there then.
 */

#include "base/cleanup.h"
#include "tokens/registry.h"

struct driver_watch;

/* Read the manifests anew. Tokens whose driver has gone or was switched off leave; cards that are
 * there are offered to drivers that have come. With a set that cannot be read nothing changes. */
void driver_reload(struct registry *registry);

/* Do so whenever a folder of manifests or the choices change. The user's folder is made when it is
 * not there yet. */
KC_MUST_CHECK enum kc_status driver_reload_watch(struct registry *registry,
						 struct driver_watch **ret_watch);
struct driver_watch *driver_reload_unwatch(struct driver_watch *watch);

#endif
