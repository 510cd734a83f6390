/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A process of its own for each run: one that was harmed must not be blamed for the next card. */
#include "drivertool/ordeal.h"

#include <time.h>

#include "base/try.h"

enum {
	APDUS_MAX = 2048, /* of a run that is spoiled in each place */
};

/* What the PIN is when nothing was recorded: digits of a length that most cards take, in an order
 * that no other data has. */
static const char made_up_pin[] = "73951846";
static const char made_up_new_pin[] = "48261937";

static const char *pin_of(const struct ordeal *ordeal)
{
	return ordeal->recording && ordeal->recording->pin[0] ? ordeal->recording->pin
							      : made_up_pin;
}

static enum kc_status run_once(struct ordeal *ordeal, struct player *player,
			       const struct findings_place *place, bool is_faithful,
			       struct json_object **ret_token)
{
	CLEANUP(exercise_done)
	struct exercise exercise = {
		.player = player,
		.findings = ordeal->findings,
		.place = *place,
		.aid = ordeal->aid,
		.is_faithful = is_faithful,
		.new_pin = made_up_new_pin,
	};
	struct bench_settings settings = *ordeal->settings;

	exercise.pin = is_faithful ? pin_of(ordeal) : made_up_pin;
	settings.secrets[0] = exercise.pin;
	settings.secrets[1] = made_up_new_pin;
	exercise.settings = &settings;
	ordeal->n_runs++;
	TRY(exercise_run(&exercise));
	if (ret_token)
		*ret_token = json_object_get(exercise.token);
	return KC_OK;
}

/* --- faithful
 * -------------------------------------------------------------------------------------- */

static enum kc_status report_unrecorded(const struct ordeal *ordeal, const struct player *player,
					const struct findings_place *place,
					struct json_object *result)
{
	struct json_object *list = json_object_new_array();

	REQUIRE(list, KC_ERR_ALLOCATE, "out of memory");
	TRY(field_put(result, "unrecorded", list));
	for (size_t i = 0; i < player->n_unrecorded; i++) {
		TRY(field_append_text(list, player->unrecorded[i]));
		findings_add(ordeal->findings, place, "unrecorded",
			     "the driver asks %.64s, and the recording has no such command",
			     player->unrecorded[i]);
	}
	return KC_OK;
}

enum kc_status ordeal_replay(struct ordeal *ordeal, struct json_object *result)
{
	CLEANUP(player_done) struct player player = {.recording = ordeal->recording};
	struct findings_place place = {.test = "replay", .file = ordeal->file};
	struct json_object *token = NULL;

	TRY(run_once(ordeal, &player, &place, true, &token));
	TRY(field_put(result, "token", token));
	TRY(field_put_number(result, "apdus", player.n_commands));
	return report_unrecorded(ordeal, &player, &place, result);
}

/* --- hostile
 * ----------------------------------------------------------------------------------------- */

/* How many answers there are to spoil. */
static enum kc_status count_answers(struct ordeal *ordeal, unsigned *ret_n)
{
	CLEANUP(player_done)
	struct player player = {.recording = ordeal->recording, .is_generous = true};
	struct findings_place place = {.test = "hostile", .file = ordeal->file};

	TRY(run_once(ordeal, &player, &place, false, NULL));
	*ret_n = player.n_commands < APDUS_MAX ? player.n_commands : APDUS_MAX;
	return KC_OK;
}

static enum kc_status spoil_once(struct ordeal *ordeal, unsigned apdu, enum spoil spoil)
{
	CLEANUP(player_done)
	struct player player = {.recording = ordeal->recording,
				.is_generous = true,
				.spoil = spoil,
				.spoil_at = apdu,
				.random = apdu + 1};
	struct findings_place place = {.test = "hostile",
				       .file = ordeal->file,
				       .spoil = player_spoil_name(spoil),
				       .apdu = (int64_t)apdu + 1};

	return run_once(ordeal, &player, &place, false, NULL);
}

enum kc_status ordeal_hostile(struct ordeal *ordeal)
{
	unsigned n = 0;

	TRY(count_answers(ordeal, &n));
	for (unsigned i = 0; i < n; i++) {
		for (enum spoil spoil = SPOIL_NOTHING + 1; spoil < SPOIL_COUNT; spoil++)
			TRY(spoil_once(ordeal, i, spoil));
	}
	return KC_OK;
}

/* --- random
 * ------------------------------------------------------------------------------------------ */

static enum kc_status fuzz_once(struct ordeal *ordeal, uint64_t seed)
{
	CLEANUP(player_done)
	struct player player = {.recording = ordeal->recording,
				.is_generous = true,
				.is_random = true,
				.random = seed * 0x9E3779B97F4A7C15ULL + 1};
	struct findings_place place = {.test = "fuzz", .file = ordeal->file, .seed = seed};

	return run_once(ordeal, &player, &place, false, NULL);
}

static int64_t now_s(void)
{
	struct timespec now;

	ignore(clock_gettime(CLOCK_MONOTONIC, &now) != 0);
	return now.tv_sec;
}

enum kc_status ordeal_fuzz(struct ordeal *ordeal, unsigned seconds, uint64_t seed)
{
	int64_t end = now_s() + seconds;

	do
		TRY(fuzz_once(ordeal, seed++));
	while (now_s() < end);
	return KC_OK;
}
