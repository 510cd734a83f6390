/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keycask-vcard run: a command with a keychain daemon and a card of its own. The folder, the
 * daemon, the card and the command come in this order and go in the reverse one, whichever way
 * the run ends. The card lives in memory only.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/try.h"
#include "sys/paths.h"
#include "vcard/command.h"
#include "vcard/companion.h"
#include "vcard/insertion.h"
#include "vcard/profile.h"
#include "vcard/temporary.h"
#include "wire/client.h"

/* Four keys that cost no time. */
#define RUN_PROFILE "piv:9a=p256,9c=p256,9d=p256,9e=p256"

enum {
	PATH_BYTES = TEMPORARY_PATH_MAX + 32,
	CA_PEM_MAX = 4096,
	LOG_BLOCK = 512,
	ATTEMPT_MS = 2,
	WATCH_MS = 50,
	PATIENCE_MS = 10000,
	END_MS = 3000,
	SIGNAL_BASE = 128, /* as shells report a death by signal */
	EXIT_NOT_EXECUTABLE = 126,
	EXIT_NOT_FOUND = 127,
};

struct run_options {
	struct profile profile;
	const char *pin;
	const char *log;
	struct faults faults;
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
	int exit_status;
};

/* --- options --- */

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
		{0},
	};

	TRY(profile_parse(RUN_PROFILE, &options->profile));
	/* "+": what follows the command belongs to it. */
	for (int option = getopt_long(argc, argv, "+", known, NULL); option != -1;
	     option = getopt_long(argc, argv, "+", known, NULL))
		TRY(take_option(option, options));
	REQUIRE(optind < argc, KC_ERR_PARAM, "run needs a command, as in run -- ssh-add -l");
	options->command = argv + optind;
	return KC_OK;
}

/* --- the folder --- */

static void path_in(const struct run *run, const char *name, char ret_path[PATH_BYTES])
{
	snprintf(ret_path, PATH_BYTES, "%s/%s", run->folder, name);
}

static enum kc_status put_variable(const struct run *run, const char *variable, const char *name)
{
	char path[PATH_BYTES];

	path_in(run, name, path);
	REQUIRE(setenv(variable, path, 1) == 0, KC_ERR_ALLOCATE, "out of memory");
	return KC_OK;
}

static enum kc_status make_folder(struct run *run)
{
	char path[PATH_BYTES];

	TRY(temporary_make(run->folder));
	TRY(put_variable(run, "KEYCASK_SOCKET", "keycask.sock"));
	TRY(put_variable(run, "KEYCASK_STATE_DIR", "state"));
	TRY(put_variable(run, "KEYCASK_CONFIG_DIR", "config"));
	TRY(put_variable(run, "KEYCASK_VCARD_CA", "ca.pem"));
	path_in(run, "keycaskd.log", path);
	run->log_fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	REQUIRE(run->log_fd >= 0, KC_ERR_READ_ONLY, "cannot write %s: %s", path, strerror(errno));
	return KC_OK;
}

static void show_daemon_log(const struct run *run)
{
	char block[LOG_BLOCK];
	off_t at = 0;
	ssize_t n = 0;

	do {
		n = pread(run->log_fd, block, sizeof(block), at);
		if (n > 0)
			ignore(fwrite(block, 1, (size_t)n, stderr));
		at += n;
	} while (n > 0);
}

/* --- the daemon --- */

/* The folder of this very program, where a build tree has the others too. */
static bool own_folder(char *ret_folder, size_t size)
{
	ssize_t len = readlink("/proc/self/exe", ret_folder, size - 1);
	char *slash = NULL;

	if (len <= 0)
		return false;
	ret_folder[len] = '\0';
	slash = strrchr(ret_folder, '/');
	if (!slash)
		return false;
	*slash = '\0';
	return true;
}

