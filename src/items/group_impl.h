/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_GROUP_IMPL_H
#define ITEMS_GROUP_IMPL_H

/* Access groups: which ones a caller reads and writes (reference/keychain.md 4.1, 4.2). */

#include "items/engine.h"

/* Has the caller any group at all for this? Expected: KC_ERR_MISSING_ENTITLEMENT */
KC_MUST_CHECK enum kc_status group_require_any(const struct engine_caller *caller, bool is_write);

/* May the caller read (@is_write: write) in @group? Expected: KC_ERR_MISSING_ENTITLEMENT */
KC_MUST_CHECK enum kc_status group_require(const struct engine_caller *caller, const char *group,
					   bool is_write);

/* The hint of whoever would write to a token by way of its items. */
void group_hint_tokens(void);

#endif
