/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection to the daemon, which is looked at before anything is said to it. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/try.h"
#include "client/autostart.h"
#include "client/line.h"
#include "sys/paths.h"

/* A socket in the folder we chose ourselves must stand in a folder that is ours alone: otherwise
 * another user may have put it there. A named one is its namer's business. */
static enum kc_status check_folder(const char *socket)
{
	const char *named = secure_getenv("KEYCASK_SOCKET");
	char folder[PATHS_MAX];

	if (named && *named)
		return KC_OK;
	TRY(paths_parent(socket, folder, sizeof(folder)));
	return paths_check_private_folder(folder);
}

/* Whoever answers is about to see a PIN: it must be ours or root's. */
static enum kc_status check_peer(int fd)
{
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t size = sizeof(peer);

	REQUIRE(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0, KC_ERR_NOT_AVAILABLE,
		"SO_PEERCRED: %s", strerror(errno));
	REQUIRE(peer.uid == geteuid() || peer.uid == 0, KC_ERR_NOT_AVAILABLE,
		"the daemon's socket belongs to another user (%u)", (unsigned)peer.uid);
	return KC_OK;
}

static void client_freep(struct wire_client **client)
{
	*client = wire_client_free(*client);
}

static enum kc_status connect_once(struct wire_client **ret_client)
{
	CLEANUP(client_freep) struct wire_client *client = NULL;
	char socket[PATHS_MAX];

	TRY(paths_socket(socket, sizeof(socket)));
	TRY(check_folder(socket));
	TRY(wire_client_connect(socket, &client));
	TRY(check_peer(wire_client_fd(client)));
	*ret_client = take(client);
	return KC_OK;
}

enum kc_status line_open(bool may_start, struct wire_client **ret_client)
{
	enum kc_status status = connect_once(ret_client);

	if (status != KC_ERR_NOT_AVAILABLE)
		return status;
	if (!may_start || !autostart_is_allowed()) {
		error_set_hint("start the daemon: keycask daemon start");
		return status;
	}
	error_clear();
	return autostart_connect(connect_once, ret_client);
}
