/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pcscd, seen from outside: its socket, its program. A daemon that cannot reach it only knows
 * that; why it cannot is seen here, with the same eyes, since both run as the same user.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frontends/cli/doctor.h"

#define PCSCD_SOCKET  "/run/pcscd/pcscd.comm"
#define PCSCD_PROGRAM "/usr/sbin/pcscd"
#define SYSTEMD	      "/run/systemd/system" /* sd_booted(3) */

enum {
	VERSION_MAX = 256,
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* The first line that "pcscd --version" says, or nothing. */
static pid_t start_version(int output)
{
	char *const arguments[] = {(char[]){PCSCD_PROGRAM}, (char[]){"--version"}, NULL};
	char *const environment[] = {NULL};
	posix_spawn_file_actions_t actions;
	pid_t pid = -1;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return -1;
	if (posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO) != 0 ||
	    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) !=
		    0 ||
	    posix_spawn(&pid, PCSCD_PROGRAM, &actions, NULL, arguments, environment) != 0)
		pid = -1;
	ignore(posix_spawn_file_actions_destroy(&actions));
	return pid;
}

static void read_version(char ret_version[VERSION_MAX])
{
	CLEANUP(close_fd) int input = -1;
	int ends[2];
	pid_t pid = -1;
	ssize_t n = 0;

	ret_version[0] = '\0';
	if (pipe2(ends, O_CLOEXEC) != 0)
		return;
	input = ends[0];
	pid = start_version(ends[1]);
	close(ends[1]);
	if (pid < 0)
		return;
	n = read(input, ret_version, VERSION_MAX - 1);
	ret_version[n > 0 ? n : 0] = '\0';
	ret_version[strcspn(ret_version, "\n")] = '\0';
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}

/* 0, or why the socket does not answer. */
static int try_socket(pid_t *ret_pid)
{
	CLEANUP(close_fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = PCSCD_SOCKET};
	struct ucred owner = {.pid = 0};
	socklen_t size = sizeof(owner);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		return errno;
	ignore(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &owner, &size));
	*ret_pid = owner.pid;
	return 0;
}

static const char *advice_to_start(void)
{
	if (access(SYSTEMD, F_OK) == 0)
		return "sudo systemctl enable --now pcscd.socket";
	return "start it as root: pcscd";
}

static void tell_absence(struct doctor *doctor, int error)
{
	if (access(PCSCD_PROGRAM, F_OK) != 0)
		doctor_add(doctor, "pcscd", "problem", PCSCD_PROGRAM " does not exist",
			   "sudo apt install pcscd; or, without readers: \"providers\": "
			   "[\"embedded\"] in config.json",
			   "pcscd, through which readers are used, is not installed");
	else if (error == ENOENT)
		doctor_add(doctor, "pcscd", "problem", PCSCD_SOCKET " does not exist",
			   advice_to_start(), "pcscd is not running");
	else if (error == ECONNREFUSED)
		doctor_add(doctor, "pcscd", "problem", "nobody listens on " PCSCD_SOCKET,
			   advice_to_start(), "pcscd has died");
	else if (error == EACCES)
		doctor_add(doctor, "pcscd", "problem",
			   "the permissions of " PCSCD_SOCKET " or of its folder forbid it",
			   "it should be open to all: sudo chmod 755 /run/pcscd; sudo chmod "
			   "666 " PCSCD_SOCKET,
			   "pcscd may not be used by you");
	else
		doctor_add(doctor, "pcscd", "problem", strerror(error), advice_to_start(),
			   "pcscd does not answer");
}

void doctor_pcscd_look_at_socket(struct doctor *doctor)
{
	char version[VERSION_MAX];
	pid_t pid = 0;
	int error = try_socket(&pid);

	if (error != 0) {
		tell_absence(doctor, error);
		return;
	}
	read_version(version);
	doctor_add(doctor, "pcscd", "ok", NULL, NULL, "pcscd answers (process %ld%s%s)", (long)pid,
		   version[0] ? "; " : "", version);
}
