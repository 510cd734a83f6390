/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Peer identity from SO_PEERCRED and /proc. The process's start time beside its id tells a reused
 * id from the process that connected, on kernels without SO_PEERPIDFD too.
 */
#include "sys/peer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/try.h"
#include "sys/process.h"

enum {
	LABEL_MAX = 1024,
};

static uint32_t login_session_of(pid_t pid)
{
	char text[64];

	if (!process_read(pid, "sessionid", text, sizeof(text)))
		return UINT32_MAX;
	return (uint32_t)strtoul(text, NULL, 10);
}

static void read_executable(struct peer *peer)
{
	char path[64];
	ssize_t n = 0;

	(void)snprintf(path, sizeof(path), "/proc/%ld/exe", (long)peer->pid);
	n = readlink(path, peer->executable, sizeof(peer->executable) - 1);
	peer->executable[n > 0 ? n : 0] = '\0';
}

static void choose_name(struct peer *peer)
{
	const char *slash = strrchr(peer->executable, '/');

	if (slash && slash[1])
		(void)snprintf(peer->name, sizeof(peer->name), "%s", slash + 1);
	else if (!process_read(peer->pid, "comm", peer->name, sizeof(peer->name)))
		(void)snprintf(peer->name, sizeof(peer->name), "process %ld", (long)peer->pid);
}

enum kc_status peer_identify(int fd, struct peer *ret_peer)
{
	struct ucred credentials;
	socklen_t size = sizeof(credentials);
	struct peer peer = {0};

	REQUIRE(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0,
		KC_ERR_NOT_AVAILABLE, "SO_PEERCRED: %s", strerror(errno));
	peer.pid = credentials.pid;
	peer.uid = credentials.uid;
	peer.gid = credentials.gid;
	peer.start_time = process_start_time(peer.pid);
	peer.login_session = login_session_of(peer.pid);
	read_executable(&peer);
	choose_name(&peer);
	*ret_peer = peer;
	return KC_OK;
}

bool peer_is_alive(const struct peer *peer)
{
	return peer->start_time != 0 && process_start_time(peer->pid) == peer->start_time;
}

/* Flatpak puts this file into the root of each sandbox, where no program inside can remove it. */
static bool has_flatpak_info(const struct peer *peer)
{
	char path[64];
	struct stat info;

	(void)snprintf(path, sizeof(path), "/proc/%ld/root/.flatpak-info", (long)peer->pid);
	return lstat(path, &info) == 0 || errno != ENOENT;
}

/* snapd confines by AppArmor, and names profiles so. */
static bool has_snap_label(const struct peer *peer)
{
	char label[LABEL_MAX];

	return process_read(peer->pid, "attr/current", label, sizeof(label)) &&
	       strncmp(label, "snap.", strlen("snap.")) == 0;
}

bool peer_is_sandboxed(const struct peer *peer)
{
	bool is_sandboxed = has_flatpak_info(peer) || has_snap_label(peer);

	return is_sandboxed || !peer_is_alive(peer); /* another process may have had its id */
}

uint32_t peer_own_login_session(void)
{
	return login_session_of(getpid());
}
