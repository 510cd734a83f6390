/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The caller's word is taken for who it serves, since it may say of itself as much (terminal,
 * display, reason); only a process of this user in this login session and in no sandbox is looked
 * at (daemon/asking.c says why).
 */
#include "daemon/behalf.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "base/log.h"
#include "base/try.h"
#include "daemon/client.h"
#include "sys/peer_sandbox.h"
#include "sys/process.h"
#include "sys/socket.h"
#include "wire/field.h"

enum {
	ENVIRONMENT_MAX = 128 * 1024,
	TEXT_MAX = 512,
	NAME_MAX_BYTES = 64,
	PATH_BYTES = 256,
	TTY_FIELD = 7, /* proc(5), /proc/pid/stat */
	FIELD_AFTER_NAME = 3,
};

static const struct {
	const char *variable;
	const char *field;
} variables[] = {
	{"TERM=", "term"},
	{"DISPLAY=", "display"},
	{"WAYLAND_DISPLAY=", "wayland_display"},
	{"XAUTHORITY=", "xauthority"},
	{"LC_ALL=", "locale"},
};

/* A process of this user, in this login session: a descriptor of its folder. */
static int open_process(int64_t pid)
{
	CLEANUP(socket_close) int fd = -1;
	char path[PATH_BYTES];
	char session[PATH_BYTES];
	struct stat info;

	if (pid <= 0 || pid > INT32_MAX)
		return -1;
	(void)snprintf(path, sizeof(path), "/proc/%ld", (long)pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &info) != 0 || info.st_uid != geteuid())
		return -1;
	if (process_read((pid_t)pid, "sessionid", session, sizeof(session)) &&
	    strtoul(session, NULL, 10) != peer_own_login_session())
		return -1;
	if (peer_sandbox_find(fd, (pid_t)pid).kind != PEER_IN_NONE)
		return -1;
	return take_fd(fd);
}

static const char *find_variable(const struct bytes *environment, const char *variable)
{
	size_t at = 0;

	while (at < environment->len) {
		const char *entry = (const char *)environment->data + at;

		if (strncmp(entry, variable, strlen(variable)) == 0)
			return entry + strlen(variable);
		at += strlen(entry) + 1;
	}
	return NULL;
}

static enum kc_status put_environment(int process, struct json_object *interaction)
{
	CLEANUP(bytes_done) struct bytes environment = BYTES_INIT(ENVIRONMENT_MAX);

	if (!process_read_at(process, "environ", &environment))
		return KC_OK;
	for (size_t i = 0; i < ARRAY_LEN(variables); i++)
		TRY(field_put_text(interaction, variables[i].field,
				   find_variable(&environment, variables[i].variable)));
	return KC_OK;
}

/* The number of its controlling terminal, of a pseudo-terminal or console; others are not ours. */
static bool find_terminal(int process, char *ret_path, size_t size)
{
	CLEANUP(bytes_done) struct bytes stat_text = BYTES_INIT(TEXT_MAX * 4);
	unsigned long number = 0;
	char *field = NULL;

	if (!process_read_at(process, "stat", &stat_text))
		return false;
	field = strrchr((char *)stat_text.data, ')');
	for (int i = FIELD_AFTER_NAME - 1; field && i < TTY_FIELD; i++)
		field = strchr(field + 1, ' ');
	number = field ? strtoul(field, NULL, 10) : 0;
	if (major(number) >= 136 && major(number) <= 143)
		(void)snprintf(ret_path, size, "/dev/pts/%u",
			       (major(number) - 136) * 256 + minor(number));
	else if (major(number) == 4)
		(void)snprintf(ret_path, size, "/dev/tty%u", minor(number));
	else
		return false;
	return true;
}

/* One that gives lines is nobody's at the moment. What gives each key is read by a program, such as
 * an ssh whose host the agent is forwarded to: it would get a part of what is typed at the prompt.
 */
static bool gives_lines(const char *path)
{
	CLEANUP(socket_close)
	int fd = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct termios settings;

	return fd >= 0 && tcgetattr(fd, &settings) == 0 && (settings.c_lflag & ICANON);
}

/* The agent's own terminal may be that very one. */
static enum kc_status put_terminal(int process, struct json_object *interaction)
{
	char path[PATH_BYTES];

	if (!find_terminal(process, path, sizeof(path)))
		return KC_OK;
	if (gives_lines(path))
		return field_put_text(interaction, "tty", path);
	json_object_object_del(interaction, "tty");
	return KC_OK;
}

/* "ssh (process 1234): log in to …" */
static enum kc_status put_reason(int process, int64_t pid, struct json_object *interaction)
{
	CLEANUP(bytes_done) struct bytes name = BYTES_INIT(NAME_MAX_BYTES);
	const char *prompt = field_text(interaction, "operation_prompt");
	char reason[TEXT_MAX];

	if (!process_read_at(process, "comm", &name))
		return KC_OK;
	(void)snprintf(reason, sizeof(reason), "%.*s (process %ld)%s%s",
		       (int)strcspn((char *)name.data, "\n"), (char *)name.data, (long)pid,
		       prompt ? ": " : "", prompt ? prompt : "");
	return field_put_text(interaction, "operation_prompt", reason);
}

static enum kc_status apply(int64_t pid, struct json_object *interaction)
{
	CLEANUP(socket_close) int process = open_process(pid);

	if (process < 0)
		return KC_OK;
	TRY(put_environment(process, interaction));
	TRY(put_terminal(process, interaction));
	return put_reason(process, pid, interaction);
}

void behalf_apply(struct wire_call *call)
{
	struct json_object *interaction = field_get(wire_call_parameters(call), "interaction");
	int64_t pid = field_number(interaction, "on_behalf_of", 0);

	if (pid <= 0 || !client_is_in_our_login(wire_call_peer(call)))
		return;
	if (apply(pid, interaction) != KC_OK)
		log_debug("on behalf of %ld: %s", (long)pid, error_get()->message);
	error_clear();
}
