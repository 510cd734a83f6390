/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.keycask.Slots: where cards are. */
#include "base/error.h"
#include "base/try.h"
#include "daemon/calls.h"
#include "daemon/events.h"

void slot_calls_list(struct wire_call *call)
{
	struct daemon *daemon = wire_call_context(call);
	struct json_object *slots = NULL;
	enum kc_status status = KC_OK;

	error_clear();
	status = registry_list_slots(daemon->registry, &slots);
	calls_answer(call, status, "slots", slots);
}

static enum kc_status send_present(struct wire_call *call)
{
	CLEANUP(field_free) struct json_object *slots = NULL;
	struct daemon *daemon = wire_call_context(call);

	TRY(registry_list_slots(daemon->registry, &slots));
	for (size_t i = 0; i < json_object_array_length(slots); i++) {
		struct json_object *event = NULL;

		TRY(events_make_slot(json_object_array_get_idx(slots, i), &event));
		wire_call_continue(call, event);
	}
	return KC_OK;
}

void slot_calls_watch(struct wire_call *call)
{
	struct daemon *daemon = wire_call_context(call);

	broadcast_serve(&daemon->slot_watchers, call, send_present);
}
