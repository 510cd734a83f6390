/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Peer identity from SO_PEERCRED and /proc. A descriptor of /proc/PID never means another process,
 * though its ID may be used again; that it is opened for the right one is known by a pidfd of the
 * peer that is alive when all has been read. Kernels before 6.5 have none (SO_PEERPIDFD): there a
 * process that ends between its connect() and our accept() might be taken for one that has got its
 * ID within that time.
 */
#include "sys/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/try.h"
#include "sys/cgroup.h"
#include "sys/process.h"
#include "sys/socket.h"

enum {
	CGROUP_BYTES_MAX = 4096,
	PEER_PIDFD = 77, /* SO_PEERPIDFD of Linux 6.5; Debian 12 has not heard of it */
};

static bool avoids_pidfd;

void peer_use_pidfd(bool use)
{
	avoids_pidfd = !use;
}

static uint32_t login_session_of(pid_t pid)
{
	char text[64];

	if (!process_read(pid, "sessionid", text, sizeof(text)))
		return UINT32_MAX;
	return (uint32_t)strtoul(text, NULL, 10);
}

/* --- what it runs ---------------------------------------------------------------------------- */

/* A path that is too long is none: half of it may be another program's. */
static void read_executable(struct peer *peer)
{
	ssize_t n = readlinkat(peer->process, "exe", peer->executable, sizeof(peer->executable));

	peer->executable[n > 0 && (size_t)n < sizeof(peer->executable) ? n : 0] = '\0';
}

static void choose_name(struct peer *peer)
{
	const char *slash = strrchr(peer->executable, '/');

	if (slash && slash[1])
		(void)snprintf(peer->name, sizeof(peer->name), "%s", slash + 1);
	else if (!process_read(peer->pid, "comm", peer->name, sizeof(peer->name)))
		(void)snprintf(peer->name, sizeof(peer->name), "process %ld", (long)peer->pid);
}

/* A program may lie on a file system that answers when it likes: what the kernel has is enough. */
static bool find_file(int folder, const char *path, struct peer_file *ret_file)
{
	struct statx info;

	if (statx(folder, path, AT_STATX_DONT_SYNC, STATX_INO, &info) != 0)
		return false;
	*ret_file =
		(struct peer_file){makedev(info.stx_dev_major, info.stx_dev_minor), info.stx_ino};
	return true;
}

static bool is_same(struct peer_file a, struct peer_file b)
{
	return a.device == b.device && a.inode == b.inode;
}

/* EACCES: a program that forbids to be looked into, or another user's. */
static bool find_program(const struct peer *peer, struct peer_file *ret_program)
{
	*ret_program = (struct peer_file){0, 0};
	return find_file(peer->process, "exe", ret_program) || errno == EACCES;
}

bool peer_runs(const struct peer *peer, const char *path)
{
	struct peer_file file;

	return peer->program.inode != 0 && find_file(AT_FDCWD, path, &file) &&
	       is_same(file, peer->program);
}

/* --- identification -------------------------------------------------------------------------- */

static void find_unit(struct peer *peer)
{
	CLEANUP(bytes_done) struct bytes groups = BYTES_INIT(CGROUP_BYTES_MAX);

	if (!process_read_at(peer->process, "cgroup", &groups) ||
	    !cgroup_find_unit(bytes_view(&groups), peer->unit, sizeof(peer->unit)))
		peer->unit[0] = '\0';
}

static int open_process(pid_t pid)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%ld", (long)pid);
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static bool look_at_process(struct peer *peer)
{
	peer->process = open_process(peer->pid);
	peer->start_time = process_start_time(peer->pid);
	if (peer->process < 0 || !find_program(peer, &peer->program))
		return false;
	peer->login_session = login_session_of(peer->pid);
	peer->sandbox = peer_sandbox_find(peer->process, peer->pid);
	find_unit(peer);
	read_executable(peer);
	return true;
}

static int open_pidfd(int fd)
{
	int pidfd = -1;
	socklen_t size = sizeof(pidfd);

	return !avoids_pidfd && getsockopt(fd, SOL_SOCKET, PEER_PIDFD, &pidfd, &size) == 0 ? pidfd
											   : -1;
}

/* pidfd_open(2): it becomes readable when the process ends. */
static bool has_ended(int pidfd, const struct peer *peer)
{
	struct pollfd ended = {.fd = pidfd, .events = POLLIN};

	if (pidfd < 0)
		return !peer_is_alive(peer);
	return poll(&ended, 1, 0) != 0;
}

static void forget(struct peer *peer)
{
	socket_close(&peer->process);
	*peer = (struct peer){.pid = peer->pid,
			      .uid = peer->uid,
			      .gid = peer->gid,
			      .process = -1,
			      .login_session = UINT32_MAX,
			      .sandbox = {PEER_IN_UNKNOWN, ""}};
}

enum kc_status peer_identify(int fd, struct peer *ret_peer)
{
	CLEANUP(socket_close) int pidfd = -1;
	struct ucred credentials;
	socklen_t size = sizeof(credentials);
	struct peer peer = {.process = -1};

	REQUIRE(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0,
		KC_ERR_NOT_AVAILABLE, "SO_PEERCRED: %s", strerror(errno));
	peer.pid = credentials.pid;
	peer.uid = credentials.uid;
	peer.gid = credentials.gid;
	pidfd = open_pidfd(fd);
	if (!look_at_process(&peer) || has_ended(pidfd, &peer))
		forget(&peer);
	choose_name(&peer);
	*ret_peer = peer;
	return KC_OK;
}

void peer_done(struct peer *peer)
{
	socket_close(&peer->process);
}

/* --- later ----------------------------------------------------------------------------------- */

enum kc_status peer_check(const struct peer *peer)
{
	struct peer_file program;
	bool is_there = peer->process >= 0 && find_program(peer, &program);

	if (is_there && is_same(program, peer->program))
		return KC_OK;
	error_set_hint("connect again: who asks is found out when a connection is made");
	return fail(KC_ERR_MISSING_ENTITLEMENT,
		    is_there ? "%s (process %ld) has become another program since it connected"
			     : "%s (process %ld), which has connected, has ended",
		    peer->name, (long)peer->pid);
}

bool peer_is_alive(const struct peer *peer)
{
	return peer->start_time != 0 && process_start_time(peer->pid) == peer->start_time;
}

bool peer_is_sandboxed(const struct peer *peer)
{
	struct peer_sandbox now = {PEER_IN_UNKNOWN, ""};

	if (peer->process >= 0 && peer_is_alive(peer)) /* else another may have had its ID */
		now = peer_sandbox_find(peer->process, peer->pid);
	return peer->sandbox.kind != PEER_IN_NONE || now.kind != PEER_IN_NONE;
}

uint32_t peer_own_login_session(void)
{
	return login_session_of(getpid());
}
