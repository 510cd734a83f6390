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
#include <unistd.h>

#include <keycask/daemon.h>
#include <keycask/error.h>

#include "base/cleanup.h"
#include "base/try.h"
#include "frontends/agent_place.h"

#define PROGRAM "ssh-keygen"

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

/* Ours, or the library's. */
static const char *why(void)
{
	const struct error_record *own = error_get();

	return own->status != KC_OK ? own->message : kc_error_message(kc_error_last());
}

int main(int argc, char **argv)
{
	char agent[PATH_SIZE];

	(void)argc;
	if (signs(argv)) {
		if (agent_place_find(agent, sizeof(agent)) == KC_OK)
			ignore(setenv("SSH_AUTH_SOCK", agent, 1) != 0);
		else
			(void)fprintf(stderr, "keycask: %s; asking the agent of SSH_AUTH_SOCK\n",
				      why());
	}
	kc_daemon_disconnect();
	ignore(execvp(PROGRAM, argv));
	(void)fprintf(stderr, "keycask-git-ssh: " PROGRAM ": %s\n", strerror(errno));
	return EXIT_CANNOT_RUN;
}
