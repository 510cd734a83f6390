/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads /proc/PID/status, which anyone may, also of processes that cannot be looked into. */
#include "sys/confined.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/try.h"
#include "sys/process.h"
#include "sys/socket.h"

enum {
	PATH_BYTES = 64,
	LINE_BYTES = 256,
	SECCOMP_FILTER = 2, /* proc_pid_status(5) */
	NEW_SECONDS = 2,
	PEER_PIDFD = 77, /* SO_PEERPIDFD, which Debian 12's headers lack */
};

struct status {
	struct confined confined;
	pid_t parent;
};

static void take_line(struct status *status, const char *line)
{
	static const char name[] = "Name:\t";

	if (strncmp(line, name, strlen(name)) == 0)
		(void)snprintf(status->confined.name, sizeof(status->confined.name), "%.*s",
			       (int)strcspn(line + strlen(name), "\n"), line + strlen(name));
	else if (strncmp(line, "PPid:", 5) == 0)
		status->parent = (pid_t)strtoul(line + 5, NULL, 10);
	else if (strncmp(line, "NoNewPrivs:", 11) == 0)
		status->confined.has_no_new_privs = strtoul(line + 11, NULL, 10) == 1;
	else if (strncmp(line, "Seccomp:", 8) == 0)
		status->confined.has_seccomp = strtoul(line + 8, NULL, 10) == SECCOMP_FILTER;
}

static bool read_status(const char *pid, struct status *ret_status)
{
	struct status status = {.confined = {.pid = (pid_t)strtoul(pid, NULL, 10)}};
	char path[PATH_BYTES];
	char line[LINE_BYTES];
	FILE *file = NULL;

	(void)snprintf(path, sizeof(path), "/proc/%.16s/status", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file))
		take_line(&status, line);
	ignore(fclose(file));
	*ret_status = status;
	return true;
}

static bool is_new(pid_t pid)
{
	time_t started = (time_t)(process_start_time(pid) / (uint64_t)sysconf(_SC_CLK_TCK));
	struct timespec now = {0};

	return clock_gettime(CLOCK_BOOTTIME, &now) == 0 && now.tv_sec - started < NEW_SECONDS;
}

size_t confined_children(const char *prefix, struct confined *ret_children, size_t max)
{
	DIR *processes = opendir("/proc");
	size_t n = 0;

	if (!processes)
		return 0;
	for (struct dirent *entry = readdir(processes); entry && n < max;
	     entry = readdir(processes)) {
		struct status status;

		if (isdigit((unsigned char)entry->d_name[0]) &&
		    read_status(entry->d_name, &status) && status.parent == getpid() &&
		    strncmp(status.confined.name, prefix, strlen(prefix)) == 0) {
			status.confined.is_new = is_new(status.confined.pid);
			ret_children[n++] = status.confined;
		}
	}
	ignore(closedir(processes));
	return n;
}

bool confined_has_peer_pidfd(void)
{
	CLEANUP(socket_close) int ours = -1;
	CLEANUP(socket_close) int theirs = -1;
	int pidfd = -1;
	socklen_t size = sizeof(pidfd);
	bool has = false;

	if (socket_make_pair(SOCK_STREAM, &ours, &theirs) != KC_OK)
		return false;
	has = getsockopt(ours, SOL_SOCKET, PEER_PIDFD, &pidfd, &size) == 0;
	if (has)
		close(pidfd);
	return has;
}

static bool is_zero(const char *path)
{
	FILE *file = fopen(path, "re");
	int first = file ? fgetc(file) : EOF;

	if (file)
		ignore(fclose(file));
	return first == '0';
}

/* The kernel's limit, and a switch that Debian's kernels have besides. */
bool confined_has_user_namespaces(void)
{
	return access("/proc/self/ns/user", F_OK) == 0 &&
	       !is_zero("/proc/sys/user/max_user_namespaces") &&
	       !is_zero("/proc/sys/kernel/unprivileged_userns_clone");
}
