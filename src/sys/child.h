/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SYS_CHILD_H
#define SYS_CHILD_H

/*
 * Child processes: started with posix_spawn (a fork from a large daemon costs milliseconds), with
 * the descriptors they are given and no others, and watched and killed through a pidfd, so that a
 * reused process id is never hit.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <keycask/status.h>

enum {
	CHILD_FIRST_DESCRIPTOR = 3,
	CHILD_DESCRIPTORS_MAX = 4,
};

struct child {
	pid_t pid; /* 0: none */
	int pidfd; /* readable when it has ended */
};

#define CHILD_NONE ((struct child){.pid = 0, .pidfd = -1})

/*
 * Start @program (a path) with @arguments (NULL-terminated, argv[0] first) and an environment of
 * LANG, LC_ALL, PATH, HOME, KEYCASK_* and sanitizer options only. Descriptor i of @descriptors
 * becomes 3 + i. Expected: KC_ERR_NOT_AVAILABLE  the program cannot be started, with the reason.
 */
KC_MUST_CHECK enum kc_status child_start(const char *program, const char *const *arguments,
					 const int *descriptors, size_t n_descriptors,
					 struct child *ret_child);

/* Kill it if it lives, wait for its end, and make @child empty. Returns at once when there is
 * none. *ret_status (may be NULL) as of waitpid(). */
void child_end(struct child *child, int *ret_status);

/* As child_end(), but a child that is about to end by itself gets a moment to do so, so that its
 * own exit status is seen. */
void child_end_gently(struct child *child, int *ret_status);

/* First thing in a child's main(): die with the parent. */
KC_MUST_CHECK enum kc_status child_die_with_parent(void);

#endif
