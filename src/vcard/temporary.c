/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making and removing the folder of a run. */
#include "vcard/temporary.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/try.h"

#define TEMPLATE "keycask-vcard-XXXXXX"

enum {
	OPEN_FOLDERS_MAX = 16,
};

enum kc_status temporary_make(char ret_path[TEMPORARY_PATH_MAX])
{
	const char *folder = secure_getenv("TMPDIR");
	char path[TEMPORARY_PATH_MAX];

	if (!folder || folder[0] != '/' ||
	    snprintf(path, sizeof(path), "%s/" TEMPLATE, folder) >= (int)sizeof(path))
		snprintf(path, sizeof(path), "/tmp/" TEMPLATE);
	REQUIRE(mkdtemp(path), KC_ERR_READ_ONLY, "cannot make a temporary folder like %s: %s", path,
		strerror(errno));
	memcpy(ret_path, path, sizeof(path));
	return KC_OK;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
	(void)info;
	(void)type;
	(void)walk;
	ignore(remove(path));
	return 0;
}

void temporary_remove(const char *path)
{
	if (path[0] != '\0')
		ignore(nftw(path, remove_entry, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS));
}
