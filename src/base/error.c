/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The thread's error record. Nothing here allocates: it must work when memory is what ran out.
 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local struct error_record record = {.tries_left = -1};

const struct error_record *error_get(void)
{
	return &record;
}

void error_clear(void)
{
	record = (struct error_record){.tries_left = -1};
}

void error_adopt(const struct error_record *other)
{
	record = *other;
}

static void copy_text(char *to, size_t size, const char *from)
{
	size_t len = strnlen(from, size - 1);

	memcpy(to, from, len);
	to[len] = '\0';
}

static void copy_once(char *to, size_t size, const char *from)
{
	if (to[0] == '\0' && from)
		copy_text(to, size, from);
}

void error_set_token(const char *token_id, const char *driver)
{
	copy_once(record.token_id, sizeof(record.token_id), token_id);
	copy_once(record.driver, sizeof(record.driver), driver);
}

void error_set_sw(uint16_t sw)
{
	if (record.sw == 0)
		record.sw = sw;
}

void error_set_tries_left(int tries_left)
{
	if (record.tries_left < 0)
		record.tries_left = tries_left;
}

void error_set_hint(const char *format, ...)
{
	va_list args;

	if (record.hint[0] != '\0')
		return;
	va_start(args, format);
	(void)vsnprintf(record.hint, sizeof(record.hint), format, args);
	va_end(args);
}

enum kc_status error_remap(enum kc_status status)
{
	record.status = status;
	return status;
}

/* "../src/items/engine.c:12" → "items/engine.c:12" */
static const char *without_root(const char *origin)
{
	const char *src = strstr(origin, "src/");

	return src ? src + strlen("src/") : origin;
}

enum kc_status error_record_failure(enum kc_status status, const char *origin, const char *format,
				    ...)
{
	va_list args;

	if (record.status != KC_OK)
		return status;
	record.status = status;
	copy_text(record.origin, sizeof(record.origin), without_root(origin));
	va_start(args, format);
	(void)vsnprintf(record.message, sizeof(record.message), format, args);
	va_end(args);
	return status;
}
