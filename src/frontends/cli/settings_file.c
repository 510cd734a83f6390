/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads files of settings that are other programs': of p11-kit, of GnuPG, of Java. Never writes.
 */
#include "frontends/cli/settings_file.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/try.h"

/* @line without comment, line end, and blanks around it. */
static char *trimmed(char *line)
{
	size_t len = 0;

	line[strcspn(line, "#\r\n")] = '\0';
	while (isspace((unsigned char)*line))
		line++;
	len = strlen(line);
	while (len > 0 && isspace((unsigned char)line[len - 1]))
		line[--len] = '\0';
	return line;
}

/* What stands behind NAME, ':' or '='; NULL when it is another one. */
static const char *value_of(const char *line, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(line, name, len) != 0)
		return NULL;
	line += len;
	while (*line == ' ' || *line == '\t')
		line++;
	if (*line != ':' && *line != '=')
		return NULL;
	line++;
	while (*line == ' ' || *line == '\t')
		line++;
	return line;
}

bool settings_file_get(const char *path, const char *name, char *ret_value, size_t size)
{
	FILE *file = fopen(path, "re");
	bool is_found = false;
	char *line = NULL;
	size_t line_size = 0;

	while (file && getline(&line, &line_size, file) > 0) {
		const char *value = value_of(trimmed(line), name);

		if (!value)
			continue;
		(void)snprintf(ret_value, size, "%s", value);
		is_found = true;
	}
	free(line);
	if (file)
		ignore(fclose(file));
	return is_found;
}

bool settings_file_has(const char *path, const char *wanted)
{
	FILE *file = fopen(path, "re");
	bool is_found = false;
	char *line = NULL;
	size_t size = 0;

	while (file && !is_found && getline(&line, &size, file) > 0)
		is_found = strcmp(trimmed(line), wanted) == 0;
	free(line);
	if (file)
		ignore(fclose(file));
	return is_found;
}
