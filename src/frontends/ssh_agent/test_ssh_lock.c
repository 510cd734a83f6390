/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lock's passwords are tried one at a time, however many connections somebody has. */
#include "base/cleanup.h"
#include "frontends/ssh_agent/ssh_lock.h"
#include "harness/test.h"

static const struct kc_view right = {(const uint8_t *)"right", 5};
static const struct kc_view wrong = {(const uint8_t *)"wrong", 5};

TEST(opens_with_its_password)
{
	CLEANUP(ssh_lock_done) struct ssh_lock lock = {0};

	CHECK_OK(ssh_lock_close(&lock, right));
	CHECK_STATUS(ssh_lock_close(&lock, wrong), KC_ERR_PARAM);
	CHECK_OK(ssh_lock_open(&lock, right));
	CHECK(!lock.is_locked);
	CHECK_STATUS(ssh_lock_open(&lock, right), KC_ERR_PARAM);
}

TEST(no_password_is_looked_at_for_a_while_after_a_wrong_one)
{
	CLEANUP(ssh_lock_done) struct ssh_lock lock = {0};

	CHECK_OK(ssh_lock_close(&lock, right));
	CHECK_STATUS(ssh_lock_open(&lock, wrong), KC_ERR_AUTH_FAILED);
	CHECK(lock.closed_until_us > 0 && ssh_lock_penalty_ms(&lock) > 0);
	lock.closed_until_us = INT64_MAX; /* it has not passed */
	CHECK_STATUS(ssh_lock_open(&lock, right), KC_ERR_NOT_AVAILABLE);
	CHECK_STATUS(ssh_lock_open(&lock, wrong), KC_ERR_NOT_AVAILABLE);
	CHECK(lock.is_locked && lock.n_wrong == 1);
	lock.closed_until_us = 1; /* it has */
	CHECK_OK(ssh_lock_open(&lock, right));
	CHECK(!lock.is_locked);
}
