/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.keycask.Items: from the wire to the engine, which needs nothing else. */
#include "base/try.h"
#include "daemon/calls.h"

void item_calls_copy_matching(struct wire_call *call)
{
	struct daemon *daemon = wire_call_context(call);
	struct engine_request request = calls_request(call);
	struct json_object *items = NULL;
	enum kc_status status = KC_OK;

	error_clear();
	status = engine_copy_matching(daemon->engine, &request,
				      field_get(wire_call_parameters(call), "query"), &items);
	engine_need_done(&request.need);
	calls_answer(call, status, "items", items);
}

void item_calls_add(struct wire_call *call)
{
	error_clear();
	wire_call_fail(call, fail(KC_ERR_UNIMPLEMENTED, "not built yet"));
}

void item_calls_update(struct wire_call *call)
{
	error_clear();
	wire_call_fail(call, fail(KC_ERR_UNIMPLEMENTED, "not built yet"));
}

void item_calls_delete(struct wire_call *call)
{
	error_clear();
	wire_call_fail(call, fail(KC_ERR_UNIMPLEMENTED, "not built yet"));
}
