/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.keycask.Keys.Forget: a key of this connection ends before the connection does. */
#include "base/error.h"
#include "base/try.h"
#include "daemon/calls.h"
#include "daemon/client.h"
#include "daemon/key_lookup.h"
#include "daemon/session_keys.h"
#include "wire/field.h"

static enum kc_status forget(struct wire_call *call)
{
	CLEANUP(bytes_done) struct bytes reference = BYTES_INIT(SESSION_KEYS_REFERENCE_MAX * 64);
	const struct session_key *key = NULL;

	TRY(field_data(wire_call_parameters(call), "key", &reference));
	REQUIRE(key_lookup_kind(bytes_view(&reference)) == KEY_LOOKUP_SESSION, KC_ERR_PARAM,
		"only keys that are not permanent are forgotten");
	TRY(key_lookup_session(call, bytes_view(&reference), &key));
	session_keys_remove(client_session_keys(wire_call_peer(call)), bytes_view(&reference));
	return KC_OK;
}

void key_forget_calls_forget(struct wire_call *call)
{
	enum kc_status status = KC_OK;

	error_clear();
	status = forget(call);
	if (status == KC_OK)
		wire_call_reply(call, NULL);
	else
		wire_call_fail(call, status);
}
