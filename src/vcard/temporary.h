/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_TEMPORARY_H
#define VCARD_TEMPORARY_H

/* A folder of mode 0700 for the life of one run. */

#include <keycask/status.h>

enum {
	TEMPORARY_PATH_MAX = 80, /* sockets stand in it: sockaddr_un is short */
};

/* Below $TMPDIR, or /tmp when there is none or it is too long. */
KC_MUST_CHECK enum kc_status temporary_make(char ret_path[TEMPORARY_PATH_MAX]);

/* Remove it with all that is in it. "" is fine. */
void temporary_remove(const char *path);

#endif
