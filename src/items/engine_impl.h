/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_ENGINE_IMPL_H
#define ITEMS_ENGINE_IMPL_H

/* What all parts of the engine work on. */

#include "base/error.h"
#include "items/engine.h"
#include "items/unreadable_impl.h"
#include "store/database.h"
#include "store/keychain_file.h"
#include "store/seal.h"

struct kept;

struct engine {
	struct database *database;
	struct seal_hasher *hasher;
	struct keychain_file *file;	/* NULL: not attached */
	struct keybag *keybag;		/* NULL: not attached */
	struct error_record file_error; /* why not; status KC_OK: nobody wanted a file */
	struct unreadable *unreadable;	/* what reading has met */
	struct kept *kept;		/* keys that are used often */
};

static inline bool engine_has_file(const struct engine *engine)
{
	return engine->keybag != NULL;
}

/* KC_OK when the file can be read (@is_write: and written), else why not. */
KC_MUST_CHECK enum kc_status engine_need_file(const struct engine *engine, bool is_write);

#endif
