/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The folder of a run, the environment that points into it, and waiting. */
#include "vcard/run.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/try.h"

void run_path(const struct run *run, const char *name, char ret_path[RUN_PATH_BYTES])
{
	snprintf(ret_path, RUN_PATH_BYTES, "%s/%s", run->folder, name);
}

enum kc_status run_pause(const struct run *run, int ms)
{
	struct pollfd fds = {run->stop_fd, POLLIN, 0};

	REQUIRE(poll(&fds, 1, ms) <= 0, KC_ERR_USER_CANCELED, "stopped");
	return KC_OK;
}

static enum kc_status put_variable(const struct run *run, const char *variable, const char *name)
{
	char path[RUN_PATH_BYTES];

	run_path(run, name, path);
	REQUIRE(setenv(variable, path, 1) == 0, KC_ERR_ALLOCATE, "out of memory");
	return KC_OK;
}

enum kc_status run_make_folder(struct run *run)
{
	TRY(temporary_make(run->folder));
	TRY(put_variable(run, "KEYCASK_SOCKET", "keycask.sock"));
	TRY(put_variable(run, "KEYCASK_STATE_DIR", "state"));
	TRY(put_variable(run, "KEYCASK_CONFIG_DIR", "config"));
	return put_variable(run, "KEYCASK_VCARD_CA", "ca.pem");
}
