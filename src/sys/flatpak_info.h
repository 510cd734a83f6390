/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SYS_FLATPAK_INFO_H
#define SYS_FLATPAK_INFO_H

/* The file that Flatpak puts into the root of each sandbox, flatpak-metadata(5). Pure. */

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

/* The application's ID: [Application] name. False: there is not exactly one that is an ID. */
bool flatpak_info_find_application(struct kc_view text, char *ret_id, size_t size);

#endif
