/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may what: the files of entitlements.d, if there are any, and those of them that count for
 * nothing. */
#include "base/try.h"
#include "daemon/examine.h"

static enum kc_status examine_problem(const struct entitlement_problem *problem,
				      struct json_object *findings)
{
	const struct examine_finding broken = {FINDING_PROBLEM, "access", problem->reason,
					       "correct it, or remove it: until then it gives and "
					       "denies nothing; see keycaskd(8)"};

	return examine_finding_add(findings, &broken, "%s counts for nothing", problem->path);
}

enum kc_status examine_access(struct daemon *daemon, struct json_object *findings)
{
	const struct examine_finding fine = {FINDING_OK, "access", NULL, NULL};
	struct entitlement_set *set = &daemon->entitlements;

	entitlement_set_refresh(set);
	list_for_each (link, &set->problems)
		TRY(examine_problem(list_entry(link, struct entitlement_problem, link), findings));
	return set->n_files > 0
		       ? examine_finding_add(findings, &fine, "entitlements that are in force: %zu",
					     set->n_files)
		       : KC_OK;
}
