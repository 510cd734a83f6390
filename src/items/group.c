/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of reference/keychain.md 4.2: naming a group that is not one's own is a mistake of its
 * own; items in foreign groups are otherwise just not there.
 */
#include "items/group_impl.h"

#include <string.h>

#include "base/try.h"

enum kc_status group_require_any(const struct engine_caller *caller, bool is_write)
{
	if (caller->n_groups > 0 || (caller->sees_tokens && !is_write))
		return KC_OK;
	error_set_hint("entitlements.d says which access groups a program has");
	return fail(KC_ERR_MISSING_ENTITLEMENT, "this program has no access group of its own");
}

void group_hint_tokens(void)
{
	error_set_hint("what is on tokens is for their administrators: keycask cert import and "
		       "delete, keycask key import and delete (Tokens.PutCertificate, "
		       "Keys.Import, Tokens.DeleteObject)");
}

static bool is_own(const struct engine_caller *caller, const char *group)
{
	for (size_t i = 0; i < caller->n_groups; i++)
		if (strcmp(caller->groups[i], group) == 0)
			return true;
	return false;
}

enum kc_status group_require(const struct engine_caller *caller, const char *group, bool is_write)
{
	bool is_of_tokens = strcmp(group, ENGINE_TOKEN_GROUP) == 0;

	if (is_of_tokens && is_write)
		group_hint_tokens();
	REQUIRE(!is_of_tokens || !is_write, KC_ERR_MISSING_ENTITLEMENT,
		"\"%s\" is the group of token items, which nobody writes", group);
	if (is_of_tokens ? caller->sees_tokens : is_own(caller, group))
		return KC_OK;
	error_set_hint("entitlements.d says which access groups a program has");
	return fail(KC_ERR_MISSING_ENTITLEMENT, "\"%.100s\" is not an access group of this program",
		    group);
}
