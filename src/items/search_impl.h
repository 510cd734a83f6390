/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_SEARCH_IMPL_H
#define ITEMS_SEARCH_IMPL_H

/* A checked query answered: one SQL statement, one object per row. */

#include "items/query_impl.h"
#include "store/database.h"

/* *ret_items is an array, empty when nothing matches. Expected: KC_ERR_PARAM */
KC_MUST_CHECK enum kc_status search_run(struct database *database, const struct query *query,
					struct json_object **ret_items);

#endif
