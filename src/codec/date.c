/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * RFC 3339 section 5.6, both ways, without locale and without time zones of the system. A leap
 * second (…:60) is taken as the second after it.
 */
#include "codec/date.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "base/try.h"

enum {
	US_PER_SECOND = 1000000,
	FRACTION_DIGITS = 6,
	LATEST_YEAR = 9999,
};

/* Exactly @n digits from *@text on; moves it behind them. */
static bool read_digits(const char **text, int n, int *ret_number)
{
	int number = 0;

	for (int i = 0; i < n; i++) {
		char c = **text;

		if (c < '0' || c > '9')
			return false;
		number = number * 10 + (c - '0');
		(*text)++;
	}
	*ret_number = number;
	return true;
}

static bool read_letter(const char **text, const char *allowed)
{
	for (; *allowed; allowed++)
		if (**text == *allowed) {
			(*text)++;
			return true;
		}
	return false;
}

/* "2024-02-29T12:00:00" */
static bool read_fields(const char **text, struct tm *ret_fields)
{
	struct tm fields = {0};

	if (!read_digits(text, 4, &fields.tm_year) || !read_letter(text, "-") ||
	    !read_digits(text, 2, &fields.tm_mon) || !read_letter(text, "-") ||
	    !read_digits(text, 2, &fields.tm_mday) || !read_letter(text, "Tt ") ||
	    !read_digits(text, 2, &fields.tm_hour) || !read_letter(text, ":") ||
	    !read_digits(text, 2, &fields.tm_min) || !read_letter(text, ":") ||
	    !read_digits(text, 2, &fields.tm_sec))
		return false;
	fields.tm_year -= 1900;
	fields.tm_mon -= 1;
	*ret_fields = fields;
	return true;
}

/* ".123": digits beyond microseconds are dropped. Absent is 0. */
static bool read_fraction(const char **text, int *ret_us)
{
	int us = 0;
	int n = 0;

	if (!read_letter(text, ".")) {
		*ret_us = 0;
		return true;
	}
	for (; **text >= '0' && **text <= '9'; (*text)++, n++)
		if (n < FRACTION_DIGITS)
			us = us * 10 + (**text - '0');
	for (int i = n; i < FRACTION_DIGITS; i++)
		us *= 10;
	*ret_us = us;
	return n > 0;
}

/* "Z", "+02:00": seconds east of Greenwich. */
static bool read_offset(const char **text, int *ret_seconds)
{
	bool is_west = **text == '-';
	int hours = 0;
	int minutes = 0;

	if (read_letter(text, "Zz")) {
		*ret_seconds = 0;
		return true;
	}
	if (!read_letter(text, "+-") || !read_digits(text, 2, &hours) || !read_letter(text, ":") ||
	    !read_digits(text, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*ret_seconds = (hours * 60 + minutes) * (is_west ? -60 : 60);
	return true;
}

/* timegm() turns 30 February into 1 March: what it changed did not exist. */
static bool is_real(const struct tm *given, time_t *ret_seconds)
{
	struct tm fields = *given;

	if (given->tm_sec > 60 || given->tm_min > 59 || given->tm_hour > 23 || given->tm_mon < 0 ||
	    given->tm_mon > 11)
		return false;
	*ret_seconds = timegm(&fields);
	return given->tm_sec == 60 || fields.tm_mday == given->tm_mday;
}

enum kc_status date_parse(const char *text, int64_t *ret_date_us)
{
	const char *rest = text;
	struct tm fields = {0};
	time_t seconds = 0;
	int offset = 0;
	int us = 0;

	REQUIRE(read_fields(&rest, &fields) && read_fraction(&rest, &us) &&
			read_offset(&rest, &offset) && *rest == '\0' && is_real(&fields, &seconds),
		KC_ERR_PARAM, "not a date such as 2024-02-29T12:00:00Z");
	*ret_date_us = ((int64_t)seconds - offset) * US_PER_SECOND + us;
	return KC_OK;
}

enum kc_status date_format(int64_t date_us, char ret_text[static DATE_TEXT_MAX])
{
	int64_t us = date_us % US_PER_SECOND;
	time_t seconds = (time_t)(date_us / US_PER_SECOND);
	struct tm fields = {0};
	size_t len = 0;

	if (us < 0) {
		us += US_PER_SECOND;
		seconds--;
	}
	REQUIRE(gmtime_r(&seconds, &fields) && fields.tm_year >= -1900 &&
			fields.tm_year + 1900 <= LATEST_YEAR,
		KC_ERR_PARAM, "a date outside the years 0 to 9999");
	len = (size_t)snprintf(ret_text, DATE_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d",
			       fields.tm_year + 1900, fields.tm_mon + 1, fields.tm_mday,
			       fields.tm_hour, fields.tm_min, fields.tm_sec);
	if (us == 0)
		(void)snprintf(ret_text + len, DATE_TEXT_MAX - len, "Z");
	else
		(void)snprintf(ret_text + len, DATE_TEXT_MAX - len, ".%06dZ", (int)us);
	return KC_OK;
}
