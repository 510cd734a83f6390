/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.keycask.Items: from the wire to the engine, which needs nothing else. */
#include "base/error.h"
#include "daemon/calls.h"

void item_calls_copy_matching(struct wire_call *call)
{
	struct daemon *daemon = wire_call_context(call);
	struct json_object *items = NULL;
	enum kc_status status = KC_OK;

	error_clear();
	status = engine_copy_matching(daemon->engine,
				      field_get(wire_call_parameters(call), "query"), &items);
	calls_answer(call, status, "items", items);
}
