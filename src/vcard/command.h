/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_COMMAND_H
#define VCARD_COMMAND_H

/*
 * The commands of keycask-vcard and what they share. Each gets its own name as argv[0] and returns
 * the exit status: 0 done, 1 failed, 2 called wrongly.
 */

#include <keycask/status.h>

enum command_exit {
	COMMAND_DONE = 0,
	COMMAND_FAILED = 1,
	COMMAND_WRONG_CALL = 2,
};

int command_new(int argc, char **argv);
int command_start(int argc, char **argv);
int command_run(int argc, char **argv);

/* Say on standard error what is wrong with the call and where help is; COMMAND_WRONG_CALL. */
int command_wrong_call(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Say on standard error what this thread's error record says; COMMAND_FAILED. */
int command_failed(void);

/* A wrong argument is a wrong call, anything else a failure. */
int command_exit_for(enum kc_status status);

/*
 * Block SIGTERM, SIGINT and SIGHUP and give a descriptor that becomes readable when one of them
 * comes; -1 when that cannot be had.
 */
int command_catch_stop(void);

/* The same for SIGUSR1, which touches the card. */
int command_catch_touch(void);

#endif
