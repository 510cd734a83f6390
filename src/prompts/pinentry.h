/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PROMPTS_PINENTRY_H
#define PROMPTS_PINENTRY_H

/*
 * One conversation with a pinentry program over Assuan (libassuan). Blocks; runs in a prompt's
 * thread.
 */

#include <stdatomic.h>
#include <stdbool.h>

#include "base/secret.h"

/* Shared with the child between fork and exec, so that nobody waits for a program that started
 * while it was being cancelled. */
struct pinentry_control {
	atomic_int group; /* process group to kill; 0 before and after */
	atomic_bool is_cancelled;
	int wake; /* eventfd: readable once it is cancelled */
};

struct pinentry_request {
	const char *program;
	unsigned timeout_s;
	const char *tty;
	const char *term;
	const char *display;
	const char *wayland_display;
	const char *xauthority;
	const char *locale;
	const char *description;
	const char *field; /* what stands before it: "PIN:"; NULL: nothing is typed, but a button
			    * pressed */
	const char *ok;	   /* the buttons' texts; NULL: its own */
	const char *cancel;
	const char *error; /* NULL: none */
	struct pinentry_control *control;
};

KC_MUST_CHECK enum kc_status pinentry_control_new(struct pinentry_control **ret_control);
void pinentry_control_free(struct pinentry_control *control);

/* From any thread: pinentry_ask() returns soon. */
void pinentry_cancel(struct pinentry_control *control);

/*
 * Expected: KC_ERR_USER_CANCELED  the person, or the time limit, ended it
 *           KC_ERR_NOT_AVAILABLE  the program cannot be run or cannot ask there
 */
KC_MUST_CHECK enum kc_status pinentry_ask(const struct pinentry_request *request,
					  struct secret *ret_pin);

#endif
