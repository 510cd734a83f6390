/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Access. Connections of other users never get here: client.c refuses them. */
#include "daemon/access.h"

#include <inttypes.h>

#include "base/log.h"
#include "base/try.h"
#include "daemon/client.h"

enum kc_status access_check(struct wire_call *call, const struct wire_method *method)
{
	const struct peer *peer = client_peer(wire_call_peer(call));

	log_debug("req=%" PRIu64 " stage=access method=%s right=%u pid=%ld", wire_call_id(call),
		  method->name, method->right, (long)peer->pid);
	REQUIRE(method->right == RIGHT_READ || method->right == RIGHT_USE ||
			method->right == RIGHT_ADMIN,
		KC_ERR_MISSING_ENTITLEMENT, "nobody has the right to %s", method->name);
	return KC_OK;
}
