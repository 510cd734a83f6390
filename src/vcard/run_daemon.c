/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The daemon of a run: found where this program's other parts are, started aside, and asked by
 * the public protocol when the card has become a token.
 */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/try.h"
#include "sys/paths.h"
#include "vcard/run.h"
#include "wire/client.h"

enum {
	ATTEMPT_MS = 2,
	WATCH_MS = 50,
	LOG_BLOCK = 512,
	EXIT_NOT_STARTED = 127,
};

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
	/* This card and no other: the readers of the machine are not what the command came for. */
	execlp(path, "keycaskd", "--user", "--foreground", "--providers", "embedded", (char *)NULL);
	fprintf(stderr, "keycask-vcard: cannot start %s: %s\n", path, strerror(errno));
	return EXIT_NOT_STARTED;
}

enum kc_status run_daemon_start(struct run *run)
{
	char path[RUN_PATH_BYTES];

	run_path(run, "keycaskd.log", path);
	run->log_fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	REQUIRE(run->log_fd >= 0, KC_ERR_READ_ONLY, "cannot write %s: %s", path, strerror(errno));
	return companion_start(&run->daemon, true, be_daemon, run);
}

static enum kc_status check_daemon(struct run *run)
{
	int status = 0;

	REQUIRE(!companion_has_ended(&run->daemon, &status), KC_ERR_NOT_AVAILABLE,
		"keycaskd ended with status %d", status);
	return KC_OK;
}

/* The daemon says by listening that it is up, and there is no event for that. */
enum kc_status run_daemon_open_slot(struct run *run, struct link *ret_link)
{
	char path[RUN_PATH_BYTES];

	run_path(run, "slot.sock", path);
	for (int ms = 0; ms < RUN_PATIENCE_MS; ms += ATTEMPT_MS) {
		error_clear();
		if (link_connect_unix(path, run->stop_fd, ret_link) == KC_OK)
			return KC_OK;
		error_clear();
		TRY(check_daemon(run));
		TRY(run_pause(run, ATTEMPT_MS));
	}
	return fail(KC_ERR_NOT_AVAILABLE, "keycaskd does not open its slot");
}

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
	TRY(run_pause(run, 0));
	TRY(check_daemon(run));
	REQUIRE(!companion_has_ended(&run->card, &status), KC_ERR_NOT_AVAILABLE,
		"the card left before it became a token");
	REQUIRE(waited_ms < RUN_PATIENCE_MS, KC_ERR_NOT_AVAILABLE,
		"the card does not become a token");
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

/* The client socket need not listen as early as the slot does. */
static enum kc_status connect_client(struct run *run, struct wire_client **ret_client)
{
	char path[RUN_PATH_BYTES];

	run_path(run, "keycask.sock", path);
	for (int ms = 0; ms < RUN_PATIENCE_MS; ms += ATTEMPT_MS) {
		if (wire_client_connect(path, ret_client) == KC_OK)
			return KC_OK;
		error_clear();
		TRY(check_daemon(run));
		TRY(run_pause(run, ATTEMPT_MS));
	}
	return fail(KC_ERR_NOT_AVAILABLE, "keycaskd does not listen");
}

/* A card with faults may never get that far; its command wants to see just that. */
enum kc_status run_daemon_await_token(struct run *run)
{
	CLEANUP(wire_client_freep) struct wire_client *client = NULL;
	enum kc_status status = KC_OK;

	TRY(connect_client(run, &client));
	status = watch_token(run, client);
	if (status == KC_OK || status == KC_ERR_USER_CANCELED || run->options->faults.n_faults == 0)
		return status;
	fprintf(stderr, "keycask-vcard: %s; the command runs all the same\n", error_get()->message);
	error_clear();
	return KC_OK;
}

void run_daemon_show_log(const struct run *run)
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
