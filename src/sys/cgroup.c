/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lines are "number:controllers:path". systemd's own tree is the unified one ("0::/…"), or on older
 * arrangements the one that is named after it.
 */
#include "sys/cgroup.h"

#include <ctype.h>
#include <string.h>

enum {
	PATH_MAX_BYTES = 1024,
	NAME_BYTES = 256,
};

static const char unified[] = "0::";
static const char named[] = ":name=systemd:";
static const char snap_prefix[] = "snap.";
static const char manager_prefix[] = "user@";

/* The path of the line that holds @mark at its beginning, or after its number. */
static bool find_line(const char *text, const char *mark, char *ret_path)
{
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		const char *found = strstr(line, mark);
		size_t number = strspn(line, "0123456789");

		if (found && (found == line || found == line + number)) {
			found += strlen(mark);
			len -= (size_t)(found - line);
			memcpy(ret_path, found, len);
			ret_path[len] = '\0';
			return true;
		}
		line += len;
		line += *line == '\n';
	}
	return false;
}

/* A process that systemd does not know of in the unified tree may be in the other one. */
static bool find_path(struct kc_view content, char *ret_path)
{
	char text[PATH_MAX_BYTES];

	if (content.len >= sizeof(text) || memchr(content.data, '\0', content.len))
		return false;
	memcpy(text, content.data, content.len);
	text[content.len] = '\0';
	if (find_line(text, unified, ret_path) && strcmp(ret_path, "/") != 0)
		return true;
	return find_line(text, named, ret_path);
}

/* The next folder of *@path, which moves on; systemd escapes names that mean something to the
 * kernel with an underscore in front. */
static bool next_name(const char **path, char ret_name[NAME_BYTES])
{
	size_t len = 0;

	*path += strspn(*path, "/");
	len = strcspn(*path, "/");
	if (len == 0 || len >= NAME_BYTES)
		return false;
	memcpy(ret_name, *path, len);
	ret_name[len] = '\0';
	*path += len;
	if (ret_name[0] == '_')
		memmove(ret_name, ret_name + 1, len);
	return true;
}

static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name);
	size_t end_len = strlen(end);

	return len > end_len && strcmp(name + len - end_len, end) == 0;
}

/* Slices hold units, and are none that runs anything. */
static bool next_unit(const char **path, char ret_name[NAME_BYTES])
{
	while (next_name(path, ret_name)) {
		if (!ends_with(ret_name, ".slice"))
			return ends_with(ret_name, ".service") || ends_with(ret_name, ".scope");
	}
	return false;
}

static bool put(const char *name, char *ret_text, size_t size)
{
	size_t len = strlen(name);

	if (len >= size)
		return false;
	memcpy(ret_text, name, len + 1);
	return true;
}

bool cgroup_find_unit(struct kc_view text, char *ret_unit, size_t size)
{
	char path[PATH_MAX_BYTES];
	char name[NAME_BYTES];
	const char *rest = path;

	if (!find_path(text, path) || !next_unit(&rest, name))
		return false;
	if (strncmp(name, manager_prefix, strlen(manager_prefix)) == 0 &&
	    ends_with(name, ".service") && !next_unit(&rest, name))
		return false; /* the manager itself */
	return put(name, ret_unit, size);
}

bool cgroup_snap_of(const char *name, char *ret_snap, size_t size)
{
	const char *snap = name + strlen(snap_prefix);
	size_t len = 0;

	if (strncmp(name, snap_prefix, strlen(snap_prefix)) != 0)
		return false;
	while (isalnum((unsigned char)snap[len]) || snap[len] == '-' || snap[len] == '_')
		len++;
	if (len == 0 || snap[len] != '.' || len >= size)
		return false;
	memcpy(ret_snap, snap, len);
	ret_snap[len] = '\0';
	return true;
}

bool cgroup_find_snap(struct kc_view text, char *ret_snap, size_t size)
{
	char path[PATH_MAX_BYTES];
	char name[NAME_BYTES];
	const char *rest = path;

	if (!find_path(text, path))
		return false;
	while (next_name(&rest, name)) {
		if ((ends_with(name, ".scope") || ends_with(name, ".service")) &&
		    cgroup_snap_of(name, ret_snap, size))
			return true;
	}
	return false;
}
