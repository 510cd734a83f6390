/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * org.keycask.Items.CopyMatching. A caller that takes several replies gets the items page by page,
 * each made when the one before has been taken: neither a long list nor a slow reader costs the
 * daemon more memory than a page, and between two pages everybody else has their turn.
 */
#include "base/try.h"
#include "daemon/calls.h"
#include "daemon/item_call.h"
#include "wire/message.h"

enum {
	/* Beside the items in a reply: "parameters", "items", "continues". */
	ENVELOPE_BYTES = 256,
	ENVELOPE_VALUES = 16,
	PAGE_BYTES = 256 * 1024,
	PAGE_VALUES = WIRE_VALUES_MAX / 2,
	PAGE_ROWS = 1024,
};

_Static_assert(ENGINE_ITEM_MAX + ENVELOPE_BYTES <= WIRE_MESSAGE_MAX,
	       "an item that the engine gives fits into a reply");

/* --- in one reply -------------------------------------------------------------------------- */

static enum kc_status copy_all(struct item_call *call, struct engine_request *request)
{
	static const struct engine_page page = {
		.bytes_max = WIRE_MESSAGE_MAX - ENVELOPE_BYTES,
		.values_max = WIRE_VALUES_MAX - ENVELOPE_VALUES,
	};
	struct engine_cursor cursor = {0};

	TRY(engine_copy_page(call->daemon->engine, request, call->dictionary, &page, &cursor,
			     &call->result));
	if (!cursor.is_at_end) {
		error_set_hint("take several replies (\"more\"), or fewer items with match_limit");
		return fail(KC_ERR_PARAM, "more items match than one answer can hold");
	}
	call->cursor = cursor;
	return KC_OK;
}

/* --- in several ---------------------------------------------------------------------------- */

static enum kc_status copy_page(struct item_call *call, struct engine_request *request)
{
	static const struct engine_page page = {
		.bytes_max = PAGE_BYTES, .values_max = PAGE_VALUES, .rows_max = PAGE_ROWS};

	return engine_copy_page(call->daemon->engine, request, call->dictionary, &page,
				&call->cursor, &call->result);
}

static void on_drained(void *userdata)
{
	proof_again(userdata);
}

/* A page in which nothing matches is not worth a reply. */
static enum kc_status send_page(struct item_call *call)
{
	struct json_object *reply = NULL;

	if (json_object_array_length(call->result) == 0)
		return KC_OK;
	TRY(item_call_reply(call, &reply));
	wire_call_continue(call->call, reply);
	return KC_OK;
}

static enum kc_status goes_on(void *details, struct proof *proof, bool *ret_goes_on)
{
	struct item_call *call = details;

	*ret_goes_on = !call->cursor.is_at_end;
	if (call->cursor.is_at_end)
		return KC_OK;
	TRY(send_page(call));
	wire_call_on_drained(call->call, on_drained, proof);
	return KC_OK;
}

void item_calls_copy_matching(struct wire_call *call)
{
	static const struct item_verb at_once = {
		.dictionary = "query", .result = "items", .may_skip = true, .run = copy_all};
	static const struct item_verb in_pages = {.dictionary = "query",
						  .result = "items",
						  .may_skip = true,
						  .run = copy_page,
						  .goes_on = goes_on};
	bool wants_more = wire_call_wants_more(call);

	if (wants_more)
		wire_call_will_end(call);
	item_call_begin(call, wants_more ? &in_pages : &at_once, item_call_proceed);
}
