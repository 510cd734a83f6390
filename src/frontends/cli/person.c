/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the environment says of the person; the library finds the same for the daemon's prompts. */
#include "frontends/cli/person.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool is_set(const char *variable)
{
	const char *value = secure_getenv(variable);

	return value && *value;
}

bool person_has_display(void)
{
	return is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
}

static bool has_terminal(void)
{
	return isatty(STDIN_FILENO) || isatty(STDOUT_FILENO) || isatty(STDERR_FILENO) ||
	       is_set("GPG_TTY");
}

void person_announce_keypad(const struct kc_options *options)
{
	if (options->interaction == KC_INTERACTION_ALLOW && !options->pin.data && !has_terminal() &&
	    !person_has_display())
		(void)fputs("keycask: if the reader has a keypad, enter the PIN there\n", stderr);
}
