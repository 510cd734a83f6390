/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The password is kept as it is, in locked memory: a hash of it would be no harder to use for
 * somebody who can read this process's memory, who has no need of the password then.
 */
#include "frontends/ssh_agent/ssh_lock.h"

#include <string.h>
#include <time.h>

#include "base/try.h"

enum {
	PENALTY_STEP_MS = 100,
	PENALTY_MAX_MS = 10 * 1000,
	PASSWORD_MAX = 1024,
	US_PER_MS = 1000,
	US_PER_S = 1000 * 1000,
};

void ssh_lock_done(struct ssh_lock *lock)
{
	secret_done(&lock->password);
}

enum kc_status ssh_lock_close(struct ssh_lock *lock, struct kc_view password)
{
	REQUIRE(!lock->is_locked, KC_ERR_PARAM, "the agent is locked already");
	REQUIRE(password.len <= PASSWORD_MAX, KC_ERR_PARAM, "a password of more than %d bytes",
		PASSWORD_MAX);
	TRY(secret_init(&lock->password, password));
	lock->is_locked = true;
	lock->n_wrong = 0;
	lock->closed_until_us = 0;
	return KC_OK;
}

/* In a time that does not tell how much of it is right. */
static bool is_equal(struct kc_view a, struct kc_view b)
{
	uint8_t difference = a.len != b.len;

	for (size_t i = 0; i < a.len && i < b.len; i++)
		difference |= a.data[i] ^ b.data[i];
	return difference == 0;
}

static int64_t now_us(void)
{
	struct timespec now = {0};

	ignore(clock_gettime(CLOCK_MONOTONIC, &now));
	return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

enum kc_status ssh_lock_open(struct ssh_lock *lock, struct kc_view password)
{
	REQUIRE(lock->is_locked, KC_ERR_PARAM, "the agent is not locked");
	REQUIRE(now_us() >= lock->closed_until_us, KC_ERR_NOT_AVAILABLE,
		"a wrong password was just given: wait a while");
	if (!is_equal(password, secret_view(&lock->password))) {
		lock->n_wrong++;
		lock->closed_until_us = now_us() + (int64_t)ssh_lock_penalty_ms(lock) * US_PER_MS;
		return fail(KC_ERR_AUTH_FAILED, "this is not the password of the agent's lock");
	}
	secret_done(&lock->password);
	lock->is_locked = false;
	return KC_OK;
}

unsigned ssh_lock_penalty_ms(const struct ssh_lock *lock)
{
	unsigned steps = PENALTY_MAX_MS / PENALTY_STEP_MS;

	return (lock->n_wrong < steps ? lock->n_wrong : steps) * PENALTY_STEP_MS;
}
