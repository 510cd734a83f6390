/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Replies of the watching methods. */
#include "daemon/events.h"

#include "base/try.h"

enum kc_status events_make_token(const char *event, struct json_object *token,
				 struct json_object **ret_event)
{
	CLEANUP(field_free) struct json_object *reply = NULL;

	TRY(field_new_object(&reply));
	TRY(field_put_text(reply, "event", event));
	TRY(field_put_text(reply, "token_id", field_text(token, "token_id")));
	TRY(field_put_text(reply, "slot", field_text(token, "slot")));
	TRY(field_put_text(reply, "driver", field_text(token, "driver")));
	TRY(field_put_text(reply, "label", field_text(token, "label")));
	*ret_event = take(reply);
	return KC_OK;
}

enum kc_status events_make_slot(struct json_object *slot, struct json_object **ret_event)
{
	CLEANUP(field_free) struct json_object *reply = NULL;

	TRY(field_new_object(&reply));
	TRY(field_put(reply, "slot", json_object_get(slot)));
	*ret_event = take(reply);
	return KC_OK;
}
