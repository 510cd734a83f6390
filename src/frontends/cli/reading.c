/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon tells of each slot when it changes; the list after that says what is left to wait for.
 */
#include "frontends/cli/reading.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <keycask/smartcard.h>
#include <keycask/token.h>

#include "base/cleanup.h"
#include "base/try.h"
#include "frontends/cli/page.h"
#include "frontends/owned.h"

enum {
	AWAIT_MS = 5000,
	MS_PER_SECOND = 1000,
	NS_PER_MS = 1000 * 1000,
};

static void manager_freep(struct kc_slot_manager **manager)
{
	*manager = kc_slot_manager_free(*manager);
}

static bool is_any_read(void)
{
	char name[READING_SLOT_MAX];

	return reading_slot(name, sizeof(name));
}

bool reading_slot(char *ret_name, size_t size)
{
	const struct error_record before = *error_get();
	CLEANUP(kc_value_freep) struct kc_value *slots = NULL;

	if (kc_slot_list(&slots) != KC_OK)
		error_clear();
	error_adopt(&before);
	for (size_t i = 0; i < kc_value_count(slots); i++) {
		const struct kc_dictionary *slot = kc_value_dictionary(kc_value_at(slots, i));
		CLEANUP(freep) char *name = page_safe(kc_dictionary_text(slot, KC_SLOT_NAME));

		if (!kc_dictionary_flag(slot, KC_SLOT_IS_BEING_READ, false))
			continue;
		(void)snprintf(ret_name, size, "%s", name);
		return true;
	}
	return false;
}

static int64_t now_ms(void)
{
	struct timespec now = {0};

	ignore(clock_gettime(CLOCK_MONOTONIC, &now));
	return (int64_t)now.tv_sec * MS_PER_SECOND + now.tv_nsec / NS_PER_MS;
}

static enum kc_status follow(void)
{
	CLEANUP(manager_freep) struct kc_slot_manager *manager = NULL;
	int64_t deadline = now_ms() + AWAIT_MS;

	TRY(kc_slot_manager_new(&manager));
	while (is_any_read()) {
		int64_t left = deadline - now_ms();
		struct kc_slot *slot = NULL;

		if (left <= 0)
			return KC_OK;
		TRY(kc_slot_manager_next(manager, (int)left, &slot));
		ignore(kc_slot_free(slot) != NULL);
	}
	return KC_OK;
}

bool reading_await(void)
{
	const struct error_record before = *error_get();
	static bool has_waited;
	bool must_wait = !has_waited && is_any_read();

	if (must_wait && follow() != KC_OK)
		error_clear();
	has_waited |= must_wait;
	error_adopt(&before);
	return must_wait;
}
