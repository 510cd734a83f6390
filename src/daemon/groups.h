/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_GROUPS_H
#define DAEMON_GROUPS_H

/*
 * From who asks to its access groups (reference/keychain.md 4.1): first those of the entitlements
 * that are about it, in their order, then the group that every program has by what it is.
 */

#include "daemon/entitlement_set.h"
#include "items/engine.h"
#include "sys/peer.h"

/* Of every program of the user that is in no sandbox. */
#define GROUPS_USER "org.keycask.user"

struct groups {
	char *names[ENGINE_GROUPS_MAX];
	size_t n;
	bool sees_tokens;
	bool is_denied;	     /* reference/keychain.md 4.2: every call is not_available */
	unsigned generation; /* of the entitlements */
};

KC_MUST_CHECK enum kc_status groups_find(const struct entitlement_set *set, const struct peer *peer,
					 struct groups *ret_groups);
void groups_done(struct groups *groups);

/* Borrows. */
struct engine_caller groups_caller(const struct groups *groups);
bool groups_have(const struct groups *groups, const char *name);

#endif
