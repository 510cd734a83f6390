/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keycask-git-ssh: git's gpg.ssh.program. It is ssh-keygen, and asks keycask's agent for the
 * private key whatever agent SSH_AUTH_SOCK names: a desktop's own knows nothing of cards. Where
 * keycask's is not, it changes nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <keycask/daemon.h>

#include "base/cleanup.h"
#include "base/try.h"
#include "frontends/owned.h"

#define PROGRAM "ssh-keygen"
#define AGENT	"ssh-agent.sock"

enum {
	EXIT_CANNOT_RUN = 126, /* as a shell says it */
	PATH_SIZE = 1024,
};

/* Only signing takes a private key: "-Y sign". */
static bool signs(char **words)
{
	for (; words[0] && words[1]; words++)
		if (strcmp(words[0], "-Y") == 0)
			return strcmp(words[1], "sign") == 0;
	return false;
}

/* It listens beside the daemon's own socket. */
static enum kc_status find_agent(char *ret_path)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *status = NULL;
	const char *socket = NULL;
	const char *slash = NULL;
	struct stat info;
	int n = 0;

	TRY(kc_daemon_start());
	TRY(kc_daemon_status(&status));
	socket = kc_dictionary_text(status, "socket");
	slash = socket ? strrchr(socket, '/') : NULL;
	REQUIRE(slash, KC_ERR_NOT_AVAILABLE, "the daemon does not tell where its socket is");
	n = snprintf(ret_path, PATH_SIZE, "%.*s/%s", (int)(slash - socket), socket, AGENT);
	REQUIRE(n > 0 && n < PATH_SIZE && stat(ret_path, &info) == 0 && S_ISSOCK(info.st_mode),
		KC_ERR_NOT_AVAILABLE, "the daemon has no agent for ssh");
	return KC_OK;
}

int main(int argc, char **argv)
{
	char agent[PATH_SIZE];

	(void)argc;
	if (signs(argv)) {
		if (find_agent(agent) == KC_OK)
			ignore(setenv("SSH_AUTH_SOCK", agent, 1) != 0);
		else
			(void)fprintf(stderr, "keycask: %s; asking the agent of SSH_AUTH_SOCK\n",
				      error_get()->message);
	}
	kc_daemon_disconnect();
	ignore(execvp(PROGRAM, argv));
	(void)fprintf(stderr, "keycask-git-ssh: " PROGRAM ": %s\n", strerror(errno));
	return EXIT_CANNOT_RUN;
}
