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
		if (strcmp(config->raw_card_programs[i], peer->executable) == 0)
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

enum kc_status access_check(struct wire_call *call, const struct wire_method *method)
{
	const struct peer *peer = client_peer(wire_call_peer(call));
	const struct daemon *daemon = wire_call_context(call);

	log_debug("req=%" PRIu64 " stage=access method=%s right=%u pid=%ld", wire_call_id(call),
		  method->name, method->right, (long)peer->pid);
	if (method->right == RIGHT_RAW_CARD)
		return check_raw_card(&daemon->config, peer);
	REQUIRE(method->right == RIGHT_READ || method->right == RIGHT_USE ||
			method->right == RIGHT_ADMIN,
		KC_ERR_MISSING_ENTITLEMENT, "nobody has the right to %s", method->name);
	return KC_OK;
}
