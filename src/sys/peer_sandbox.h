/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SYS_PEER_SANDBOX_H
#define SYS_PEER_SANDBOX_H

/* In which sandbox a process is, by marks that it cannot take off from inside. */

#include <sys/types.h>

enum {
	PEER_APPLICATION_MAX = 112,
};

enum peer_sandbox_kind {
	PEER_IN_NONE, /* that we know of */
	PEER_IN_FLATPAK,
	PEER_IN_SNAP,
	PEER_IN_UNKNOWN, /* it cannot be looked into, or says nothing that can be understood */
};

struct peer_sandbox {
	enum peer_sandbox_kind kind;
	char application[PEER_APPLICATION_MAX]; /* Flatpak's ID, the snap's name, or "" */
};

/* @process is a descriptor of /proc/@pid. Waits for nobody: not for a file system that the process
 * has mounted itself either. */
struct peer_sandbox peer_sandbox_find(int process, pid_t pid);

#endif
