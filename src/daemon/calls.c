/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How handlers begin and end. */
#include "daemon/calls.h"

#include "base/try.h"

enum {
	REFERENCE_MAX = 1024,
};

enum kc_status calls_find_key(struct wire_call *call, struct engine_key *ret_key)
{
	CLEANUP(bytes_done) struct bytes reference = BYTES_INIT(REFERENCE_MAX);
	struct daemon *daemon = wire_call_context(call);

	TRY(field_data(wire_call_parameters(call), "key", &reference));
	return engine_find_key(daemon->engine, bytes_view(&reference), ret_key);
}

static enum kc_status make_reply(const char *name, struct json_object *value,
				 struct json_object **ret_reply)
{
	CLEANUP(field_free) struct json_object *reply = NULL;
	CLEANUP(field_free) struct json_object *taken = value;

	TRY(field_new_object(&reply));
	TRY(field_put(reply, name, take(taken)));
	*ret_reply = take(reply);
	return KC_OK;
}

void calls_answer(struct wire_call *call, enum kc_status status, const char *name,
		  struct json_object *value)
{
	struct json_object *reply = NULL;

	if (status == KC_OK)
		status = make_reply(name, value, &reply);
	if (status == KC_OK)
		wire_call_reply(call, reply);
	else
		wire_call_fail(call, status);
}
