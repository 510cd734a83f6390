/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PROMPTS_TERMINAL_H
#define PROMPTS_TERMINAL_H

/* A terminal's settings before a pinentry changed them: one that is killed puts nothing back. */

#include <stdbool.h>
#include <termios.h>

struct terminal {
	int fd; /* -1: there is none */
	struct termios settings;
};

/* @path may be NULL. What is no terminal of ours is left alone. */
void terminal_remember(const char *path, struct terminal *ret_terminal);
/* Once; for CLEANUP too. */
void terminal_restore(struct terminal *terminal);

#endif
