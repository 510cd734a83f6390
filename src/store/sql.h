/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_SQL_IMPL_H
#define ITEMS_SQL_IMPL_H

/* SQL text piece by piece. Only our own names and numbers ever go in; values are bound. */

#include "base/bytes.h"

enum {
	SQL_MAX = 16384,
};

#define SQL_INIT BYTES_INIT(SQL_MAX)

KC_MUST_CHECK enum kc_status sql_put(struct bytes *sql, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The text, ended by a NUL; lives as long as @sql stays as it is. */
KC_MUST_CHECK enum kc_status sql_end(struct bytes *sql, const char **ret_text);

#endif
