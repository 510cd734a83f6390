/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_HELP_H
#define CLI_HELP_H

/* Pages for people: the welcome, the overview of commands, and the help of one. */

#include "frontends/cli/cli.h"

/* "keycask" alone: what there is now, and what to do next. */
void help_welcome(bool has_color);

/* The commands, or those that begin with the word @group. */
void help_overview(const struct command *const *commands, size_t n_commands, const char *group,
		   bool has_color);

void help_command(const struct command *command, bool has_color);

#endif
