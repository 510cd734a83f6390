/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_LOG_H
#define BASE_LOG_H

/*
 * Plain structured log lines on standard error: "level room key=value … text". Libraries log at
 * debug only; a daemon logs where it decides. A request's id is in every line of its path:
 * log_debug("req=%" PRIu64 " stage=dispatch method=%s", …). Never a PIN, a key or content.
 */

enum log_level {
	LOG_LEVEL_ERROR = 0,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

/* Set once at start: @program names the process, lines above @max_level are dropped. */
void log_setup(const char *program, enum log_level max_level);

/* "error", "warning", "info" or "debug"; anything else gives @fallback. */
enum log_level log_level_from_name(const char *name, enum log_level fallback);

void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)	 log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)	 log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)	 log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
