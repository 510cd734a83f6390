/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Commands that are programs of their own, beside this one: keycask vcard, and keycask driver
 * validate, new and test. They see what a front end must not: the rooms below.
 */
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

static enum kc_status put_program(const char *name, char *ret_path, size_t size)
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
	n = snprintf(ret_path, size, "%s/%s", self, name);
	REQUIRE(n > 0 && (size_t)n < size, KC_ERR_NOT_AVAILABLE, "the path is too long");
	return KC_OK;
}

/* @verb (may be NULL) comes before @words. */
static enum kc_status hand_over(const char *name, char *verb, char **words, int n_words)
{
	CLEANUP(freep) char **arguments = calloc((size_t)n_words + 3, sizeof(char *));
	char program[PATH_SIZE];
	size_t n = 0;

	REQUIRE(arguments, KC_ERR_ALLOCATE, "out of memory");
	TRY(put_program(name, program, sizeof(program)));
	arguments[n++] = program;
	if (verb)
		arguments[n++] = verb;
	memcpy(arguments + n, words, (size_t)n_words * sizeof(char *));
	ignore(execv(program, arguments));
	error_set_hint("install the package that has it: %s", name);
	return fail(KC_ERR_NOT_AVAILABLE, "%s: %s", program, strerror(errno));
}

static enum kc_status run_vcard(struct context *context, char **words, int n_words)
{
	(void)context;
	return hand_over("keycask-vcard", NULL, words, n_words);
}

const struct command cmd_vcard = {
	.name = "vcard",
	.arguments = "new|start|run …",
	.summary = "a card in software, for tests and CI",
	.help = "See: keycask vcard --help\n",
	.run = run_vcard,
};

/* --help is answered here, so that it looks like that of every other command. */
static enum kc_status run_drivertool(struct context *context, char *verb, char **words, int n_words)
{
	for (int i = 0; i < n_words && strcmp(words[i], "--") != 0; i++)
		if (strcmp(words[i], "--help") == 0 || strcmp(words[i], "-h") == 0)
			context->wants_help = true;
	if (context->wants_help)
		return KC_OK;
	return hand_over("keycask-drivertool", verb, words, n_words);
}

static enum kc_status run_validate(struct context *context, char **words, int n_words)
{
	static char verb[] = "validate";

	return run_drivertool(context, verb, words, n_words);
}

static enum kc_status run_new(struct context *context, char **words, int n_words)
{
	static char verb[] = "new";

	return run_drivertool(context, verb, words, n_words);
}

static enum kc_status run_test(struct context *context, char **words, int n_words)
{
	static char verb[] = "test";

	return run_drivertool(context, verb, words, n_words);
}

const struct command cmd_driver_validate = {
	.name = "driver validate",
	.arguments = "MANIFEST",
	.summary = "what is wrong with a driver's manifest",
	.help = "Names each mistake and what to write instead; looks at the program too, at\n"
		"owners and modes, and at the drivers that are installed. Exit status 1 when it\n"
		"cannot be used.\n",
	.run = run_validate,
};

const struct command cmd_driver_new = {
	.name = "driver new",
	.arguments = "NAME",
	.summary = "begin a driver: a folder that builds",
	.help = "NAME is in lower case and becomes a folder here, with a driver for a made-up\n"
		"card, its manifest, a recorded conversation, a Makefile and a README. It builds\n"
		"and passes its test as it is.\n",
	.run = run_new,
};

const struct command cmd_driver_test = {
	.name = "driver test",
	.arguments = "DRIVER [--replay FILE]… [--hostile] [--fuzz SECONDS] [--seed N] "
		     "[--deadline MILLISECONDS]",
	.summary = "run a driver against recorded and hostile cards",
	.help = "DRIVER is a program, a manifest, or a class ID of 'keycask driver list'.\n"
		"--replay plays a recorded conversation: what the driver publishes is shown, and\n"
		"what it asked that was not recorded. --hostile spoils each answer in turn, in\n"
		"every way; --fuzz changes answers at random for so long, the same way for the\n"
		"same --seed. --deadline is what one call may take (5000).\n"
		"Reported are crashes, hangs, answers that are none, too many APDUs, PINs where\n"
		"none belong, and keys used without a PIN. Exit status 1 when there are any.\n",
	.run = run_test,
};
