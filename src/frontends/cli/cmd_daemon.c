/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask daemon start, stop, status. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <keycask/daemon.h>
#include <keycask/keychain.h>

#include "base/cleanup.h"
#include "frontends/cli/options.h"
#include "frontends/cli/page.h"
#include "frontends/owned.h"

enum {
	EXIT_MS = 15 * 1000,
};

static enum kc_status parse(struct context *context, char **words, int n_words)
{
	TRY(options_parse(context, NULL, 0, words, &n_words));
	return options_no_words(context, words, n_words);
}

static void print_field(const char *name, const char *text)
{
	CLEANUP(freep) char *safe = page_safe(text);

	if (text)
		(void)printf("  %-12s %s\n", name, safe);
}

static void print_providers(const struct kc_value *providers)
{
	for (size_t i = 0; i < kc_value_count(providers); i++) {
		const struct kc_dictionary *provider =
			kc_value_dictionary(kc_value_at(providers, i));
		const char *name = kc_dictionary_text(provider, "name");
		const char *reason = kc_dictionary_text(provider, "reason");
		char line[512];

		(void)snprintf(line, sizeof(line), "%s%s%s", name ? name : "", reason ? ": " : "",
			       reason ? reason : "");
		print_field(i == 0 ? "slots" : "", line);
	}
}

static void print_pin_cache(const struct kc_dictionary *pin_cache)
{
	const char *policy = kc_dictionary_text(pin_cache, "policy");
	int64_t idle_s = kc_dictionary_number(pin_cache, "idle_s", 0);
	char line[128];

	if (!policy)
		return;
	if (idle_s == 0)
		(void)snprintf(line, sizeof(line), "%.40s: a PIN serves one operation", policy);
	else
		(void)snprintf(line, sizeof(line),
			       "%.40s: %" PRId64 " s without use, %" PRId64 " s in all", policy,
			       idle_s, kc_dictionary_number(pin_cache, "absolute_s", 0));
	print_field("pin cache", line);
}

/* "unlocked, no password", or why there is none. */
static void print_keychain(void)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *keychain = NULL;
	const char *state = NULL;
	const char *reason = NULL;
	char line[512];

	if (kc_keychain_state(&keychain) != KC_OK) {
		error_clear(); /* it has just ended */
		return;
	}
	state = kc_dictionary_text(keychain, KC_KEYCHAIN_STATE);
	reason = kc_dictionary_text(keychain, KC_KEYCHAIN_REASON);
	(void)snprintf(line, sizeof(line), "%s%s%s%s", state ? state : "",
		       state && strcmp(state, KC_KEYCHAIN_UNLOCKED) == 0 &&
				       !kc_dictionary_flag(keychain, KC_KEYCHAIN_HAS_PASSWORD, true)
			       ? ", no password"
			       : "",
		       reason ? ": " : "", reason ? reason : "");
	print_field("keychain", line);
}

static enum kc_status report(const struct context *context)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *status = NULL;
	const struct kc_value *confinement = NULL;

	TRY(kc_daemon_status(&status));
	if (context->json)
		return page_json_dictionary(status);
	(void)printf("keycaskd is running, process %" PRId64 ".\n",
		     kc_dictionary_number(status, "pid", 0));
	print_field("version", kc_dictionary_text(status, "version"));
	print_field("scope", kc_dictionary_text(status, "scope"));
	print_field("socket", kc_dictionary_text(status, "socket"));
	print_field("slot socket", kc_dictionary_text(status, "slot_socket"));
	print_field("ssh-agent", kc_dictionary_text(status, "ssh_agent_socket"));
	print_field("since", kc_dictionary_text(status, "started"));
	confinement = kc_dictionary_get(status, "confinement");
	for (size_t i = 0; i < kc_value_count(confinement); i++)
		print_field(i == 0 ? "confinement" : "",
			    kc_value_text(kc_value_at(confinement, i)));
	print_providers(kc_dictionary_get(status, "providers"));
	print_pin_cache(kc_value_dictionary(kc_dictionary_get(status, "pin_cache")));
	print_keychain();
	return page_finish();
}

static enum kc_status run_start(struct context *context, char **words, int n_words)
{
	TRY(parse(context, words, n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(kc_daemon_start());
	return report(context);
}

static enum kc_status run_status(struct context *context, char **words, int n_words)
{
	enum kc_status status = KC_OK;

	TRY(parse(context, words, n_words));
	if (context->wants_help)
		return KC_OK;
	status = report(context);
	if (status != KC_ERR_NOT_AVAILABLE)
		return status;
	error_set_hint("start it: keycask daemon start (or use any other command)");
	return fail(status, "keycaskd is not running");
}

/* It hangs up before it closes the keychain's file and takes away its sockets. */
static enum kc_status await_exit(int pidfd)
{
	struct pollfd ended = {.fd = pidfd, .events = POLLIN};

	REQUIRE(pidfd < 0 || poll(&ended, 1, EXIT_MS) > 0, KC_ERR_NOT_AVAILABLE,
		"keycaskd serves nobody any more, and does not end");
	return KC_OK;
}

static enum kc_status stop(int64_t pid)
{
	int pidfd = pid > 0 ? (int)syscall(SYS_pidfd_open, (pid_t)pid, 0) : -1;
	enum kc_status status = kc_daemon_stop();

	if (status == KC_OK)
		status = await_exit(pidfd);
	if (pidfd >= 0)
		ignore(close(pidfd));
	return status;
}

/* What is not running is as stopped as it can be. */
static enum kc_status run_stop(struct context *context, char **words, int n_words)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *running = NULL;
	bool was_running = false;

	TRY(parse(context, words, n_words));
	if (context->wants_help)
		return KC_OK;
	was_running = kc_daemon_status(&running) != KC_ERR_NOT_AVAILABLE;
	if (was_running)
		TRY(stop(kc_dictionary_number(running, "pid", 0)));
	if (context->json)
		return page_json_take(KC_DICTIONARY({"was_running", KC_FLAG(was_running)}));
	(void)puts(was_running ? "keycaskd has stopped." : "keycaskd was not running.");
	return page_finish();
}

const struct command cmd_daemon_start = {
	.name = "daemon start",
	.arguments = "",
	.summary = "start it now rather than on demand",
	.help = "Every other command starts the daemon by itself when none is running.\n",
	.run = run_start,
};

const struct command cmd_daemon_stop = {
	.name = "daemon stop",
	.arguments = "",
	.summary = "stop it; tokens leave the keychain",
	.help = "Returns when the daemon is gone. The next command starts a new one.\n",
	.run = run_stop,
};

const struct command cmd_daemon_status = {
	.name = "daemon status",
	.arguments = "",
	.summary = "is it running, and where",
	.help = "Does not start it. Exit status 1 when it is not running.\n",
	.run = run_status,
};
