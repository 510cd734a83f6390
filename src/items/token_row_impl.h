/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_TOKEN_ROW_IMPL_H
#define ITEMS_TOKEN_ROW_IMPL_H

/* One published item as it will stand in its table: checked, with all that the engine adds. */

#include "items/row_impl.h"

/* @ret_row borrows from @token_id and @item; release with row_done() whatever this returns.
 * Expected: KC_ERR_NO_SUCH_CLASS, KC_ERR_NO_SUCH_ATTR, KC_ERR_PARAM */
KC_MUST_CHECK enum kc_status token_row_make(const struct engine *engine, const char *token_id,
					    const struct engine_item *item, struct row *ret_row);

#endif