static void find_daemon(char *ret_path, size_t size)
{
	char folder[PATHS_MAX];

	if (paths_helper("keycaskd", ret_path, size) == KC_OK && access(ret_path, X_OK) == 0)
		return;
	if (own_folder(folder, sizeof(folder)) &&
	    snprintf(ret_path, size, "%s/keycaskd", folder) < (int)size &&
	    access(ret_path, X_OK) == 0) {
		ignore(setenv("KEYCASK_LIBEXEC_DIR", folder, 0));
		return;
	}
	snprintf(ret_path, size, "keycaskd"); /* then execvp() looks for it */
}

static int be_daemon(void *context)
{
	const struct run *run = context;
	int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	char path[PATHS_MAX];

	find_daemon(path, sizeof(path));
	if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 ||
	    dup2(run->log_fd, STDOUT_FILENO) < 0 || dup2(run->log_fd, STDERR_FILENO) < 0)
		return EXIT_FAILURE;
	execlp(path, "keycaskd", "--user", "--foreground", (char *)NULL);
	fprintf(stderr, "keycask-vcard: cannot start %s: %s\n", path, strerror(errno));
	return EXIT_NOT_FOUND;
}

/* Let @ms pass; false when we are to stop. */
static bool pause_ms(const struct run *run, int ms)
{
	struct pollfd fds = {run->stop_fd, POLLIN, 0};

	return poll(&fds, 1, ms) <= 0;
}

static enum kc_status check_daemon(struct run *run)
{
	int status = 0;

	REQUIRE(!companion_has_ended(&run->daemon, &status), KC_ERR_NOT_AVAILABLE,
		"keycaskd ended with status %d", status);
	return KC_OK;
}

/* The daemon says by listening that it is up, and there is no event for that. */
static enum kc_status connect_slot(struct run *run, struct link *ret_link)
{
	char path[PATH_BYTES];

	path_in(run, "slot.sock", path);
	for (int ms = 0; ms < PATIENCE_MS; ms += ATTEMPT_MS) {
		error_clear();
		if (link_connect_unix(path, run->stop_fd, ret_link) == KC_OK)
			return KC_OK;
		error_clear();
		TRY(check_daemon(run));
		REQUIRE(pause_ms(run, ATTEMPT_MS), KC_ERR_USER_CANCELED, "stopped");
	}
	return fail(KC_ERR_NOT_AVAILABLE, "keycaskd does not open its slot");
}

/* --- the card --- */

static enum kc_status make_state(struct run *run)
{
	CLEANUP(bytes_done) struct bytes pem = BYTES_INIT(CA_PEM_MAX);
	char path[PATH_BYTES];
	FILE *file = NULL;
	bool is_written = false;

	TRY(card_state_init(&run->state));
	if (run->options->pin)
		TRY(card_state_set_pin(&run->state.pin, run->options->pin));
	TRY(profile_apply(&run->options->profile, &run->state, &pem));
	path_in(run, "ca.pem", path);
	file = fopen(path, "we");
	is_written = file && fwrite(pem.data, 1, pem.len, file) == pem.len;
	if (file)
		is_written = fclose(file) == 0 && is_written;
	REQUIRE(is_written, KC_ERR_READ_ONLY, "cannot write %s: %s", path, strerror(errno));
	return KC_OK;
}

struct card_place {
	struct run *run;
	struct link *link;
	const struct transcript *transcript;
};

static int be_card(void *context)
{
	struct card_place *place = context;
	struct card card;
	struct insertion insertion = {
		.card = &card,
		.link = place->link,
		.faults = &place->run->options->faults,
		.transcript = place->transcript,
	};

	card_init(&card, &place->run->state, NULL, NULL);
	place->link->stop_fd = command_catch_stop();
	ignore(insertion_run(&insertion));
	card_done(&card);
	return EXIT_SUCCESS;
}

static enum kc_status insert_card(struct run *run)
{
	CLEANUP(link_close) struct link link = {.fd = -1};
	CLEANUP(transcript_close) struct transcript transcript = TRANSCRIPT_INIT;
	struct card_place place = {run, &link, &transcript};

