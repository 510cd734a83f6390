/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls of one run, in the order in which a daemon makes them. */
#include "drivertool/exercise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "drivertool/exercise_impl.h"
#include "drivertool/key_use.h"

#define NOBODY EXERCISE_NOBODY
#define ALICE  EXERCISE_ALICE
#define BOB    EXERCISE_BOB
#define PROBED EXERCISE_PROBED
#define LATER  EXERCISE_LATER

enum {
	INS_VERIFY = 0x20,
};

void exercise_done(struct exercise *exercise)
{
	field_free(&exercise->token);
}

/* --- one call
 * ------------------------------------------------------------------------------------- */

static enum kc_status put_turn(struct json_object *parameters, int64_t transaction, int64_t session)
{
	CLEANUP(field_free) struct json_object *turn = NULL;

	TRY(field_new_object(&turn));
	TRY(field_put_number(turn, "transaction", transaction));
	TRY(field_put_number(turn, "session", session));
	TRY(field_put_flag(turn, "is_selected", transaction == PROBED));
	TRY(field_put_number(turn, "request", 1));
	return field_put(parameters, "turn", take(turn));
}

struct findings_place exercise_place(const struct life *life, const char *method)
{
	struct findings_place place = life->exercise->place;

	place.call = method;
	return place;
}

static const char *kind_of(enum bench_outcome outcome)
{
	switch (outcome) {
	case BENCH_HUNG:
		return "hang";
	case BENCH_FLOODED:
		return "flood";
	case BENCH_SPOKE_WRONG:
		return "protocol";
	case BENCH_ANSWERED:
	case BENCH_FAILED:
	case BENCH_CRASHED:
		break;
	}
	return "crash";
}

static bool uses_key(const char *method)
{
	return strcmp(method, "Sign") == 0 || strcmp(method, "Decrypt") == 0 ||
	       strcmp(method, "Exchange") == 0;
}

static bool uses_pin(const char *method)
{
	return strcmp(method, "Authenticate") == 0 || strcmp(method, "ChangePin") == 0 ||
	       strcmp(method, "UnblockPin") == 0;
}

/* A card that left cannot have done what it was asked; it may have left behind it, which only
 * commands with PINs let us see. */
static void look_at_success(struct life *life, const char *method, bool was_gone)
{
	struct exercise *exercise = life->exercise;
	struct findings_place place = exercise_place(life, method);

	bool is_undone =
		uses_key(method) || (uses_pin(method) && exercise->player->last_pin_sw != 0x9000);

	if (!was_gone && exercise->player->is_gone && is_undone)
		findings_add(exercise->findings, &place, "trust",
			     "says that it worked, and the card left in the middle of it");
}

static void look_at_reply(struct life *life, const char *method, bool was_gone)
{
	struct exercise *exercise = life->exercise;
	struct findings_place place = exercise_place(life, method);

	if (life->bench.leak[0])
		findings_add(exercise->findings, &place, "leak", "%s", life->bench.leak);
	life->bench.leak[0] = '\0';
	if (life->reply.outcome == BENCH_ANSWERED)
		look_at_success(life, method, was_gone);
	if (life->reply.outcome <= BENCH_FAILED)
		return;
	findings_add(exercise->findings, &place, kind_of(life->reply.outcome), "%s",
		     life->reply.why);
	life->is_over = true;
}

enum kc_status exercise_call(struct life *life, const char *method, struct json_object *parameters,
			     int64_t transaction, int64_t session)
{
	CLEANUP(field_free) struct json_object *owned = parameters;
	bool was_gone = life->exercise->player->is_gone;

	bench_reply_done(&life->reply);
	life->reply = (struct bench_reply){.outcome = BENCH_FAILED};
	if (life->is_over)
		return KC_OK;
	if (!owned)
		TRY(field_new_object(&owned));
	TRY(put_turn(owned, transaction, session));
	TRY(bench_call(&life->bench, method, take(owned), &life->reply));
	look_at_reply(life, method, was_gone);
	return KC_OK;
}

bool exercise_has_answered(const struct life *life)
{
	return !life->is_over && life->reply.outcome == BENCH_ANSWERED;
}

