/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask ssh-agent: a program of its own, where programs stand that are not called by hand. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "frontends/cli/cli.h"

static enum kc_status run_ssh_agent(struct context *context, char **words, int n_words)
{
	CLEANUP(freep) char **arguments = NULL;
	CLEANUP(freep) char *program = NULL;
	const char *folder = secure_getenv("KEYCASK_LIBEXEC_DIR");

	if (n_words > 0 && (strcmp(words[0], "--help") == 0 || strcmp(words[0], "-h") == 0)) {
		context->wants_help = true;
		return KC_OK;
	}
	arguments = calloc((size_t)n_words + 2, sizeof(char *));
	REQUIRE(arguments && asprintf(&program, "%s/keycask-ssh-agent",
				      folder && *folder ? folder : KEYCASK_LIBEXECDIR) > 0,
		KC_ERR_ALLOCATE, "out of memory");
	arguments[0] = program;
	memcpy(arguments + 1, words, (size_t)n_words * sizeof(char *));
	ignore(execv(program, arguments));
	return fail(KC_ERR_NOT_AVAILABLE, "%s: %s", program, strerror(errno));
}

const struct command cmd_ssh_agent = {
	.name = "ssh-agent",
	.arguments = "[-a PATH] [COMMAND…] | list | restrict KEY … | allow KEY",
	.summary = "keys of your cards and keychain for SSH",
	.help = "eval \"$(keycask ssh-agent)\" has ssh use them; keycask setup ssh does so for "
		"good.\n"
		"-a PATH is an agent of its own, while COMMAND runs or in the background.\n"
		"list shows the keys that are offered; restrict KEY says what one may be used "
		"for:\n"
		"--confirm (each use is to be allowed), --to [FROM>][USER@]HOST (only to log in\n"
		"there; repeat it for more), --lifetime 8h, --hide (it is not offered); allow KEY\n"
		"takes that back. See keycask-ssh-agent(1).\n",
	.run = run_ssh_agent,
};
