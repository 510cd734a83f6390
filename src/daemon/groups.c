/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program in a sandbox is known by its sandbox alone: what it runs in there, and in which unit,
 * is its own affair. One that cannot be looked into, and is nobody's sandboxed program that we
 * know, has no group at all and sees no tokens.
 */
#include "daemon/groups.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/try.h"

static bool is_about(const struct entitlements *entitlements, const struct peer *peer)
{
	switch (entitlements->kind) {
	case ENTITLEMENTS_EXECUTABLE:
		return peer->sandbox.kind == PEER_IN_NONE && peer_runs(peer, entitlements->subject);
	case ENTITLEMENTS_UNIT:
		return peer->sandbox.kind == PEER_IN_NONE &&
		       strcmp(peer->unit, entitlements->subject) == 0;
	case ENTITLEMENTS_FLATPAK:
		return peer->sandbox.kind == PEER_IN_FLATPAK &&
		       strcmp(peer->sandbox.application, entitlements->subject) == 0;
	case ENTITLEMENTS_SNAP:
	default:
		return peer->sandbox.kind == PEER_IN_SNAP &&
		       strcmp(peer->sandbox.application, entitlements->subject) == 0;
	}
}

bool groups_have(const struct groups *groups, const char *name)
{
	for (size_t i = 0; i < groups->n; i++) {
		if (strcmp(groups->names[i], name) == 0)
			return true;
	}
	return false;
}

static enum kc_status add(struct groups *groups, const char *name)
{
	if (groups_have(groups, name))
		return KC_OK;
	if (groups->n == ENGINE_GROUPS_MAX) {
		log_warning("more than %d access groups: %s is left out", ENGINE_GROUPS_MAX, name);
		return KC_OK;
	}
	groups->names[groups->n] = strdup(name);
	REQUIRE(groups->names[groups->n], KC_ERR_ALLOCATE, "out of memory");
	groups->n++;
	return KC_OK;
}

static enum kc_status add_implicit(const struct peer *peer, struct groups *groups)
{
	char name[ENTITLEMENTS_GROUP_MAX];

	switch (peer->sandbox.kind) {
	case PEER_IN_FLATPAK:
	case PEER_IN_SNAP:
		(void)snprintf(name, sizeof(name), "%s.%s",
			       peer->sandbox.kind == PEER_IN_SNAP ? "snap" : "flatpak",
			       peer->sandbox.application);
		return add(groups, name);
	case PEER_IN_NONE:
		return add(groups, GROUPS_USER);
	case PEER_IN_UNKNOWN:
	default:
		groups->sees_tokens = false;
		return KC_OK;
	}
}

static enum kc_status add_entitled(struct groups *groups, const struct entitlements *entitlements,
				   bool *keeps_default)
{
	for (size_t i = 0; i < entitlements->n_groups; i++)
		TRY(add(groups, entitlements->groups[i]));
	*keeps_default = *keeps_default && entitlements->keeps_default;
	groups->sees_tokens = groups->sees_tokens && entitlements->sees_tokens;
	groups->is_denied = groups->is_denied || entitlements->is_denied;
	return KC_OK;
}

enum kc_status groups_find(const struct entitlement_set *set, const struct peer *peer,
			   struct groups *ret_groups)
{
	CLEANUP(groups_done)
	struct groups groups = {.sees_tokens = true, .generation = set->generation};
	bool keeps_default = true;

	list_for_each (link, &set->all) {
		const struct entitlements *entitlements =
			list_entry(link, struct entitlements, link);

		if (is_about(entitlements, peer))
			TRY(add_entitled(&groups, entitlements, &keeps_default));
	}
	if (keeps_default)
		TRY(add_implicit(peer, &groups));
	*ret_groups = groups;
	groups = (struct groups){.n = 0};
	return KC_OK;
}

void groups_done(struct groups *groups)
{
	for (size_t i = 0; i < groups->n; i++)
		free(groups->names[i]);
	groups->n = 0;
}

struct engine_caller groups_caller(const struct groups *groups)
{
	return (struct engine_caller){.groups = (const char *const *)groups->names,
				      .n_groups = groups->n,
				      .sees_tokens = groups->sees_tokens};
}
