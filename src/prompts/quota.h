/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PROMPTS_QUOTA_H
#define PROMPTS_QUOTA_H

/*
 * How often each program may show a prompt, and whose turn it is: so many a minute, in a burst or
 * one by one; a prompt that a person does not want costs several. The program is what counts, not
 * the process: a loop that starts a new one each time is as bad.
 */

#include <stdbool.h>
#include <stdint.h>

enum {
	QUOTA_PROGRAMS_MAX = 64, /* remembered; then the one that has the least to pay is not */
	QUOTA_PROGRAM_BYTES = 256,
	QUOTA_UNWANTED_COST = 5,
};

struct quota_program {
	char name[QUOTA_PROGRAM_BYTES]; /* "" is a free place */
	uint64_t paid_until_us;		/* what it has shown is paid with time */
	uint64_t last_turn;
};

struct quota {
	unsigned per_minute;
	uint64_t last_turn;
	struct quota_program programs[QUOTA_PROGRAMS_MAX];
};

void quota_init(struct quota *quota, unsigned per_minute);

/* May @program show one more at @now_us? If not, how long until then. Times are monotonic. */
bool quota_take(struct quota *quota, const char *program, uint64_t now_us, unsigned *ret_wait_s);
/* The person did not want what @program has shown. */
void quota_note_unwanted(struct quota *quota, const char *program, uint64_t now_us);

/* When @program was shown last, as a number that grows; 0: not that we know. */
uint64_t quota_last_turn(const struct quota *quota, const char *program);
void quota_note_turn(struct quota *quota, const char *program);

#endif
