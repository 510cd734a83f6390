/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keycask-drivertool: what an author of drivers needs, behind keycask driver validate, new and
 * test. It needs no daemon.
 */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "drivertool/tool.h"

static const char help[] =
	"Usage: keycask-drivertool validate|new|test …\n"
	"For authors of drivers; keycask driver runs it. See: keycask help driver\n";

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"validate", validate_run},
	{"new", skeleton_run},
	{"test", trial_run},
};

int main(int argc, char **argv)
{
	log_setup("keycask-drivertool", LOG_LEVEL_WARNING);
	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return fputs(help, stdout) >= 0 ? TOOL_DONE : TOOL_FAILED;
	for (size_t i = 0; argc > 1 && i < ARRAY_LEN(commands); i++) {
		if (strcmp(commands[i].name, argv[1]) != 0)
			continue;
		tool_begin(commands[i].name);
		return commands[i].run(argc - 1, argv + 1);
	}
	(void)fputs(help, stderr);
	return TOOL_WRONG_CALL;
}
