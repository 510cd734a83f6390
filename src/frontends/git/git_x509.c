/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keycask-git-x509: git's gpg.x509.program. git calls it in two ways (gpg-interface.c), and others
 * that know gpg may use the long names:
 *
 *	keycask-git-x509 --status-fd=2 -bsau KEY	content → standard input, signature ← output
 *	keycask-git-x509 --status-fd=1 --verify FILE -	content → standard input
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <keycask/daemon.h>

#include "base/cleanup.h"
#include "frontends/git/git_sign.h"
#include "frontends/git/git_verify.h"

enum {
	EXIT_FAILED = 1, /* or the signature does not hold */
	EXIT_USAGE = 2,
	DESCRIPTOR_MAX = 65535,
	OPTION_STATUS_FD = 256,
	OPTION_VERIFY,
	OPTION_KEYID_FORMAT,
	OPTION_VERSION,
	OPTION_HELP,
};

struct arguments {
	const char *key;
	const char *signature; /* NULL: to sign */
	int status_fd;
	bool signs;
	bool is_done; /* what was asked for has been said */
};

static void print_help(void)
{
	(void)puts(
		"keycask-git-x509 --status-fd=N -bsau KEY\n"
		"keycask-git-x509 --status-fd=N --verify SIGNATURE -\n"
		"\n"
		"git's gpg.x509.program: signs commits and tags with an identity of the keychain,\n"
		"and verifies them. \"keycask git-setup --x509\" makes git use it. KEY is a "
		"label,\n"
		"the first digits of a hash, a keycask: URI, a persistent reference or an e-mail\n"
		"address.");
}

static const struct option long_options[] = {
	{"status-fd", required_argument, NULL, OPTION_STATUS_FD},
	{"detach-sign", no_argument, NULL, 'b'},
	{"sign", no_argument, NULL, 's'},
	{"armor", no_argument, NULL, 'a'},
	{"local-user", required_argument, NULL, 'u'},
	{"verify", no_argument, NULL, OPTION_VERIFY},
	{"keyid-format", required_argument, NULL, OPTION_KEYID_FORMAT},
	{"version", no_argument, NULL, OPTION_VERSION},
	{"help", no_argument, NULL, OPTION_HELP},
	{NULL, 0, NULL, 0},
};

/* A number of a descriptor that is open. */
static bool read_descriptor(const char *text, int *ret_fd)
{
	char *end = NULL;
	unsigned long number = strtoul(text, &end, 10);

	if (end == text || *end || number > DESCRIPTOR_MAX || fcntl((int)number, F_GETFD) < 0)
		return false;
	*ret_fd = (int)number;
	return true;
}

static bool take_option(int option, struct arguments *arguments, bool *verifies)
{
	switch (option) {
	case 'b':
	case 'a':
	case OPTION_KEYID_FORMAT: /* gpg's, which we are not */
		return true;
	case 's':
		arguments->signs = true;
		return true;
	case 'u':
		arguments->key = optarg;
		return true;
	case OPTION_VERIFY:
		*verifies = true;
		return true;
	case OPTION_STATUS_FD:
		return read_descriptor(optarg, &arguments->status_fd);
	case OPTION_VERSION:
		arguments->is_done = true;
		(void)printf("keycask-git-x509 (keycask) %s\n", kc_version());
		return true;
	case OPTION_HELP:
		arguments->is_done = true;
		print_help();
		return true;
	default:
		return false;
	}
}

/* --verify SIGNATURE -: the content is standard input's. */
static bool take_words(int n, char **words, bool verifies, struct arguments *arguments)
{
	if (!verifies)
		return arguments->signs && n == 0;
	if (arguments->signs || n < 1 || n > 2 || (n == 2 && strcmp(words[1], "-") != 0))
		return false;
	arguments->signature = words[0];
	return true;
}

static bool read_arguments(int argc, char **argv, struct arguments *arguments)
{
	bool verifies = false;
	int option = 0;

	*arguments = (struct arguments){.status_fd = -1};
	while ((option = getopt_long(argc, argv, "bsau:", long_options, NULL)) >= 0)
		if (!take_option(option, arguments, &verifies))
			return false;
	return arguments->is_done || take_words(argc - optind, argv + optind, verifies, arguments);
}

static int run(const struct arguments *arguments)
{
	bool is_good = false;

	if (arguments->is_done)
		return EXIT_SUCCESS;
	if (arguments->signature)
		is_good = git_verify(arguments->signature, arguments->status_fd);
	else
		is_good = git_sign(arguments->key, arguments->status_fd);
	return is_good ? EXIT_SUCCESS : EXIT_FAILED;
}

int main(int argc, char **argv)
{
	struct arguments arguments;

	if (read_arguments(argc, argv, &arguments))
		return run(&arguments);
	(void)fputs("keycask-git-x509: a wrong call; see keycask-git-x509 --help\n", stderr);
	return EXIT_USAGE;
}
