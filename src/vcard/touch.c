/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What --touch says; the waiting is done where the link is, in insertion.c. */
#include "vcard/touch.h"

#include <stdlib.h>

#include "base/try.h"

enum {
	DIGITS_MAX = 5,
};

static const struct {
	const char *name;
	enum touch_mode mode;
} modes[] = {
	{"now", TOUCH_NOW},
	{"never", TOUCH_NEVER},
	{"wait", TOUCH_WAIT},
};

enum kc_status touch_parse(const char *text, struct touch *ret_touch)
{
	struct touch touch = {.mode = TOUCH_LATE, .fd = -1};
	size_t len = strlen(text);

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		if (strcmp(modes[i].name, text) == 0) {
			touch.mode = modes[i].mode;
			*ret_touch = touch;
			return KC_OK;
		}
	}
	REQUIRE(len > 0 && len <= DIGITS_MAX && strspn(text, "0123456789") == len, KC_ERR_PARAM,
		"\"%s\" is no touch; there are now, never, wait, and milliseconds", text);
	touch.late_ms = (unsigned)strtoul(text, NULL, 10);
	*ret_touch = touch;
	return KC_OK;
}
