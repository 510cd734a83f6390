/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask-ssh-agent: what the daemon starts, and what keycask ssh-agent leads to. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <keycask/daemon.h>

#include "base/log.h"
#include "base/try.h"
#include "frontends/ssh_agent/ssh_host.h"
#include "frontends/ssh_agent/ssh_restrict.h"
#include "frontends/ssh_agent/ssh_server.h"
#include "sys/child.h"

enum {
	EXIT_USAGE = 2,
	IDLE_S = 300,
};

static const char usage[] =
	"Usage: keycask ssh-agent [-a PATH] [COMMAND [ARGUMENT…]]\n"
	"       keycask ssh-agent list [--json]\n"
	"       keycask ssh-agent restrict KEY [--confirm] [--to [FROM>][USER@]HOST]…\n"
	"                                      [--lifetime TIME] [--hide]\n"
	"       keycask ssh-agent allow KEY\n"
	"\n"
	"Keys of your cards and of your keychain, for SSH. Without COMMAND, what a shell is to be\n"
	"told: eval \"$(keycask ssh-agent)\".\n"
	"\n"
	"  -a PATH          an agent of its own at PATH: while COMMAND runs, or in the background\n"
	"  list             the keys that are offered, best first, and their restrictions\n"
	"  restrict         what a key may be used for, from now on. KEY is a fingerprint or its\n"
	"                   beginning, or a part of the comment\n"
	"    --confirm      each use is to be allowed\n"
	"    --to           only to log in to that host, whose key is in known_hosts; again for "
	"more\n"
	"    --lifetime     only for that time from now: 90 (seconds), 30m, 8h, 2d\n"
	"    --hide         it is not offered\n"
	"  allow            no restrictions any more\n"
	"\n"
	"See keycask-ssh-agent(1).\n";

static _Noreturn void refuse_usage(const char *what)
{
	(void)fprintf(stderr, "keycask ssh-agent: %s\nTry: keycask ssh-agent --help\n", what);
	exit(EXIT_USAGE);
}

static enum kc_status run_restrict(int argc, char **argv)
{
	static const struct option known[] = {
		{"confirm", no_argument, NULL, 'c'},
		{"hide", no_argument, NULL, 'n'},
		{"lifetime", required_argument, NULL, 't'},
		{"to", required_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct ssh_restrict_wish wish = {.key = NULL};
	int c = 0;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 'c')
			wish.confirm = true;
		else if (c == 'n')
			wish.hide = true;
		else if (c == 't')
			wish.lifetime = optarg;
		else if (c == 'h' && wish.n_to < SSH_RESTRICT_TO_MAX)
			wish.to[wish.n_to++] = optarg;
		else
			refuse_usage("unknown option, missing value, or too many of --to");
	}
	if (argc - optind != 1)
		refuse_usage("restrict takes one KEY");
	wish.key = argv[optind];
	return ssh_restrict_set(&wish);
}

static enum kc_status run_list(int argc, char **argv)
{
	bool json = argc == 2 && strcmp(argv[1], "--json") == 0;

	if (argc > 1 && !json)
		refuse_usage("list takes nothing but --json");
	return ssh_restrict_list(json);
}

/* --inherited SOCKET FOLDER: started by the daemon, with the agent's socket as its one descriptor;
 * the daemon's own socket, and the folder of settings. */
static enum kc_status run_inherited(int argc, char **argv)
{
	struct ssh_server_options options = {.listener = CHILD_FIRST_DESCRIPTOR, .idle_s = IDLE_S};
	const char *idle = secure_getenv("KEYCASK_SSH_AGENT_IDLE_S");

	if (argc != 4)
		refuse_usage("this is for keycaskd to say");
	REQUIRE(setenv("KEYCASK_SOCKET", argv[2], 1) == 0 &&
			setenv("KEYCASK_CONFIG_DIR", argv[3], 1) == 0,
		KC_ERR_ALLOCATE, "out of memory");
	if (idle && *idle)
		options.idle_s = (unsigned)strtoul(idle, NULL, 10);
	TRY(child_die_with_parent());
	return ssh_server_run(&options);
}

static enum kc_status run_agent(int argc, char **argv, int *ret_exit_status)
{
	const char *path = NULL;
	int c = 0;

	while ((c = getopt(argc, argv, "+a:")) != -1) {
		if (c != 'a')
			refuse_usage("unknown option or missing value");
		path = optarg;
	}
	argv += optind;
	return path ? ssh_host_run(path, *argv ? argv : NULL, ret_exit_status)
		    : ssh_host_show(*argv ? argv : NULL);
}

static enum kc_status run(int argc, char **argv, int *ret_exit_status)
{
	const char *verb = argc > 1 ? argv[1] : "";

	opterr = 0;
	if (strcmp(verb, "--inherited") == 0)
		return run_inherited(argc, argv);
	if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0) {
		(void)fputs(usage, stdout);
		return KC_OK;
	}
	if (strcmp(verb, "list") == 0)
		return run_list(argc - 1, argv + 1);
	if (strcmp(verb, "restrict") == 0)
		return run_restrict(argc - 1, argv + 1);
	if (strcmp(verb, "allow") != 0)
		return run_agent(argc, argv, ret_exit_status);
	if (argc != 3)
		refuse_usage("allow takes one KEY");
	return ssh_restrict_clear(argv[2]);
}

int main(int argc, char **argv)
{
	const char *level = secure_getenv("KEYCASK_LOG_LEVEL");
	struct rlimit none = {0, 0};
	int exit_status = EXIT_SUCCESS;
	enum kc_status status = KC_OK;

	log_setup("keycask-ssh-agent", log_level_from_name(level ? level : "", LOG_LEVEL_WARNING));
	ignore(setrlimit(RLIMIT_CORE, &none));
	status = run(argc, argv, &exit_status);
	if (status != KC_OK) {
		const struct error_record *record = error_get();

		(void)fprintf(stderr, "keycask ssh-agent: %s\n", record->message);
		if (record->hint[0])
			(void)fprintf(stderr, "  → %s\n", record->hint);
		exit_status = EXIT_FAILURE;
	}
	if (fflush(stdout) != 0)
		exit_status = EXIT_FAILURE;
	_exit(exit_status); /* a thread may still wait for somebody's PIN */
}
