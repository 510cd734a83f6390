/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads /proc; whatever cannot be read there is not ours to know. */
#include "sys/users.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/try.h"

enum {
	PATH_BYTES = 64,
	NAME_BYTES = 32, /* the kernel's names have 15 */
	LINE_BYTES = 1024,
	LINES_MAX = 20000, /* of a process's map */
	NAMED_MAX = 3,
};

static const char own_helpers[] = "keycask-"; /* their names begin so */

static FILE *open_file(const char *pid, const char *name)
{
	char path[PATH_BYTES];

	(void)snprintf(path, sizeof(path), "/proc/%.16s/%s", pid, name);
	return fopen(path, "re");
}

static bool is_ours(const char *pid)
{
	char path[PATH_BYTES];
	struct stat status;

	(void)snprintf(path, sizeof(path), "/proc/%.16s", pid);
	return stat(path, &status) == 0 && status.st_uid == geteuid();
}

static void read_name(const char *pid, char name[NAME_BYTES])
{
	FILE *file = open_file(pid, "comm");

	name[0] = '\0';
	if (!file)
		return;
	if (!fgets(name, NAME_BYTES, file))
		name[0] = '\0';
	name[strcspn(name, "\n")] = '\0';
	/* A process calls itself what it likes. */
	for (char *c = name; *c; c++) {
		if (!isprint((unsigned char)*c))
			*c = '?';
	}
	ignore(fclose(file));
}

static bool has_mapped(const char *pid, const char *library)
{
	FILE *file = open_file(pid, "maps");
	char line[LINE_BYTES];
	bool found = false;

	if (!file)
		return false;
	for (int i = 0; i < LINES_MAX && !found && fgets(line, sizeof(line), file); i++)
		found = strstr(line, library) != NULL;
	ignore(fclose(file));
	return found;
}

static void append_user(const char *pid, const char *name, unsigned n, char *ret_text, size_t size)
{
	size_t len = strlen(ret_text);

	(void)snprintf(ret_text + len, size - len, "%s%s (process %.16s)", n > 0 ? " or " : "",
		       name, pid);
}

static bool is_user(const char *pid, const char *library, char name[NAME_BYTES])
{
	if (!isdigit((unsigned char)pid[0]) || !is_ours(pid))
		return false;
	read_name(pid, name);
	return name[0] && strncmp(name, own_helpers, strlen(own_helpers)) != 0 &&
	       has_mapped(pid, library);
}

void users_of_library(const char *library, char *ret_text, size_t size)
{
	DIR *processes = opendir("/proc");
	char name[NAME_BYTES];
	unsigned n = 0;

	ret_text[0] = '\0';
	if (!processes)
		return;
	for (struct dirent *entry = readdir(processes); entry && n < NAMED_MAX;
	     entry = readdir(processes)) {
		if (is_user(entry->d_name, library, name))
			append_user(entry->d_name, name, n++, ret_text, size);
	}
	ignore(closedir(processes));
}
