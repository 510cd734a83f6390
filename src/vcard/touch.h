/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_TOUCH_H
#define VCARD_TOUCH_H

/*
 * The finger that keys with a touch policy wait for. Written now (it lies there all the time),
 * never (the card gives up at once), wait (until SIGUSR1, at most TOUCH_PATIENCE_MS), or after how
 * many milliseconds it comes.
 */

#include "base/bytes.h"

enum {
	TOUCH_PATIENCE_MS = 15000, /* as YubiKeys */
};

enum touch_mode {
	TOUCH_NOW,
	TOUCH_NEVER,
	TOUCH_WAIT,
	TOUCH_LATE,
};

struct touch {
	enum touch_mode mode;
	unsigned late_ms;
	int fd; /* borrowed; TOUCH_WAIT: readable when SIGUSR1 has come */
};

/* Expected: KC_ERR_PARAM  what is wrong with @text is in the record. */
KC_MUST_CHECK enum kc_status touch_parse(const char *text, struct touch *ret_touch);

#endif
