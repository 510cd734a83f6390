/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SYS_ANCESTOR_H
#define SYS_ANCESTOR_H

/* Which program has started a process, or what started it, as the kernel says. */

#include <keycask/status.h>

#include "sys/peer.h"

enum {
	ANCESTOR_COMMAND_MAX = 96,
	ANCESTOR_FOLDER_MAX = 160,
};

struct ancestor {
	pid_t pid;
	uint64_t start_time;		    /* together with the ID it means one process for ever */
	int pidfd;			    /* readable when it ends */
	char command[ANCESTOR_COMMAND_MAX]; /* "git rebase": what it was told to do, of its own
					     * making and to be shown only */
	char folder[ANCESTOR_FOLDER_MAX];   /* where it works, now; or "" */
};

/*
 * The uppermost process above @peer whose executable is called @program, of the same user; between
 * the two there may be others. Processes that end meanwhile are never taken for others.
 * Expected: KC_ERR_ITEM_NOT_FOUND  there is none, or @peer is in a sandbox, whose processes may
 * call themselves as they like
 */
KC_MUST_CHECK enum kc_status ancestor_find(const struct peer *peer, const char *program,
					   struct ancestor *ret_ancestor);
void ancestor_done(struct ancestor *ancestor);

/* Are they the same process? */
bool ancestor_is_same(const struct ancestor *a, const struct ancestor *b);

#endif
