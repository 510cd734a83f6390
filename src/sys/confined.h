/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SYS_CONFINED_H
#define SYS_CONFINED_H

/* What the kernel says of this process's own children: does what we asked for really hold? */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
	CONFINED_NAME_MAX = 16, /* the kernel's names */
};

struct confined {
	pid_t pid;
	char name[CONFINED_NAME_MAX];
	bool has_seccomp; /* a filter */
	bool has_no_new_privs;
	bool is_new; /* it has hardly started, and may not have come to confining itself */
};

/* Those whose names begin with @prefix, at most @max; returns how many. */
size_t confined_children(const char *prefix, struct confined *ret_children, size_t max);

/* Does this kernel hand out process descriptors of peers (SO_PEERPIDFD, Linux 6.5)? */
bool confined_has_peer_pidfd(void);

/* May an ordinary process make a user namespace here? */
bool confined_has_user_namespaces(void);

#endif
