/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLIENT_LAUNCH_H
#define CLIENT_LAUNCH_H

/*
 * Run a program to its end without the application noticing: its exit raises no signal, only a
 * wait that asks for clone children finds it, and it inherits neither descriptors nor signal
 * state, and of the environment only what is on our list.
 */

#include <stddef.h>

#include <keycask/status.h>

/*
 * Run @program with @arguments (NULL-terminated). *ret_exit is its exit status, and @ret_said
 * (@size bytes) the last line it wrote on standard error, "" if none.
 * Expected: KC_ERR_NOT_AVAILABLE  it cannot be started, was killed, or did not end in @timeout_ms
 */
KC_MUST_CHECK enum kc_status launch_run(const char *program, const char *const *arguments,
					int timeout_ms, int *ret_exit, char *ret_said, size_t size);

#endif
