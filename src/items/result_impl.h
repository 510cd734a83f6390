/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_RESULT_IMPL_H
#define ITEMS_RESULT_IMPL_H

/* What of an item comes back: the columns to select, and the object made of a row. */

#include "items/query_impl.h"
#include "store/database.h"

/* Append "SELECT …" with the columns that result_new() reads. */
KC_MUST_CHECK enum kc_status result_put_columns(struct bytes *sql, const struct query *query);

KC_MUST_CHECK enum kc_status result_new(const struct query *query, struct statement *statement,
					struct json_object **ret_item);

#endif
