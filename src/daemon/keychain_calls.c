/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.keycask.Keychain: how it is, and locking it. What asks for passwords is in password_calls.c.
 */
#include "base/try.h"
#include "daemon/calls.h"
#include "daemon/keychain.h"

static enum kc_status put_groups(struct wire_call *call, struct json_object *reply)
{
	CLEANUP(field_free) struct json_object *groups = json_object_new_array();
	struct engine_request request = calls_request(call);

	REQUIRE(groups, KC_ERR_ALLOCATE, "out of memory");
	for (size_t i = 0; i < request.caller.n_groups; i++)
		TRY(field_append_text(groups, request.caller.groups[i]));
	return field_put(reply, "groups", take(groups));
}

static enum kc_status put_file(const struct daemon *daemon, struct json_object *reply)
{
	struct engine_file file = engine_file(daemon->engine);
	struct keybag *keybag = engine_keybag(daemon->engine);
	char path[PATHS_MAX];

	TRY(paths_state("keychain.db", path, sizeof(path)));
	TRY(field_put_text(reply, "state",
			   keybag ? keybag_state_name(keybag_state(keybag)) : "unavailable"));
	TRY(field_put_flag(reply, "has_password", keybag && keybag_has_password(keybag)));
	TRY(field_put_flag(reply, "is_read_only", file.is_read_only));
	TRY(field_put_text(reply, "path", path));
	TRY(field_put_text(reply, "reason", file.reason));
	TRY(field_put_text(reply, "hint", file.hint));
	return field_put_number(reply, "n_unreadable", (int64_t)file.n_unreadable);
}

static enum kc_status make_state(struct wire_call *call, struct json_object **ret_reply)
{
	CLEANUP(field_free) struct json_object *reply = NULL;

	TRY(field_new_object(&reply));
	TRY(put_file(wire_call_context(call), reply));
	TRY(put_groups(call, reply));
	*ret_reply = take(reply);
	return KC_OK;
}

void keychain_calls_state(struct wire_call *call)
{
	struct json_object *reply = NULL;
	enum kc_status status = KC_OK;

	error_clear();
	status = make_state(call, &reply);
	if (status == KC_OK)
		wire_call_reply(call, reply);
	else
		wire_call_fail(call, status);
}

void keychain_calls_lock(struct wire_call *call)
{
	enum kc_status status = KC_OK;

	error_clear();
	status = keychain_lock(wire_call_context(call), call);
	if (status == KC_OK)
		wire_call_reply(call, NULL);
	else
		wire_call_fail(call, status);
}
