/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SYS_PEER_H
#define SYS_PEER_H

/*
 * Who is at the other end of a UNIX socket, as the kernel says, never as the message says: the
 * process that connected, what it runs, and in which sandbox and unit.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <keycask/status.h>

#include "base/cleanup.h"
#include "sys/peer_sandbox.h"

enum {
	PEER_PATH_MAX = 256,
	PEER_UNIT_MAX = 128,
};

/* A file, whatever it is called. No file: it could not be read. */
struct peer_file {
	uint64_t device;
	uint64_t inode;
};

struct peer {
	pid_t pid;
	uid_t uid;
	gid_t gid;
	int process;			/* /proc/PID of that very process; -1: it has ended */
	uint64_t start_time;		/* of the process, in clock ticks since boot; 0 unknown */
	uint32_t login_session;		/* audit session id; UINT32_MAX when there is none */
	struct peer_file program;	/* that it ran when it connected */
	struct peer_sandbox sandbox;	/* and where */
	char unit[PEER_UNIT_MAX];	/* of systemd, or "" */
	char executable[PEER_PATH_MAX]; /* path, or "" when it cannot be read: to be shown, since a
					 * process in namespaces of its own chooses it freely */
	char name[PEER_PATH_MAX];	/* what to call it in a prompt or log, never empty */
};

/* A process that has ended since is no failure here, but one of peer_check(). */
KC_MUST_CHECK enum kc_status peer_identify(int fd, struct peer *ret_peer);
void peer_done(struct peer *peer);

/*
 * Is what was identified still what is there: the same process, running the same program? Takes
 * one system call. Expected: KC_ERR_MISSING_ENTITLEMENT  no; whoever it is now must connect anew
 */
KC_MUST_CHECK enum kc_status peer_check(const struct peer *peer);

/* Does it run the file that stands at @path for us? */
bool peer_runs(const struct peer *peer, const char *path);

/* Does the process @peer was identified as still exist, and is it the same one? */
bool peer_is_alive(const struct peer *peer);

/* Is it in a sandbox that we know (Flatpak, snap)? What cannot be looked into counts as one. Looks
 * anew, so one that it has entered since it connected is seen. */
bool peer_is_sandboxed(const struct peer *peer);

/* The audit session id of this process, for comparison with peer.login_session. */
uint32_t peer_own_login_session(void);

/* For tests: do as on a kernel without SO_PEERPIDFD, or with it. */
void peer_use_pidfd(bool use);

#endif
