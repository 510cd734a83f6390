/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keycaskd: options, the process's own hardening, the event loop. What it is made of is in
 * wiring.c.
 */
#include <errno.h>
#include <getopt.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/try.h"
#include "daemon/detach.h"
#include "daemon/readiness.h"
#include "daemon/shutdown.h"
#include "daemon/wiring.h"
#include "sys/socket.h"
#include "wire/client.h"

enum {
	EXIT_USAGE = 2,
	PATIENCE_TRIES = 250, /* for another daemon that is just starting, or ending: shutdown.c */
	PATIENCE_NSEC = 20 * 1000 * 1000,
};

struct options {
	bool detach;
	enum log_level log_level;
	const char *providers; /* NULL: as configured */
};

static const char usage[] =
	"Usage: keycaskd [--user] [--foreground | --detach] [--log-level LEVEL]\n"
	"\n"
	"The keycask daemon of one user: slots, tokens and their items.\n"
	"\n"
	"  --user              serve the calling user (the default and only scope)\n"
	"  --foreground        stay in the foreground (the default)\n"
	"  --detach            return when the cards that are in have been read\n"
	"  --log-level LEVEL   error, warning (the default), info or debug\n"
	"  --providers LIST    embedded, pcsc or both, instead of those in the settings\n"
	"  --version, --help\n"
	"\n"
	"See keycaskd(8).\n";

static _Noreturn void refuse_usage(const char *what)
{
	fprintf(stderr, "keycaskd: %s\nTry: keycaskd --help\n", what);
	exit(EXIT_USAGE);
}

static struct options read_options(int argc, char **argv)
{
	static const struct option known[] = {
		{"user", no_argument, NULL, 'u'},
		{"foreground", no_argument, NULL, 'f'},
		{"detach", no_argument, NULL, 'd'},
		{"log-level", required_argument, NULL, 'l'},
		{"providers", required_argument, NULL, 'p'},
		{"version", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct options options = {.log_level = LOG_LEVEL_WARNING};
	int c = 0;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'u':
			break;
		case 'f':
			options.detach = false;
			break;
		case 'd':
			options.detach = true;
			break;
		case 'l':
			options.log_level = log_level_from_name(optarg, (enum log_level)(-1));
			if ((int)options.log_level == -1)
				refuse_usage("the log level is error, warning, info or debug");
			break;
		case 'p':
			options.providers = optarg;
			break;
		case 'v':
			puts("keycaskd " KEYCASK_VERSION);
			exit(EXIT_SUCCESS);
		case 'h':
			fputs(usage, stdout);
			exit(EXIT_SUCCESS);
		default:
			refuse_usage("unknown option or missing value");
		}
	}
	if (optind < argc)
		refuse_usage("there are no arguments");
	return options;
}

/* openssl.cnf may activate providers and engines: code of others, and keycask's own, which would
 * call this very daemon and wait for it. */
static enum kc_status avoid_foreign_providers(void)
{
	REQUIRE(OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) == 1, KC_ERR_INTERNAL,
		"OpenSSL does not start");
	return KC_OK;
}

/* No core with PINs in it, no ptrace by other programs of the user, no file open to others. */
static void harden(void)
{
	struct rlimit none = {0, 0};

	ignore(setrlimit(RLIMIT_CORE, &none));
	ignore(prctl(PR_SET_DUMPABLE, 0));
	ignore(umask(077) == 0);
	/* For what is loaded into it and its children: docs/man/keycaskd.8.scd. */
	ignore(setenv("KEYCASK_WITHIN", "1", 1) != 0);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	(void)source;
	log_info("signal %u: stopping", info->ssi_signo);
	shutdown_begin(userdata);
	return 0;
}

static enum kc_status watch_signals(struct daemon *daemon)
{
	struct sigaction ignored = {.sa_handler = SIG_IGN};
	sigset_t stops;

	ignore(sigaction(SIGPIPE, &ignored, NULL)); /* a pinentry that dies while we write */
	ignore(sigaction(SIGXFSZ, &ignored, NULL)); /* a limit of file size is a full disk */
	ignore(sigemptyset(&stops));
	ignore(sigaddset(&stops, SIGTERM));
	ignore(sigaddset(&stops, SIGINT));
	REQUIRE(sigprocmask(SIG_BLOCK, &stops, NULL) == 0 &&
			sd_event_add_signal(daemon->event, NULL, SIGTERM, on_signal, daemon) >= 0 &&
			sd_event_add_signal(daemon->event, NULL, SIGINT, on_signal, daemon) >= 0,
		KC_ERR_INTERNAL, "cannot watch signals");
	return KC_OK;
}

