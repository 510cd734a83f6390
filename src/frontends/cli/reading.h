/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_READING_H
#define CLI_READING_H

/*
 * Cards that are in but have not been read yet: whoever has not found something waits for them, and
 * does not tell a person to put in the card that is in.
 */

#include <stdbool.h>
#include <stddef.h>

enum {
	READING_SLOT_MAX = 160,
};

/*
 * Wait until no card is being read, a few seconds at most and once in a process. True: some was,
 * look again. False: there was nothing to wait for; the thread's error record is as it was.
 */
bool reading_await(void);

/* Is a card being read? Its slot, safe to print. The thread's error record stays as it is. */
bool reading_slot(char *ret_name, size_t size);

#endif
