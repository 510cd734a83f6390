/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keycask-vcard run: a command with a keychain daemon and a card of its own. The folder, the
 * daemon, the card and the command come in this order and go in the reverse one, whichever way
 * the run ends.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/try.h"
#include "vcard/command.h"
#include "vcard/run.h"

/* Four keys that cost no time. */
#define RUN_PROFILE "piv:9a=p256,9c=p256,9d=p256,9e=p256"

enum {
	END_MS = 3000,
	SIGNAL_BASE = 128, /* as shells report a death by signal */
	EXIT_NOT_EXECUTABLE = 126,
	EXIT_NOT_FOUND = 127,
};

static enum kc_status take_option(int option, struct run_options *options)
{
	switch (option) {
	case 'p':
		return profile_parse(optarg, &options->profile);
	case 'P':
		options->pin = optarg;
		return KC_OK;
	case 'l':
		options->log = optarg;
		return KC_OK;
	case 'f':
		return faults_add(&options->faults, optarg);
	case 't':
		return touch_parse(optarg, &options->touch);
	case 'k':
		options->keypad = optarg;
		return KC_OK;
	default:
		return fail(KC_ERR_PARAM, "run: an unknown option, or one without its value");
	}
}

static enum kc_status read_options(int argc, char **argv, struct run_options *options)
{
	static const struct option known[] = {
		{"profile", required_argument, NULL, 'p'},
		{"pin", required_argument, NULL, 'P'},
		{"log", required_argument, NULL, 'l'},
		{"fault", required_argument, NULL, 'f'},
		{"touch", required_argument, NULL, 't'},
		{"keypad", required_argument, NULL, 'k'},
		{0},
	};

	TRY(profile_parse(RUN_PROFILE, &options->profile));
	/* "+": what follows the command belongs to it. */
	for (int option = getopt_long(argc, argv, "+", known, NULL); option != -1;
	     option = getopt_long(argc, argv, "+", known, NULL))
		TRY(take_option(option, options));
	REQUIRE(optind < argc, KC_ERR_PARAM, "run needs a command, as in run -- keycask list");
	options->command = argv + optind;
	return KC_OK;
}

static int be_command(void *context)
{
	char **command = context;

	execvp(command[0], command);
	fprintf(stderr, "keycask-vcard: cannot run %s: %s\n", command[0], strerror(errno));
	return errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

/* The command gets the signal that we got. */
static void stop_command(struct run *run)
{
	struct signalfd_siginfo info = {.ssi_signo = SIGTERM};

	ignore(read(run->stop_fd, &info, sizeof(info)) < 0);
	companion_end(&run->command, (int)info.ssi_signo, END_MS);
	run->exit_status = SIGNAL_BASE + (int)info.ssi_signo;
}

static enum kc_status run_command(struct run *run)
{
	TRY(companion_start(&run->command, false, be_command, run->options->command));
	if (!companion_wait(&run->command, run->stop_fd, &run->exit_status))
		stop_command(run);
	return KC_OK;
}

static void tear_down(struct run *run)
{
	companion_end(&run->command, SIGTERM, END_MS);
	companion_end(&run->card, SIGTERM, END_MS);
	companion_end(&run->daemon, SIGTERM, END_MS);
	card_state_done(&run->state);
	temporary_remove(run->folder);
	pinpad_close(&run->pinpad);
	if (run->log_fd >= 0)
		close(run->log_fd);
	if (run->stop_fd >= 0)
		close(run->stop_fd);
}

static enum kc_status run_steps(struct run *run)
{
	run->stop_fd = command_catch_stop();
	REQUIRE(run->stop_fd >= 0, KC_ERR_INTERNAL, "cannot listen to signals");
	TRY(run_make_folder(run));
	TRY(run_daemon_start(run));
	TRY(run_card_insert(run));
	TRY(run_daemon_await_token(run));
	return run_command(run);
}

int command_run(int argc, char **argv)
{
	struct run_options options = {0};
	CLEANUP(tear_down)
	struct run run = {.options = &options,
			  .stop_fd = -1,
			  .log_fd = -1,
			  .pinpad = PINPAD_INIT,
			  .exit_status = COMMAND_FAILED};
	enum kc_status status = read_options(argc, argv, &options);

	if (status == KC_OK) {
		status = run_steps(&run);
		if (status != KC_OK && status != KC_ERR_USER_CANCELED && run.log_fd >= 0)
			run_daemon_show_log(&run);
	}
	return status == KC_OK ? run.exit_status : command_exit_for(status);
}
