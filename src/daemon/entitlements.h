/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_ENTITLEMENTS_H
#define DAEMON_ENTITLEMENTS_H

/*
 * One file of entitlements.d: which program it speaks of, and what that program may. Strict: a file
 * with one mistake in it counts for nothing, and the mistake is named.
 */

#include <stdbool.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/list.h"

enum {
	ENTITLEMENTS_BYTES_MAX = 16 * 1024, /* of a file */
	ENTITLEMENTS_SUBJECT_MAX = 256,
	ENTITLEMENTS_GROUPS_MAX = 31, /* of a file; a caller has the implicit one besides */
	ENTITLEMENTS_GROUP_MAX = 128,
};

enum entitlements_kind {
	ENTITLEMENTS_EXECUTABLE, /* a path */
	ENTITLEMENTS_UNIT,	 /* of systemd */
	ENTITLEMENTS_FLATPAK,	 /* an application ID */
	ENTITLEMENTS_SNAP,	 /* a name */
};

struct entitlements {
	struct list link; // entitlement_set::all
	enum entitlements_kind kind;
	char *subject;
	char *groups[ENTITLEMENTS_GROUPS_MAX];
	size_t n_groups;
	bool keeps_default; /* the group that it would have without this file */
	bool sees_tokens;
	bool is_denied;
};

/* Expected: KC_ERR_DECODE  saying what is wrong */
KC_MUST_CHECK enum kc_status entitlements_parse(struct kc_view text,
						struct entitlements **ret_entitlements);
struct entitlements *entitlements_free(struct entitlements *entitlements);
DEFINE_FREEP(entitlements)

#endif
