/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How handlers begin and end. */
#include "daemon/calls.h"

#include <string.h>

#include "base/try.h"
#include "daemon/client.h"
#include "daemon/key_lookup.h"

struct engine_request calls_request(struct wire_call *call)
{
	const struct client *client = wire_call_peer(call);
	struct engine_request request = {.caller = {.n_groups = 0}}; /* who has gone has none */

	if (client)
		request.caller = groups_caller(client_groups(client));
	return request;
}

struct audit_entry calls_audit_entry(struct wire_call *call)
{
	const struct client *client = wire_call_peer(call);
	struct audit_entry entry = {.request = wire_call_id(call)};

	if (client) {
		entry.peer = client_peer(client);
		entry.groups = client_groups(client);
	}
	return entry;
}

enum kc_status calls_find_key_for(struct wire_call *call, enum engine_use use,
				  struct engine_request *request, struct engine_key *ret_key)
{
	CLEANUP(bytes_done) struct bytes reference = BYTES_INIT(KEY_LOOKUP_REFERENCE_MAX);

	TRY(field_data(wire_call_parameters(call), "key", &reference));
	return key_lookup_find(call, bytes_view(&reference), use, request, ret_key);
}

enum kc_status calls_find_key(struct wire_call *call, struct engine_key *ret_key)
{
	struct engine_request request = calls_request(call);
	enum kc_status status = calls_find_key_for(call, ENGINE_USE_PUBLIC, &request, ret_key);

	engine_need_done(&request.need);
	if (status != KC_ERR_AUTHENTICATION_NEEDED)
		return status;
	error_clear();
	return fail(KC_ERR_INTERACTION_NOT_ALLOWED,
		    "somebody has to agree before anything is told of this key");
}

bool calls_may_decrypt(const struct engine_key *key)
{
	return key->can_decrypt || (key->can_derive && strcmp(key->key_type, "ec") == 0);
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
