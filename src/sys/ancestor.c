/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Up the tree of processes. A parent is known by its ID, which is another's when it has ended; but
 * then its child has another parent. So a parent's folder of /proc is opened, and counts when the
 * child still says the same afterwards: while it does, that parent lives. The folder itself never
 * comes to mean another process, and a pidfd is the same process's if the folder is alive when it
 * has been opened.
 */
#include "sys/ancestor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/try.h"
#include "sys/process.h"
#include "sys/socket.h"

enum {
	STEPS_MAX = 64,
	STAT_BYTES_MAX = 1024,
	COMMAND_BYTES_MAX = 128 * 1024, /* of more nothing is shown */
	/* proc(5), /proc/pid/stat; counted from the state, which follows the name */
	STAT_STATE = 3,
	STAT_PARENT = 4,
	STAT_START_TIME = 22,
};

/* Field @n of /proc/PID/stat; 0 when it cannot be read, or its process has ended. */
static uint64_t stat_field(int process, int n)
{
	CLEANUP(bytes_done) struct bytes stat = BYTES_INIT(STAT_BYTES_MAX);
	char *field = NULL;

	if (!process_read_at(process, "stat", &stat))
		return 0;
	field = strrchr((char *)stat.data, ')'); /* the name may have any character */
	for (int i = STAT_STATE - 1; field && i < n; i++)
		field = strchr(field + 1, ' ');
	return field ? strtoull(field, NULL, 10) : 0;
}

static int open_process(uint64_t pid)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%llu", (unsigned long long)pid);
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* -1 when there is none that is known to be it. */
static int open_parent(int process)
{
	CLEANUP(socket_close) int parent = -1;
	uint64_t pid = stat_field(process, STAT_PARENT);

	if (pid <= 1)
		return -1;
	parent = open_process(pid);
	return parent >= 0 && stat_field(process, STAT_PARENT) == pid ? take_fd(parent) : -1;
}

/* /proc/PID belongs to the user of its process, unless that forbids to be looked into. */
static bool is_users(int process, uid_t uid)
{
	struct stat info;

	return fstat(process, &info) == 0 && info.st_uid == uid;
}

static bool runs(int process, const char *program)
{
	char path[PEER_PATH_MAX];
	ssize_t n = readlinkat(process, "exe", path, sizeof(path) - 1);
	const char *slash = NULL;

	if (n <= 0 || (size_t)n >= sizeof(path) - 1)
		return false;
	path[n] = '\0';
	slash = strrchr(path, '/');
	return slash && strcmp(slash + 1, program) == 0;
}

/* --- what is shown of it --------------------------------------------------------------------- */

/* git(1): of the options before the command these have their value in the next word. */
static bool takes_value(const char *option)
{
	static const char *const options[] = {"-C",	     "-c",	    "--git-dir",
					      "--work-tree", "--namespace", "--config-env"};

	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (strcmp(options[i], option) == 0)
			return true;
	return false;
}

/* The first word that is no option; "" when there is none. @words: each ends with a NUL. */
static const char *find_command(const char *words, const char *end)
{
	for (const char *word = words; word < end; word += strlen(word) + 1) {
		if (word[0] != '-')
			return word;
		if (takes_value(word))
			word += strlen(word) + 1;
	}
	return "";
}

static void read_command(int process, const char *program, struct ancestor *ancestor)
{
	CLEANUP(bytes_done) struct bytes words = BYTES_INIT(COMMAND_BYTES_MAX);
	const char *first = NULL;
	const char *command = "";

	if (process_read_at(process, "cmdline", &words)) {
		const char *end = (const char *)words.data + words.len;

		first = (const char *)words.data;
		command = find_command(first + strlen(first) + 1, end);
	}
	(void)snprintf(ancestor->command, sizeof(ancestor->command), "%s%s%.64s", program,
		       command[0] ? " " : "", command);
}

static void read_folder(int process, struct ancestor *ancestor)
{
	ssize_t n = readlinkat(process, "cwd", ancestor->folder, sizeof(ancestor->folder));

	/* half of a path may be another folder's */
	ancestor->folder[n > 0 && (size_t)n < sizeof(ancestor->folder) ? n : 0] = '\0';
}

/* --- finding --------------------------------------------------------------------------------- */

/* The uppermost, or -1. */
static int climb(const struct peer *peer, const char *program)
{
	CLEANUP(socket_close) int found = -1;
	CLEANUP(socket_close) int at = open_parent(peer->process);

	for (int i = 0; i < STEPS_MAX && at >= 0 && is_users(at, peer->uid); i++) {
		int next = open_parent(at);

		if (runs(at, program)) {
			socket_close(&found);
			found = at;
		} else {
			socket_close(&at);
		}
		at = next;
	}
	return take_fd(found);
}

static bool describe(int process, const char *program, struct ancestor *ancestor)
{
	CLEANUP(bytes_done) struct bytes stat = BYTES_INIT(STAT_BYTES_MAX);

	if (!process_read_at(process, "stat", &stat))
		return false;
	ancestor->pid = (pid_t)strtoul((const char *)stat.data, NULL, 10);
	ancestor->pidfd = (int)syscall(SYS_pidfd_open, ancestor->pid, 0);
	ancestor->start_time = stat_field(process, STAT_START_TIME);
	read_command(process, program, ancestor);
	read_folder(process, ancestor);
	/* it lives, so the pidfd is its own */
	return ancestor->pidfd >= 0 && ancestor->start_time != 0 &&
	       stat_field(process, STAT_START_TIME) == ancestor->start_time;
}

enum kc_status ancestor_find(const struct peer *peer, const char *program,
			     struct ancestor *ret_ancestor)
{
	CLEANUP(socket_close) int process = -1;
	struct ancestor ancestor = {.pidfd = -1};

	if (peer->process >= 0 && !peer_is_sandboxed(peer))
		process = climb(peer, program);
	if (process >= 0 && describe(process, program, &ancestor)) {
		*ret_ancestor = ancestor;
		return KC_OK;
	}
	ancestor_done(&ancestor);
	return fail(KC_ERR_ITEM_NOT_FOUND, "%s was not started by %s", peer->name, program);
}

void ancestor_done(struct ancestor *ancestor)
{
	socket_close(&ancestor->pidfd);
}

bool ancestor_is_same(const struct ancestor *a, const struct ancestor *b)
{
	return a->pid == b->pid && a->start_time == b->start_time;
}
