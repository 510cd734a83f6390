/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SYS_PEER_H
#define SYS_PEER_H

/*
 * Who is at the other end of a UNIX socket, as the kernel says, never as the message says.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <keycask/status.h>

enum {
	PEER_PATH_MAX = 256,
};

struct peer {
	pid_t pid;
	uid_t uid;
	gid_t gid;
	uint64_t start_time;		/* of the process, in clock ticks since boot; 0 unknown */
	uint32_t login_session;		/* audit session id; UINT32_MAX when there is none */
	char executable[PEER_PATH_MAX]; /* path, or "" when it cannot be read */
	char name[PEER_PATH_MAX];	/* what to call it in a prompt or log, never empty */
};

KC_MUST_CHECK enum kc_status peer_identify(int fd, struct peer *ret_peer);

/* Does the process @peer was identified as still exist, and is it the same one? */
bool peer_is_alive(const struct peer *peer);

/* Is it in a sandbox that we know (Flatpak, snap)? What cannot be looked into counts as one. */
bool peer_is_sandboxed(const struct peer *peer);

/* The audit session id of this process, for comparison with peer.login_session. */
uint32_t peer_own_login_session(void);

#endif
