/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One write per line, so that lines of several processes on one stderr do not mix. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

enum {
	LINE_MAX_BYTES = 1024,
};

static const char *program_name = "keycask";
static enum log_level max_shown = LOG_LEVEL_WARNING;

static const char *const level_names[] = {"error", "warning", "info", "debug"};

void log_setup(const char *program, enum log_level max_level)
{
	program_name = program;
	max_shown = max_level;
}

enum log_level log_level_from_name(const char *name, enum log_level fallback)
{
	for (size_t i = 0; name && i < ARRAY_LEN(level_names); i++) {
		if (strcmp(name, level_names[i]) == 0)
			return (enum log_level)i;
	}
	return fallback;
}

static size_t clamp(int n, size_t max)
{
	if (n < 0)
		return 0;
	return (size_t)n < max ? (size_t)n : max;
}

/* Names of programs and labels of cards are what others like: they begin no line of their own, and
 * command no terminal. */
static void make_harmless(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = '?';
	}
}

void log_line(enum log_level level, const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	size_t len = 0;
	va_list args;

	if (level > max_shown)
		return;
	len = clamp(snprintf(line, sizeof(line), "%s[%ld] %s: ", program_name, (long)getpid(),
			     level_names[level]),
		    sizeof(line) - 2);
	va_start(args, format);
	len += clamp(vsnprintf(line + len, sizeof(line) - 1 - len, format, args),
		     sizeof(line) - 2 - len);
	va_end(args);
	make_harmless(line, len);
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, len) < 0)
		return;
}
