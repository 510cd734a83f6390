/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_KEYCHAIN_SALVAGE_H
#define STORE_KEYCHAIN_SALVAGE_H

/*
 * Saving what can be read of a damaged keychain into a new one, PATH.next. The damaged file is not
 * touched: it is read from a copy. Rows are taken as they stand; one that is damaged in itself is
 * found out by its seal when it is used.
 */

#include "store/keychain_build.h"

struct keychain_salvage {
	int64_t n_items;
	bool has_keys; /* without them nothing opens the items, and none are taken */
};

/* @version: of the damaged file, or what it most likely is. Expected: KC_ERR_NOT_AVAILABLE */
KC_MUST_CHECK enum kc_status keychain_salvage(const struct keychain_build *build, int version,
					      struct keychain_salvage *ret_salvage);

#endif
