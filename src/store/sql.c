/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SQL text in a bounded buffer. */
#include "store/sql.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/try.h"

enum {
	PIECE_MAX = 1024,
};

enum kc_status sql_put(struct bytes *sql, const char *format, ...)
{
	char piece[PIECE_MAX];
	va_list args;
	int len = 0;

	va_start(args, format);
	len = vsnprintf(piece, sizeof(piece), format, args);
	va_end(args);
	REQUIRE(len >= 0 && len < PIECE_MAX, KC_ERR_INTERNAL, "a piece of SQL is too long");
	return bytes_append(sql, view_of(piece, (size_t)len));
}

enum kc_status sql_end(struct bytes *sql, const char **ret_text)
{
	TRY(bytes_append_byte(sql, 0));
	*ret_text = (const char *)sql->data;
	return KC_OK;
}
