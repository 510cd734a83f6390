/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_PLACE_IMPL_H
#define ITEMS_PLACE_IMPL_H

/* Rows of the file in their places: uniqueness, and what is in the way. Within a transaction. */

#include "items/row_impl.h"

/* The row of the file at @position, on its own. Expected: KC_ERR_ITEM_NOT_FOUND */
KC_MUST_CHECK enum kc_status place_load(const struct engine *engine,
					enum vocabulary_class item_class, int64_t position,
					struct row *ret_row);

/*
 * Make the identity of @row free: a row that has it and cannot be opened is removed, since nobody
 * will ever read it. One that can stays and goes, on its own, to *ret_other (NULL: not wanted).
 * Expected: KC_ERR_DUPLICATE_ITEM
 */
KC_MUST_CHECK enum kc_status place_make_free(const struct engine *engine, const struct row *row,
					     struct row *ret_other);

/* The same of its item_id, which a backup brings along. */
KC_MUST_CHECK enum kc_status place_make_id_free(const struct engine *engine, const struct row *row);

#endif
