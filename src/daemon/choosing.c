/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One thing at a time, and again from the top after each answer of keycask-x509: the issuers that
 * are wished for, the next identity, its facts, those of its issuers, the judgement. After some
 * identities whoever else waits has a turn.
 */
#include "daemon/choosing.h"

#include <stdlib.h>

#include "base/try.h"
#include "daemon/choosing_impl.h"

enum {
	ROWS_PER_TURN = 32,
	/* Of a message of a MiB: certificate and chain of the longest kind still fit. */
	FIT_BYTES_MAX = 640 * 1024,
	LEFT_OUT_BYTES_MAX = 160 * 1024,
};

static struct choosing *choosing_free(struct choosing *choosing)
{
	if (!choosing)
		return NULL;
	inspector_cancel(choosing->inspection);
	choosing->turn = sd_event_source_disable_unref(choosing->turn);
	roster_entry_done(&choosing->entry);
	field_free(&choosing->facts);
	field_free(&choosing->issuers);
	issuer_pool_done(&choosing->pool);
	shortlist_done(&choosing->fit);
	shortlist_done(&choosing->left_out);
	free(choosing);
	return NULL;
}
DEFINE_FREEP(choosing)

void choosing_drop_entry(struct choosing *choosing)
{
	roster_entry_done(&choosing->entry);
	field_free(&choosing->facts);
	choosing->has_entry = false;
	choosing->n_in_turn++;
}

/* --- steps --------------------------------------------------------------------------------- */

static enum kc_status answer(struct choosing *choosing)
{
	CLEANUP(field_free) struct json_object *reply = NULL;
	struct json_object *identities = NULL;
	struct json_object *left_out = NULL;
	size_t n_omitted = choosing->fit.n_dropped + choosing->left_out.n_dropped;

	TRY(field_new_object(&reply));
	TRY(shortlist_take(&choosing->fit, &identities));
	TRY(field_put(reply, "identities", identities));
	TRY(shortlist_take(&choosing->left_out, &left_out));
	TRY(field_put(reply, "left_out", left_out));
	TRY(field_put_number(reply, "omitted", (int64_t)n_omitted));
	wire_call_on_gone(choosing->call, NULL, NULL);
	wire_call_reply(choosing->call, take(reply));
	ignore(choosing_free(choosing) != NULL);
	return KC_OK;
}

static int on_turn(sd_event_source *source, void *userdata)
{
	struct choosing *choosing = userdata;

	(void)source;
	choosing->turn = sd_event_source_disable_unref(choosing->turn);
	choosing_resume(choosing, KC_OK);
	return 0;
}

/* Behind what has come in meanwhile. */
static enum kc_status await_turn(struct choosing *choosing)
{
	choosing->n_in_turn = 0;
	REQUIRE(sd_event_add_defer(choosing->daemon->event, &choosing->turn, on_turn, choosing) >=
			0,
		KC_ERR_ALLOCATE, "out of memory");
	REQUIRE(sd_event_source_set_priority(choosing->turn, SD_EVENT_PRIORITY_IDLE) >= 0,
		KC_ERR_INTERNAL, "no priority of an event");
	return KC_OK;
}

static enum kc_status next_entry(struct choosing *choosing)
{
	struct engine_request request = calls_request(choosing->call);
	enum kc_status status =
		roster_next(choosing->daemon->engine, &request, ROWS_PER_TURN, &choosing->cursor,
			    &choosing->entry, &choosing->has_entry);

	engine_need_done(&request.need);
	choosing->n_in_turn += choosing->has_entry ? 0 : ROWS_PER_TURN;
	return status;
}

static enum kc_status look_at_entry(struct choosing *choosing)
{
	CLEANUP(chain_done) struct chain chain = {.certificates = NULL};
	const char *missing = NULL;

	TRY(chain_find(&choosing->wish, choosing->facts, choosing->pool.pool, &chain, &missing));
	if (missing)
		return issuer_pool_load(&choosing->pool, choosing->call, missing);
	TRY(choosing_judgement_pass(choosing, &chain));
	choosing_drop_entry(choosing);
	return KC_OK;
}

static enum kc_status step(struct choosing *choosing, enum step *ret_step)
{
	const char *issuer = NULL;

	*ret_step = STEP_WAIT;
	if (choosing_facts_has_issuer(choosing))
		return choosing_facts_normalize(choosing);
	if (choosing->n_in_turn >= ROWS_PER_TURN)
		return await_turn(choosing);
	if (!choosing->has_entry && choosing->cursor.is_at_end) {
		*ret_step = STEP_DONE;
		return answer(choosing);
	}
	*ret_step = STEP_GO_ON;
	if (!choosing->has_entry)
		return next_entry(choosing);
	if (choosing->entry.state != ROSTER_OPEN) {
		TRY(choosing_judgement_unseen(choosing));
		choosing_drop_entry(choosing);
		return KC_OK;
	}
	TRY(issuer_pool_next(&choosing->pool, &issuer));
	if (issuer || !choosing->facts)
		return choosing_facts_find(choosing, ret_step);
	return look_at_entry(choosing);
}

static void end(struct choosing *choosing, enum kc_status status)
{
	struct wire_call *call = choosing->call;

	wire_call_on_gone(call, NULL, NULL);
	ignore(choosing_free(choosing) != NULL);
	wire_call_fail(call, status);
}

void choosing_resume(struct choosing *choosing, enum kc_status status)
{
	enum step next = STEP_GO_ON;

	if (status == KC_OK)
		error_clear();
	while (status == KC_OK && next == STEP_GO_ON)
		status = step(choosing, &next);
	if (status != KC_OK)
		end(choosing, status);
}

/* --- the call ------------------------------------------------------------------------------ */

static void on_gone(void *userdata)
{
	struct choosing *choosing = userdata;
	struct wire_call *call = choosing->call;

	wire_call_on_gone(call, NULL, NULL);
	ignore(choosing_free(choosing) != NULL);
	wire_call_drop(call);
}

static enum kc_status start(struct wire_call *call, struct choosing **ret_choosing)
{
	CLEANUP(choosing_freep) struct choosing *choosing = calloc(1, sizeof(*choosing));

	REQUIRE(choosing, KC_ERR_ALLOCATE, "out of memory");
	choosing->call = call;
	choosing->daemon = wire_call_context(call);
	choosing->fit = SHORTLIST_INIT(FIT_BYTES_MAX);
	choosing->left_out = SHORTLIST_INIT(LEFT_OUT_BYTES_MAX);
	TRY(choosing_wish_read(choosing));
	TRY(issuer_pool_init(&choosing->pool));
	choosing->issuers = json_object_new_array();
	REQUIRE(choosing->issuers, KC_ERR_ALLOCATE, "out of memory");
	choosing->wish.issuers = choosing->issuers;
	*ret_choosing = take(choosing);
	return KC_OK;
}

void choosing_begin(struct wire_call *call)
{
	struct choosing *choosing = NULL;
	enum kc_status status = KC_OK;

	error_clear();
	status = start(call, &choosing);
	if (status != KC_OK) {
		wire_call_fail(call, status);
		return;
	}
	wire_call_on_gone(call, on_gone, choosing);
	choosing_resume(choosing, KC_OK);
}
