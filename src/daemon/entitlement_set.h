/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_ENTITLEMENT_SET_H
#define DAEMON_ENTITLEMENT_SET_H

/*
 * All entitlements: the files of /etc/keycask/entitlements.d, then those of the user's own
 * entitlements.d, each folder in the order of names. Read anew when a file has changed.
 */

#include "daemon/entitlements.h"

enum {
	ENTITLEMENT_REASON_MAX = 256,
};

struct entitlement_problem {
	struct list link; // entitlement_set::problems
	char *path;
	char reason[ENTITLEMENT_REASON_MAX];
};

struct entitlement_set {
	struct list all;      /* struct entitlements */
	struct list problems; /* files, and folders, that count for nothing */
	size_t n_files;
	unsigned generation; /* another one after each change */
	uint64_t stamp;
	int64_t looked_at; /* when, in seconds */
	char *system_folder;
	char *user_folder; /* NULL: there is none */
};

/* Empty, of generation 0. */
KC_MUST_CHECK enum kc_status entitlement_set_init(struct entitlement_set *set);
void entitlement_set_done(struct entitlement_set *set);

/* Look whether anything has changed, and if so read it. */
void entitlement_set_refresh(struct entitlement_set *set);

/* The same, unless that was done within this second or the last: cheap enough for each call. */
void entitlement_set_glance(struct entitlement_set *set);

#endif