	if (run->options->log)
		TRY(transcript_open(run->options->log, &transcript));
	TRY(make_state(run));
	TRY(connect_slot(run, &link));
	return companion_start(&run->card, true, be_card, &place);
}

/* --- the token --- */

static void json_freep(struct json_object **object)
{
	json_object_put(*object);
}

static bool says_inserted(struct json_object *event)
{
	struct json_object *word = NULL;

	return event && json_object_object_get_ex(event, "event", &word) &&
	       strcmp(json_object_get_string(word), "inserted") == 0;
}

/* Nothing for a while: is there still something to wait for? */
static enum kc_status check_waiting(struct run *run, int waited_ms)
{
	int status = 0;

	error_clear();
	REQUIRE(pause_ms(run, 0), KC_ERR_USER_CANCELED, "stopped");
	TRY(check_daemon(run));
	REQUIRE(!companion_has_ended(&run->card, &status), KC_ERR_NOT_AVAILABLE,
		"the card left before it became a token");
	REQUIRE(waited_ms < PATIENCE_MS, KC_ERR_NOT_AVAILABLE, "the card does not become a token");
	return KC_OK;
}

/* Watch until the token is published: its items are in the keychain then. */
static enum kc_status watch_token(struct run *run, struct wire_client *client)
{
	bool continues = true;

	TRY(wire_client_start(client, "org.keycask.Tokens.Watch", NULL));
	for (int ms = 0; continues; ms += WATCH_MS) {
		CLEANUP(json_freep) struct json_object *event = NULL;
		enum kc_status status = wire_client_next(client, WATCH_MS, &event, &continues);

		if (status == KC_OK && says_inserted(event))
			return KC_OK;
		if (status != KC_ERR_COMMUNICATION)
			TRY(status);
		TRY(check_waiting(run, ms));
	}
	return fail(KC_ERR_NOT_AVAILABLE, "keycaskd stops watching");
}

/* A card with faults may never get that far; its command wants to see just that. */
static enum kc_status await_token(struct run *run)
{
	CLEANUP(wire_client_freep) struct wire_client *client = NULL;
	char path[PATH_BYTES];
	enum kc_status status = KC_OK;

	path_in(run, "keycask.sock", path);
	TRY(wire_client_connect(path, &client));
	status = watch_token(run, client);
	if (status == KC_OK || status == KC_ERR_USER_CANCELED || run->options->faults.n_faults == 0)
		return status;
	fprintf(stderr, "keycask-vcard: %s; the command runs all the same\n", error_get()->message);
	error_clear();
	return KC_OK;
}

/* --- the command --- */

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

/* --- all of it --- */

static void tear_down(struct run *run)
{
	companion_end(&run->command, SIGTERM, END_MS);
	companion_end(&run->card, SIGTERM, END_MS);
	companion_end(&run->daemon, SIGTERM, END_MS);
	card_state_done(&run->state);
	temporary_remove(run->folder);
	if (run->log_fd >= 0)
		close(run->log_fd);
	if (run->stop_fd >= 0)
		close(run->stop_fd);
}

static enum kc_status run_steps(struct run *run)
{
	run->stop_fd = command_catch_stop();
	REQUIRE(run->stop_fd >= 0, KC_ERR_INTERNAL, "cannot listen to signals");
	TRY(make_folder(run));
	TRY(companion_start(&run->daemon, true, be_daemon, run));
	TRY(insert_card(run));
	TRY(await_token(run));
	return run_command(run);
}

int command_run(int argc, char **argv)
{
	struct run_options options = {0};
	CLEANUP(tear_down)
	struct run run = {
		.options = &options, .stop_fd = -1, .log_fd = -1, .exit_status = COMMAND_FAILED};
	enum kc_status status = read_options(argc, argv, &options);

	if (status == KC_OK) {
		status = run_steps(&run);
		if (status != KC_OK && status != KC_ERR_USER_CANCELED && run.log_fd >= 0)
			show_daemon_log(&run);
	}
	return status == KC_OK ? run.exit_status : command_exit_for(status);
}
