/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_KEPT_IMPL_H
#define ITEMS_KEPT_IMPL_H

/* Rows of keys that were used lately, and of some of them what is in them. */

#include "base/list.h"
#include "items/kept.h"
#include "items/row_impl.h"

enum {
	KEPT_MAX = 32, /* keys; the one that was used longest ago makes room */
	KEPT_USES = 3, /* from this one on it is worth it */
};

struct kept {
	struct list keys; /* struct kept_key, the last used one last */
	unsigned n;
};

void kept_init(struct kept *kept);
/* Of all keys, or of those that were not used since this was last called. */
void kept_forget(struct kept *kept);
void kept_forget_unused(struct kept *kept);

/*
 * row_open(), faster when it was opened before. *ret_kept, which may be NULL, is to be released.
 * Expected: as row_open()
 */
KC_MUST_CHECK enum kc_status kept_open(const struct engine *engine, struct row *row,
				       struct kept_key **ret_kept);

#endif
