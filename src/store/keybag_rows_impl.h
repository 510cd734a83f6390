/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_KEYBAG_ROWS_IMPL_H
#define STORE_KEYBAG_ROWS_IMPL_H

/* What a keybag reads and writes in the attached file. */

#include "store/database.h"

KC_MUST_CHECK enum kc_status keybag_rows_put_setting(struct database *database, const char *name,
						     struct kc_view value);
KC_MUST_CHECK enum kc_status keybag_rows_delete_setting(struct database *database,
							const char *name);

/*
 * Append the value, or nothing when there is none.
 * Expected: KC_ERR_DECODE  it is longer than @value may become: nobody wrote that
 */
KC_MUST_CHECK enum kc_status keybag_rows_get_setting(struct database *database, const char *name,
						     struct bytes *value);

KC_MUST_CHECK enum kc_status keybag_rows_put_wrapped(struct database *database, int protection,
						     struct kc_view wrapped);
/* As keybag_rows_get_setting(). */
KC_MUST_CHECK enum kc_status keybag_rows_get_wrapped(struct database *database, int protection,
						     struct bytes *wrapped);
/* Are there wrapped keys at all? */
KC_MUST_CHECK enum kc_status keybag_rows_find_any(struct database *database, bool *ret_is_there);
/* Is there one of @protection, whether it opens or not? */
KC_MUST_CHECK enum kc_status keybag_rows_find(struct database *database, int protection,
					      bool *ret_is_there);

/* The wrapped key of when_passcode_set…, and every item of that class. */
KC_MUST_CHECK enum kc_status keybag_rows_delete_passcode_class(struct database *database);

#endif