/* What a faithful card has must work. */
static void expect_answer(struct life *life, const char *method)
{
	struct findings_place place = exercise_place(life, method);

	if (life->exercise->is_faithful && !life->is_over && !exercise_has_answered(life))
		findings_add(life->exercise->findings, &place, "refused", "%s: %s",
			     kc_status_name(life->reply.status), life->reply.why);
}

static enum kc_status keep(struct life *life, const char *name)
{
	struct json_object *value = field_get(life->reply.parameters, name);

	return value ? field_put(life->exercise->token, name, json_object_get(value)) : KC_OK;
}

/* --- what is there
 * --------------------------------------------------------------------------------- */

static enum kc_status open_token(struct life *life)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	const struct recording *recording = life->exercise->player->recording;

	TRY(field_new_object(&parameters));
	TRY(field_put_text(parameters, "aid", life->exercise->aid));
	if (recording && recording->atr[0])
		TRY(field_put_text(parameters, "atr", recording->atr));
	TRY(exercise_call(life, "Open", take(parameters), PROBED, NOBODY));
	expect_answer(life, "Open");
	if (!exercise_has_answered(life))
		return KC_OK;
	TRY(keep(life, "instance_id"));
	TRY(keep(life, "label"));
	TRY(exercise_call(life, "Enumerate", NULL, PROBED, NOBODY));
	expect_answer(life, "Enumerate");
	if (!exercise_has_answered(life))
		return KC_OK;
	TRY(keep(life, "objects"));
	return keep(life, "pins");
}

struct json_object *exercise_object(const struct life *life, size_t i)
{
	struct json_object *objects = field_get(life->exercise->token, "objects");

	return objects && i < json_object_array_length(objects)
		       ? json_object_array_get_idx(objects, i)
		       : NULL;
}

/* --- keys
 * --------------------------------------------------------------------------------------------- */

static enum kc_status use_key(struct life *life, const struct key_use *use, int64_t session)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	TRY(field_new_object(&parameters));
	TRY(field_put_text(parameters, "object_id", use->object_id));
	TRY(field_put_text(parameters, "algorithm", use->algorithm));
	TRY(field_put_data(parameters, use->input, bytes_view(&use->data)));
	return exercise_call(life, use->method, take(parameters), LATER, session);
}

/* The rule of rules: nobody uses a key without a PIN that was proved for them. */
static void expect_refusal(struct life *life, const struct key_use *use, const char *who)
{
	struct findings_place place = exercise_place(life, use->method);

	if (exercise_has_answered(life) && !use->needs_no_pin)
		findings_add(life->exercise->findings, &place, "trust",
			     "uses a key that wants the PIN for %s", who);
}

typedef enum kc_status (*use_fn)(struct life *life, const struct key_use *use);

static enum kc_status use_unproved(struct life *life, const struct key_use *use)
{
	TRY(use_key(life, use, ALICE));
	expect_refusal(life, use, "somebody who has not proved it");
	return KC_OK;
}

static enum kc_status prove(struct life *life, const char *object_id)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	struct exercise *exercise = life->exercise;
	unsigned before = exercise->player->n_pins;
	struct findings_place place = exercise_place(life, "Authenticate");

	TRY(field_new_object(&parameters));
	TRY(field_put_text(parameters, "object_id", object_id));
	TRY(field_put_text(parameters, "pin", exercise->pin));
	TRY(exercise_call(life, "Authenticate", take(parameters), LATER, ALICE));
	if (exercise_has_answered(life) && exercise->player->n_pins > before &&
	    exercise->player->last_pin_sw != 0x9000)
		findings_add(exercise->findings, &place, "trust",
			     "takes the PIN for proved, and the card answered %04X",
			     exercise->player->last_pin_sw);
	return KC_OK;
}

static enum kc_status use_proved(struct life *life, const struct key_use *use)
{
	if (!use->needs_no_pin)
		TRY(prove(life, use->object_id));
	TRY(use_key(life, use, ALICE));
	if (use->needs_no_pin)
		return KC_OK;
	TRY(use_key(life, use, BOB));
	expect_refusal(life, use, "another client than the one that proved it");
	return KC_OK;
}

/* What a recording says that was signed. */
static enum kc_status use_recorded(struct life *life)
{
	const struct recording *recording = life->exercise->player->recording;

