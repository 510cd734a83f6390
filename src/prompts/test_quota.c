/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Quotas at their border, and one past it; time is what the caller says. */
#include <stdio.h>
#include <string.h>

#include "harness/test.h"
#include "prompts/quota.h"

enum {
	SECOND_US = 1000000,
	PER_MINUTE = 20,
};

static const uint64_t start_us = 1000ULL * SECOND_US;

static unsigned take_all(struct quota *quota, const char *program, uint64_t now_us)
{
	unsigned wait_s = 0;
	unsigned n = 0;

	while (quota_take(quota, program, now_us, &wait_s))
		n++;
	return n;
}

TEST(a_burst_is_a_minute_s_worth)
{
	struct quota quota;
	unsigned wait_s = 0;

	quota_init(&quota, PER_MINUTE);
	CHECK_INT(take_all(&quota, "/bin/a", start_us), PER_MINUTE);
	CHECK(!quota_take(&quota, "/bin/a", start_us, &wait_s));
	CHECK_INT(wait_s, 3);
	CHECK(!quota_take(&quota, "/bin/a", start_us + 3 * SECOND_US - 1, &wait_s));
	CHECK_INT(wait_s, 1);
	CHECK(quota_take(&quota, "/bin/a", start_us + 3 * SECOND_US, &wait_s));
	CHECK_INT(take_all(&quota, "/bin/a", start_us + 120ULL * SECOND_US), PER_MINUTE);
}

TEST(a_refused_prompt_costs_nothing)
{
	struct quota quota;
	unsigned wait_s = 0;

	quota_init(&quota, 1);
	CHECK(quota_take(&quota, "/bin/a", start_us, &wait_s));
	for (int i = 0; i < 100; i++)
		CHECK(!quota_take(&quota, "/bin/a", start_us + SECOND_US, &wait_s));
	CHECK_INT(wait_s, 59);
}

TEST(what_nobody_wants_costs_more)
{
	struct quota quota;
	unsigned wait_s = 0;
	int n_shown = 0;

	quota_init(&quota, PER_MINUTE);
	while (quota_take(&quota, "/bin/a", start_us, &wait_s)) {
		quota_note_unwanted(&quota, "/bin/a", start_us);
		n_shown++;
	}
	CHECK_INT(n_shown, PER_MINUTE / QUOTA_UNWANTED_COST);
}

TEST(each_program_has_its_own)
{
	struct quota quota;

	quota_init(&quota, PER_MINUTE);
	CHECK_INT(take_all(&quota, "/bin/a", start_us), PER_MINUTE);
	CHECK_INT(take_all(&quota, "/bin/b", start_us), PER_MINUTE);
}

TEST(many_programs_do_not_buy_one_of_them_free)
{
	struct quota quota;
	unsigned wait_s = 0;

	quota_init(&quota, PER_MINUTE);
	CHECK_INT(take_all(&quota, "/bin/a", start_us), PER_MINUTE);
	for (int i = 0; i < 3 * QUOTA_PROGRAMS_MAX; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "/bin/%d", i);
		CHECK(quota_take(&quota, name, start_us, &wait_s));
	}
	CHECK(!quota_take(&quota, "/bin/a", start_us, &wait_s));
}

TEST(names_that_are_too_long_are_one_program)
{
	struct quota quota;
	char name[2 * QUOTA_PROGRAM_BYTES];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	quota_init(&quota, PER_MINUTE);
	CHECK_INT(take_all(&quota, name, start_us), PER_MINUTE);
	CHECK_INT(take_all(&quota, name, start_us), 0);
}

TEST(turns_are_remembered)
{
	struct quota quota;

	quota_init(&quota, PER_MINUTE);
	CHECK_INT(quota_last_turn(&quota, "/bin/a"), 0);
	quota_note_turn(&quota, "/bin/a");
	quota_note_turn(&quota, "/bin/b");
	CHECK(quota_last_turn(&quota, "/bin/a") < quota_last_turn(&quota, "/bin/b"));
	quota_note_turn(&quota, "/bin/a");
	CHECK(quota_last_turn(&quota, "/bin/b") < quota_last_turn(&quota, "/bin/a"));
}
