/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nobody but the daemon knows: systemd may have made the socket, and elsewhere. */
#include "frontends/agent_place.h"

#include <stdio.h>

#include <keycask/daemon.h>

#include "frontends/owned.h"

enum kc_status agent_place_find(char *ret_path, size_t size)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *status = NULL;
	const char *path = NULL;
	int n = 0;

	TRY(kc_daemon_start());
	TRY(kc_daemon_status(&status));
	path = kc_dictionary_text(status, "ssh_agent_socket");
	if (!path) {
		error_set_hint("restart it: keycask daemon stop; and see: keycask doctor");
		return fail(KC_ERR_NOT_AVAILABLE, "the daemon that runs has no agent for ssh");
	}
	n = snprintf(ret_path, size, "%s", path);
	REQUIRE(n > 0 && (size_t)n < size, KC_ERR_PARAM, "the path is too long: %s", path);
	return KC_OK;
}
