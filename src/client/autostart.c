/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When it is allowed to start the daemon, and what to do until it answers. Any number of clients
 * may do this at once: the daemon's lock decides, and the losers' launchers end well too.
 */
#include "client/autostart.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>
#include <unistd.h>

#include <keycask/daemon.h>

#include "base/try.h"
#include "client/launch.h"
#include "sys/paths.h"

enum {
	LAUNCH_MS = 10 * 1000,
	CONNECT_TRIES = 100,
	CONNECT_PAUSE_NS = 20 * 1000 * 1000,
	SAID_MAX = 192,
};

static atomic_bool is_forbidden; /* by the program itself */

void kc_daemon_set_autostart(bool may_start)
{
	atomic_store(&is_forbidden, !may_start);
}

bool autostart_is_allowed(void)
{
	const char *wish = secure_getenv("KEYCASK_AUTOSTART");

	return !atomic_load(&is_forbidden) && getauxval(AT_SECURE) == 0 &&
	       !(wish && strcmp(wish, "0") == 0);
}

/* The launcher of another client may still be at it: its daemon listens in a moment. */
static enum kc_status connect_soon(autostart_connect_fn connect, struct wire_client **ret_client)
{
	const struct timespec pause = {.tv_nsec = CONNECT_PAUSE_NS};
	enum kc_status status = connect(ret_client);

	for (int i = 0; i < CONNECT_TRIES && status == KC_ERR_NOT_AVAILABLE; i++) {
		ignore(nanosleep(&pause, NULL));
		error_clear();
		status = connect(ret_client);
	}
	return status;
}

/* keycaskd says "keycaskd: message" and on the next line "  → hint": @said becomes the message. */
static const char *take_hint(char *said)
{
	static const char mark[] = "\n  → ";
	char *hint = strstr(said, mark);
	char *line = NULL;

	if (hint)
		*hint = '\0';
	line = strrchr(said, '\n');
	if (line)
		memmove(said, line + 1, strlen(line + 1) + 1);
	return hint ? hint + strlen(mark) : NULL;
}

static enum kc_status launch_daemon(const char *program)
{
	const char *const arguments[] = {program, "--user", "--detach", NULL};
	char said[SAID_MAX] = "";
	const char *hint = NULL;
	int exit_status = 0;

	TRY(launch_run(program, arguments, LAUNCH_MS, &exit_status, said, sizeof(said)));
	if (exit_status == 0)
		return KC_OK;
	hint = take_hint(said);
	if (hint)
		error_set_hint("%s", hint);
	return fail(KC_ERR_NOT_AVAILABLE, "keycaskd did not start: %s",
		    said[0] ? said : "it gave no reason");
}

enum kc_status autostart_connect(autostart_connect_fn connect, struct wire_client **ret_client)
{
	char program[PATHS_MAX];
	enum kc_status status = KC_OK;

	TRY(paths_helper("keycaskd", program, sizeof(program)));
	status = launch_daemon(program);
	if (status == KC_OK)
		return connect_soon(connect, ret_client);
	error_set_hint("see why with: %s --user", program);
	return status;
}
