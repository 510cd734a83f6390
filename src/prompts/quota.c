/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The generic cell rate algorithm (ITU-T I.371): each prompt moves the time until which a program
 * has paid, and that time may be a minute ahead at most. One number per program, no timers.
 */
#include "prompts/quota.h"

#include <stddef.h>
#include <string.h>

enum {
	USEC_PER_SEC = 1000000,
	MINUTE_US = 60 * USEC_PER_SEC,
};

void quota_init(struct quota *quota, unsigned per_minute)
{
	*quota = (struct quota){.per_minute = per_minute};
}

static const struct quota_program *find(const struct quota *quota, const char *name)
{
	for (size_t i = 0; i < QUOTA_PROGRAMS_MAX; i++) {
		if (strncmp(quota->programs[i].name, name, QUOTA_PROGRAM_BYTES - 1) == 0)
			return &quota->programs[i];
	}
	return NULL;
}

/* A place for @name: its own, or that of whoever has the least to pay. */
static struct quota_program *place_of(struct quota *quota, const char *name)
{
	const struct quota_program *known = find(quota, name);
	struct quota_program *place = &quota->programs[0];

	if (known)
		return &quota->programs[known - quota->programs];
	for (size_t i = 1; i < QUOTA_PROGRAMS_MAX; i++) {
		if (quota->programs[i].paid_until_us < place->paid_until_us)
			place = &quota->programs[i];
	}
	*place = (struct quota_program){.name = ""};
	memcpy(place->name, name, strnlen(name, QUOTA_PROGRAM_BYTES - 1));
	return place;
}

static uint64_t price(const struct quota *quota, unsigned n_prompts)
{
	return (uint64_t)MINUTE_US / quota->per_minute * n_prompts;
}

static uint64_t after(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

bool quota_take(struct quota *quota, const char *program, uint64_t now_us, unsigned *ret_wait_s)
{
	struct quota_program *place = place_of(quota, program);
	uint64_t paid_us = after(place->paid_until_us, now_us) + price(quota, 1);
	uint64_t limit_us = now_us + MINUTE_US;

	if (paid_us > limit_us) {
		*ret_wait_s = (unsigned)((paid_us - limit_us + USEC_PER_SEC - 1) / USEC_PER_SEC);
		return false;
	}
	place->paid_until_us = paid_us;
	return true;
}

void quota_note_unwanted(struct quota *quota, const char *program, uint64_t now_us)
{
	struct quota_program *place = place_of(quota, program);

	place->paid_until_us =
		after(place->paid_until_us, now_us) + price(quota, QUOTA_UNWANTED_COST - 1);
}

uint64_t quota_last_turn(const struct quota *quota, const char *program)
{
	const struct quota_program *known = find(quota, program);

	return known ? known->last_turn : 0;
}

void quota_note_turn(struct quota *quota, const char *program)
{
	place_of(quota, program)->last_turn = ++quota->last_turn;
}
