/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_RUN_H
#define VCARD_RUN_H

/* What the files of keycask-vcard run share: command_run.c leads, run_*.c do. */

#include "vcard/companion.h"
#include "vcard/faults.h"
#include "vcard/link.h"
#include "vcard/pinpad.h"
#include "vcard/profile.h"
#include "vcard/temporary.h"
#include "vcard/touch.h"

enum {
	RUN_PATH_BYTES = TEMPORARY_PATH_MAX + 32,
	RUN_PATIENCE_MS = 10000, /* for the daemon to listen, for the card to be a token */
};

struct run_options {
	struct profile profile;
	const char *pin;
	const char *log;
	struct faults faults;
	struct touch touch;
	const char *keypad;
	char **command;
};

struct run {
	const struct run_options *options;
	char folder[TEMPORARY_PATH_MAX];
	int stop_fd;
	int log_fd; /* of the daemon */
	struct card_state state;
	struct companion daemon;
	struct companion card;
	struct companion command;
	struct pinpad pinpad;
	int exit_status;
};

/* The path of @name in the run's folder. */
void run_path(const struct run *run, const char *name, char ret_path[RUN_PATH_BYTES]);

/* Make the folder and point the environment of all that we start into it. */
KC_MUST_CHECK enum kc_status run_make_folder(struct run *run);

/* Let @ms pass. Expected: KC_ERR_USER_CANCELED  we are to stop */
KC_MUST_CHECK enum kc_status run_pause(const struct run *run, int ms);

/* Start keycaskd; what it says goes to a log in the folder. */
KC_MUST_CHECK enum kc_status run_daemon_start(struct run *run);
/* Connect to its embedded slot, as soon as it listens. */
KC_MUST_CHECK enum kc_status run_daemon_open_slot(struct run *run, struct link *ret_link);
/* Wait until the card's items are in the keychain. */
KC_MUST_CHECK enum kc_status run_daemon_await_token(struct run *run);
void run_daemon_show_log(const struct run *run);

/* Make the card and put it into the daemon's slot. */
KC_MUST_CHECK enum kc_status run_card_insert(struct run *run);

#endif
