/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Access. Connections of other users never get here: client.c refuses them. */
#include "daemon/access.h"

#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/try.h"
#include "daemon/client.h"
#include "daemon/daemon.h"

static bool is_listed(const struct config *config, const struct peer *peer)
{
	for (size_t i = 0; i < config->n_raw_card_programs; i++) {
		if (peer_runs(peer, config->raw_card_programs[i]))
			return true;
	}
	return false;
}

static enum kc_status check_raw_card(const struct config *config, const struct peer *peer)
{
	bool may = false;

	switch (config->raw_card_access) {
	case CONFIG_RAW_CARD_UNSANDBOXED:
		may = !peer_is_sandboxed(peer);
		break;
	case CONFIG_RAW_CARD_PROGRAMS:
		may = is_listed(config, peer) && !peer_is_sandboxed(peer);
		break;
	case CONFIG_RAW_CARD_NOBODY:
	default:
		break;
	}
	if (may)
		return KC_OK;
	error_set_hint("raw_card_access in config.json says who may: see keycaskd(8)");
	return fail(KC_ERR_MISSING_ENTITLEMENT, "%s may not talk to cards without a driver",
		    peer->name);
}

/* A descriptor that was inherited or handed on says nothing of who uses it. */
static enum kc_status check_sender(struct wire_call *call, const struct peer *peer)
{
	if (!wire_call_is_forwarded(call))
		return KC_OK;
	error_set_hint("each process makes a connection of its own");
	return fail(KC_ERR_MISSING_ENTITLEMENT,
		    "another process uses the connection of %s (process %ld)", peer->name,
		    (long)peer->pid);
}

/* A program that somebody has put into a sandbox does not decide for those outside. */
static enum kc_status check_admin(const struct peer *peer)
{
	REQUIRE(peer->sandbox.kind == PEER_IN_NONE, KC_ERR_MISSING_ENTITLEMENT,
		"%s is in a sandbox and may not do that", peer->name);
	return KC_OK;
}

enum kc_status access_check(struct wire_call *call, const struct wire_method *method)
{
	struct client *client = wire_call_peer(call);
	const struct peer *peer = client_peer(client);
	const struct daemon *daemon = wire_call_context(call);

	log_debug("req=%" PRIu64 " stage=access method=%s right=%u pid=%ld", wire_call_id(call),
		  method->name, method->right, (long)peer->pid);
	TRY(check_sender(call, peer));
	TRY(client_check(client));
	if (method->right == RIGHT_RAW_CARD)
		return check_raw_card(&daemon->config, peer);
	if (method->right == RIGHT_ADMIN)
		return check_admin(peer);
	REQUIRE(method->right == RIGHT_READ || method->right == RIGHT_USE,
		KC_ERR_MISSING_ENTITLEMENT, "nobody has the right to %s", method->name);
	return KC_OK;
}
