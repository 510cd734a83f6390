/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* git config, twice: for the system's and the user's settings. */
#include "frontends/git/git_config.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"

enum {
	OUTPUT_MAX = 64 * 1024,
	CHUNK = 2048,
};

/* Its output to the end; a settings file that is a pipe would be the user's own trick. */
static enum kc_status read_output(int fd, struct bytes *output)
{
	uint8_t chunk[CHUNK];
	ssize_t n = 0;

	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		REQUIRE(n > 0, KC_ERR_NOT_AVAILABLE, "git: %s", strerror(errno));
		TRY(bytes_append(output, view_of(chunk, (size_t)n)));
	}
	return KC_OK;
}

static int spawn_git(const char *scope, const char *name, int output, pid_t *ret_pid)
{
	const char *const words[] = {"git",	    "config",	 scope, "--null",
				     "--type=path", "--get-all", name,	NULL};
	char *const *arguments = (char *const *)(uintptr_t)words; /* it does not write to them */
	posix_spawn_file_actions_t actions;
	int error = posix_spawn_file_actions_init(&actions);

	if (error != 0)
		return error;
	error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (error == 0)
		error = posix_spawnp(ret_pid, words[0], &actions, NULL, arguments, environ);
	ignore(posix_spawn_file_actions_destroy(&actions));
	return error;
}

/* git-config(1): "if the key is not found, returns error code 1"; no such file: the same. */
static enum kc_status run_git(const char *scope, const char *name, struct bytes *output)
{
	int ends[2];
	int error = 0;
	int ended = 0;
	pid_t pid = -1;
	enum kc_status status = KC_OK;

	REQUIRE(pipe2(ends, O_CLOEXEC) == 0, KC_ERR_NOT_AVAILABLE, "pipe: %s", strerror(errno));
	error = spawn_git(scope, name, ends[1], &pid);
	close(ends[1]);
	if (error == 0)
		status = read_output(ends[0], output);
	close(ends[0]);
	REQUIRE(error == 0, KC_ERR_NOT_AVAILABLE, "cannot run git: %s", strerror(error));
	while (waitpid(pid, &ended, 0) < 0 && errno == EINTR)
		;
	TRY(status);
	REQUIRE(WIFEXITED(ended) && WEXITSTATUS(ended) <= 1, KC_ERR_NOT_AVAILABLE,
		"git config cannot read %s", name);
	return KC_OK;
}

enum kc_status git_config_read_all(const char *name, char **ret_values)
{
	CLEANUP(bytes_done) struct bytes output = BYTES_INIT(OUTPUT_MAX);
	struct kc_bytes values = {NULL, 0};

	TRY(run_git("--system", name, &output));
	if (secure_getenv("HOME") || secure_getenv("GIT_CONFIG_GLOBAL")) /* else git finds none */
		TRY(run_git("--global", name, &output));
	TRY(bytes_append_byte(&output, 0));
	values = bytes_take(&output);
	*ret_values = (char *)values.data;
	return KC_OK;
}