static void note_start(struct daemon *daemon)
{
	time_t now = time(NULL);
	struct tm utc;

	if (gmtime_r(&now, &utc))
		ignore(strftime(daemon->started, sizeof(daemon->started), "%Y-%m-%dT%H:%M:%SZ",
				&utc) == 0);
}

static enum kc_status take_one(int fd, int *ret_listener)
{
	REQUIRE(*ret_listener < 0 && sd_is_socket_unix(fd, SOCK_STREAM, 1, NULL, 0) > 0,
		KC_ERR_PARAM,
		"systemd passed what is not one listening UNIX socket for clients, and one "
		"for the ssh-agent");
	TRY(socket_set_nonblocking(fd, true));
	*ret_listener = fd;
	return KC_OK;
}

static void free_names(char ***names)
{
	for (char **name = *names; name && *name; name++)
		free(*name);
	free(*names);
}

/* That of the ssh-agent has a name (FileDescriptorName=ssh-agent), any other one is the clients'.
 * Those that systemd has not passed stay -1. */
static enum kc_status take_listeners(struct wiring_listeners *listeners)
{
	CLEANUP(free_names) char **names = NULL;
	int n = sd_listen_fds_with_names(1, &names);

	for (int i = 0; i < n; i++)
		TRY(take_one(SD_LISTEN_FDS_START + i, strcmp(names[i], "ssh-agent") == 0
							      ? &listeners->agent
							      : &listeners->client));
	return KC_OK;
}

static bool is_served_by_another(const struct daemon *daemon)
{
	CLEANUP(wire_client_freep) struct wire_client *client = NULL;

	return wire_client_connect(daemon->socket, &client) == KC_OK;
}

/* Who has the place but does not listen is just starting, or just ending: wait for either. */
static enum kc_status take_place(struct daemon *daemon, bool *ret_is_served)
{
	struct timespec pause = {.tv_nsec = PATIENCE_NSEC};
	enum kc_status status = wiring_take_place(daemon);

	for (int i = 0; i < PATIENCE_TRIES && status == KC_ERR_DUPLICATE_ITEM; i++) {
		*ret_is_served = is_served_by_another(daemon); /* the record keeps its cause */
		if (*ret_is_served)
			return status;
		ignore(nanosleep(&pause, NULL));
		error_clear();
		status = wiring_take_place(daemon);
	}
	return status;
}

static enum kc_status serve(struct daemon *daemon, const struct options *options,
			    bool *ret_is_served)
{
	struct wiring_listeners listeners = {-1, -1};

	TRY(avoid_foreign_providers());
	TRY(config_load(&daemon->config));
	if (options->providers)
		TRY(config_choose_providers(options->providers, &daemon->config));
	TRY(take_listeners(&listeners));
	TRY(take_place(daemon, ret_is_served));
	REQUIRE(sd_event_default(&daemon->event) >= 0, KC_ERR_INTERNAL, "no event loop");
	TRY(watch_signals(daemon));
	TRY(wiring_connect(daemon, listeners));
	note_start(daemon);
	detach_leave_streams(daemon->starter);
	log_info("serving %s", daemon->socket);
	readiness_await(daemon);
	REQUIRE(sd_event_loop(daemon->event) >= 0, KC_ERR_INTERNAL, "the event loop failed");
	return KC_OK;
}

/* A daemon that another one has made superfluous is as good for whoever wanted one. */
static int report(enum kc_status status, bool is_superfluous)
{
	const struct error_record *record = error_get();

	if (status == KC_OK || (status == KC_ERR_DUPLICATE_ITEM && is_superfluous))
		return EXIT_SUCCESS;
	fprintf(stderr, "keycaskd: %s\n", record->message);
	if (record->hint[0])
		fprintf(stderr, "  → %s\n", record->hint);
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct options options = read_options(argc, argv);
	static struct daemon daemon = {.lock = -1, .starter = -1}; /* large, for its paths */
	enum kc_status status = KC_OK;
	bool is_served = false;
	int exit_status = 0;

	log_setup("keycaskd", options.log_level);
	harden();
	broadcast_init(&daemon.token_watchers);
	broadcast_init(&daemon.slot_watchers);
	list_init(&daemon.batches);
	if (options.detach)
		status = detach_begin(&daemon.starter);
	if (status == KC_OK)
		status = serve(&daemon, &options, &is_served);
	exit_status = report(status, options.detach && is_served);
	wiring_disconnect(&daemon);
	sd_event_unref(daemon.event);
	detach_report(&daemon.starter, exit_status);
	return exit_status;
}
