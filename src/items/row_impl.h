/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_ROW_IMPL_H
#define ITEMS_ROW_IMPL_H

/* One published item as it will stand in its table: checked, with all that the engine adds. */

#include "codec/vocabulary.h"
#include "items/engine.h"
#include "store/database.h"

struct row {
	enum vocabulary_class item_class;
	struct json_object *attributes; /* owned */
	const struct engine_item *item; /* borrowed */
};

/* @ret_row is to be released with row_done() whatever this returns.
 * Expected: KC_ERR_NO_SUCH_CLASS, KC_ERR_NO_SUCH_ATTR, KC_ERR_PARAM */
KC_MUST_CHECK enum kc_status row_init(struct row *ret_row, const char *token_id,
				      const struct engine_item *item);
void row_done(struct row *row);

/* Bind everything but the position, from parameter @index on. Expected: KC_ERR_PARAM */
KC_MUST_CHECK enum kc_status row_bind(const struct row *row, struct statement *statement,
				      int index);

#endif
