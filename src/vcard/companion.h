/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_COMPANION_H
#define VCARD_COMPANION_H

/*
 * The processes of one run: the daemon, the card, the command. Each dies with us, whatever kills
 * us, and starts with the signals that we have blocked unblocked.
 */

#include <stdbool.h>
#include <sys/types.h>

#include <keycask/status.h>

struct companion {
	pid_t pid; /* 0: none */
};

/* What a child does; it ends with the exit status that this gives. */
typedef int (*companion_fn)(void *context);

/*
 * Fork and do @run in the child. A @is_aside child is in a process group of its own, so that
 * the terminal's Ctrl-C goes to the command, and we end the others after it.
 */
KC_MUST_CHECK enum kc_status companion_start(struct companion *companion, bool is_aside,
					     companion_fn run, void *context);

/* True once it has ended by itself; *ret_status is then as a shell says it: 128 + signal. */
bool companion_has_ended(struct companion *companion, int *ret_status);

/* Wait for its end or for @stop_fd to be readable; false for the latter. */
bool companion_wait(struct companion *companion, int stop_fd, int *ret_status);

/* Ask it to end, insist when it has not within @patience_ms, and see it buried. None is fine. */
void companion_end(struct companion *companion, int how, int patience_ms);

#endif
