/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_MANIFEST_FILE_H
#define TOKENS_MANIFEST_FILE_H

/*
 * A manifest in its file: who may have written it, and the program it names. A driver sees PINs,
 * so nobody but root and the user may put one in place.
 */

#include "tokens/manifest.h"

/* Read it, and look at its program. *ret_manifest is NULL when @problems say that it has no sense.
 * Expected: KC_ERR_ITEM_NOT_FOUND, KC_ERR_NOT_AVAILABLE  it cannot be read */
KC_MUST_CHECK enum kc_status manifest_file_read(const char *path, bool is_personal,
						struct manifest_problems *problems,
						struct manifest **ret_manifest);

#endif
