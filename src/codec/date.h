/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CODEC_DATE_H
#define CODEC_DATE_H

/* Dates as RFC 3339 writes them and as microseconds since 1970-01-01T00:00:00Z. */

#include <stddef.h>
#include <stdint.h>

#include <keycask/status.h>

enum {
	DATE_TEXT_MAX = 40,
};

/* Expected: KC_ERR_PARAM  not a full RFC 3339 date and time, or one that does not exist */
KC_MUST_CHECK enum kc_status date_parse(const char *text, int64_t *ret_date_us);

/* In UTC, with a fraction only when there is one. Expected: KC_ERR_PARAM  not in years 0 to 9999 */
KC_MUST_CHECK enum kc_status date_format(int64_t date_us, char ret_text[static DATE_TEXT_MAX]);

#endif
