/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The newest damaged file beside the keychain is the one that is told of. */
#include "store/keychain_report.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/try.h"
#include "store/keychain_place.h"
#include "sys/file.h"
#include "sys/paths.h"

#define ASIDE  ".damaged-"
#define REPORT ".txt"

enum {
	TEXT_MAX = 512,
};

const char *keychain_report_aside(void)
{
	static char aside[32];
	time_t now = time(NULL);
	struct tm parts;

	if (!gmtime_r(&now, &parts) ||
	    strftime(aside, sizeof(aside), ASIDE "%Y%m%dT%H%M%SZ", &parts) == 0)
		return ASIDE "0";
	return aside;
}

static void compose(const char *kept, const struct keychain_salvage *salvage, char *ret_text,
		    size_t size)
{
	int len = 0;

	if (salvage->has_keys)
		len = snprintf(
			ret_text, size,
			"the keychain was damaged: %lld %s saved into a new one; the damaged file "
			"is kept as %s",
			(long long)salvage->n_items,
			salvage->n_items == 1 ? "item was" : "items were", kept);
	else
		len = snprintf(ret_text, size,
			       "the keychain was damaged and its keys could not be read, so that "
			       "nothing could be saved; a new one was begun, the damaged file is "
			       "kept as %s",
			       kept);
	ignore(len < 0);
}

void keychain_report_write(const char *kept, const struct keychain_salvage *salvage)
{
	char path[PATHS_MAX];
	char text[TEXT_MAX];

	if (!kept[0])
		return;
	compose(kept, salvage, text, sizeof(text) - 1);
	log_warning("%s", text);
	memcpy(text + strlen(text), "\n", sizeof("\n"));
	if (keychain_place_name(kept, REPORT, path, sizeof(path)) != KC_OK ||
	    file_replace(path, view_of_text(text)) != KC_OK)
		log_warning("%s", error_get()->message);
	error_clear();
}

/* --- reading -------------------------------------------------------------------------------------
 */

static void folder_close(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

static const char *name_in(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Names end with the time, so the newest is the greatest. */
static bool is_damaged(const char *name, const char *keychain)
{
	size_t len = strlen(keychain);

	return strncmp(name, keychain, len) == 0 &&
	       strncmp(name + len, ASIDE, sizeof(ASIDE) - 1) == 0 && !strstr(name, REPORT) &&
	       !strstr(name, "-wal") && !strstr(name, "-shm");
}

static void folder_find(DIR *folder, const char *keychain, char *ret_name, size_t size)
{
	for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
		if (is_damaged(entry->d_name, keychain) && strcmp(entry->d_name, ret_name) > 0)
			ignore(snprintf(ret_name, size, "%s", entry->d_name) < 0);
}

static bool find_newest(const char *path, char *ret_path, size_t size)
{
	CLEANUP(folder_close) DIR *folder = NULL;
	char newest[NAME_MAX + 1] = "";

	if (paths_parent(path, ret_path, size) != KC_OK)
		return false;
	folder = opendir(ret_path);
	if (folder)
		folder_find(folder, name_in(path), newest, sizeof(newest));
	return newest[0] && (size_t)snprintf(ret_path, size, "%.*s%s", (int)(name_in(path) - path),
					     path, newest) < size;
}

/* Without the newline at its end. */
static size_t line_length(struct kc_view text)
{
	return text.len > 0 && text.data[text.len - 1] == '\n' ? text.len - 1 : text.len;
}

void keychain_report_read(const char *path, char *ret_text, size_t size)
{
	CLEANUP(bytes_done) struct bytes text = BYTES_INIT(TEXT_MAX);
	char damaged[PATHS_MAX];
	char report[PATHS_MAX];

	ret_text[0] = '\0';
	if (!find_newest(path, damaged, sizeof(damaged)))
		return;
	error_clear();
	if (keychain_place_name(damaged, REPORT, report, sizeof(report)) == KC_OK &&
	    file_read_private(report, &text) == KC_OK && text.len > 0)
		ignore(snprintf(ret_text, size, "%.*s", (int)line_length(bytes_view(&text)),
				(const char *)text.data) < 0);
	else
		ignore(snprintf(ret_text, size,
				"the keychain was damaged once; the damaged file is kept as %s",
				damaged) < 0);
	error_clear();
}
