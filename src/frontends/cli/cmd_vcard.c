/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask vcard: hand over to keycask-vcard, which stands beside this program. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "frontends/cli/cli.h"

enum {
	PATH_SIZE = 1024,
};

static enum kc_status put_program(char *ret_path, size_t size)
{
	char self[PATH_SIZE];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash = NULL;
	int n = 0;

	REQUIRE(len > 0, KC_ERR_NOT_AVAILABLE, "/proc/self/exe: %s", strerror(errno));
	self[len] = '\0';
	slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	n = snprintf(ret_path, size, "%s/keycask-vcard", self);
	REQUIRE(n > 0 && (size_t)n < size, KC_ERR_NOT_AVAILABLE, "the path is too long");
	return KC_OK;
}

static enum kc_status run(struct context *context, char **words, int n_words)
{
	CLEANUP(freep) char **arguments = calloc((size_t)n_words + 2, sizeof(char *));
	char program[PATH_SIZE];

	(void)context;
	REQUIRE(arguments, KC_ERR_ALLOCATE, "out of memory");
	TRY(put_program(program, sizeof(program)));
	arguments[0] = program;
	memcpy(arguments + 1, words, (size_t)n_words * sizeof(char *));
	ignore(execv(program, arguments));
	error_set_hint("install the package that has the software card: keycask-vcard");
	return fail(KC_ERR_NOT_AVAILABLE, "%s: %s", program, strerror(errno));
}

const struct command cmd_vcard = {
	.name = "vcard",
	.arguments = "new|start|run …",
	.summary = "a card in software, for tests and CI",
	.help = "See: keycask vcard --help\n",
	.run = run,
};