	for (size_t i = 0; recording && i < recording->n_signings; i++) {
		CLEANUP(key_use_done) struct key_use use = {.method = NULL};

		TRY(key_use_recorded(&recording->signings[i], &use));
		TRY(prove(life, use.object_id));
		expect_answer(life, "Authenticate");
		TRY(use_key(life, &use, ALICE));
		expect_answer(life, use.method);
	}
	return KC_OK;
}

static enum kc_status with_each_key(struct life *life, use_fn fn)
{
	struct json_object *object = NULL;

	for (size_t i = 0; (object = exercise_object(life, i)) != NULL; i++) {
		for (size_t k = 0; k < key_use_count(object); k++) {
			CLEANUP(key_use_done) struct key_use use = {.method = NULL};

			TRY(key_use_make(object, k, &use));
			if (use.method)
				TRY(fn(life, &use));
		}
	}
	return KC_OK;
}

/* --- PINs
 * --------------------------------------------------------------------------------------------- */

static enum kc_status ask_for_tries(struct life *life)
{
	TRY(exercise_call(life, "PinStatus", NULL, LATER, NOBODY));
	return exercise_has_answered(life) ? keep(life, "tries_left") : KC_OK;
}

static enum kc_status change_pin(struct life *life, const char *pin_id)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	TRY(field_new_object(&parameters));
	TRY(field_put_text(parameters, "pin_id", pin_id));
	TRY(field_put_text(parameters, "current", life->exercise->pin));
	TRY(field_put_text(parameters, "new", life->exercise->new_pin));
	return exercise_call(life, "ChangePin", take(parameters), LATER, ALICE);
}

static enum kc_status unblock_pin(struct life *life, const char *pin_id, const char *by)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	TRY(field_new_object(&parameters));
	TRY(field_put_text(parameters, "pin_id", pin_id));
	TRY(field_put_text(parameters, "by", by));
	TRY(field_put_text(parameters, "unblocking", life->exercise->pin));
	TRY(field_put_text(parameters, "new", life->exercise->new_pin));
	return exercise_call(life, "UnblockPin", take(parameters), LATER, ALICE);
}

static enum kc_status with_each_pin(struct life *life)
{
	struct json_object *pins = field_get(life->exercise->token, "pins");

	for (size_t i = 0; pins && i < json_object_array_length(pins); i++) {
		struct json_object *pin = json_object_array_get_idx(pins, i);
		struct json_object *by = field_get(pin, "unblocked_by");

		TRY(change_pin(life, field_text(pin, "pin_id")));
		for (size_t k = 0; by && k < json_object_array_length(by); k++)
			TRY(unblock_pin(life, field_text(pin, "pin_id"),
					json_object_get_string(json_object_array_get_idx(by, k))));
	}
	return KC_OK;
}

/* --- all of it
 * ------------------------------------------------------------------------------------------ */

/* Only what was recorded, and what needs no card. */
static enum kc_status exercise_faithfully(struct life *life)
{
	const struct recording *recording = life->exercise->player->recording;

	if (recording && recording_has_instruction(recording, INS_VERIFY))
		TRY(ask_for_tries(life));
	return use_recorded(life);
}

static enum kc_status exercise_all(struct life *life)
{
	TRY(ask_for_tries(life));
	TRY(with_each_key(life, use_unproved));
	TRY(with_each_key(life, use_proved));
	TRY(with_each_pin(life));
	return exercise_write_run(life);
}

static enum kc_status live(struct life *life)
{
	TRY(open_token(life));
	if (!field_get(life->exercise->token, "objects"))
		return KC_OK;
	return life->exercise->is_faithful ? exercise_faithfully(life) : exercise_all(life);
}

static void end_life(struct life *life)
{
	struct findings_place place = exercise_place(life, NULL);
	char why[BENCH_WHY_MAX];

	bench_end(&life->bench, why);
	if (!life->is_over && why[0])
		findings_add(life->exercise->findings, &place, "crash",
			     "when the daemon was done with it: %s", why);
	bench_reply_done(&life->reply);
}

enum kc_status exercise_run(struct exercise *exercise)
{
	struct life life = {.exercise = exercise};
	enum kc_status status = KC_OK;

	field_free(&exercise->token);
	TRY(field_new_object(&exercise->token));
	TRY(bench_start(exercise->settings, exercise->player, &life.bench));
	status = live(&life);
	end_life(&life);
	return status;
}
