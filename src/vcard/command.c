/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the commands of keycask-vcard share: their words on standard error, and being stopped. */
#include "vcard/command.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/signalfd.h>

#include "base/try.h"

int command_wrong_call(const char *format, ...)
{
	va_list args;

	fputs("keycask-vcard: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("\nTry 'keycask-vcard --help'.\n", stderr);
	return COMMAND_WRONG_CALL;
}

int command_failed(void)
{
	const struct error_record *record = error_get();

	fprintf(stderr, "keycask-vcard: %s\n", record->message);
	if (record->hint[0] != '\0')
		fprintf(stderr, "%s\n", record->hint);
	return COMMAND_FAILED;
}

int command_exit_for(enum kc_status status)
{
	if (status == KC_OK)
		return COMMAND_DONE;
	if (status == KC_ERR_PARAM)
		return command_wrong_call("%s", error_get()->message);
	return command_failed();
}

static int catch_signals(const sigset_t *signals)
{
	if (sigprocmask(SIG_BLOCK, signals, NULL) != 0)
		return -1;
	return signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

int command_catch_stop(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	return catch_signals(&signals);
}

int command_catch_touch(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	return catch_signals(&signals);
}
