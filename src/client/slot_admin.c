/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What people do to slots: reset, look anew, ask who has the card. */
#include <keycask/smartcard.h>

#include "base/try.h"
#include "client/convert.h"
#include "client/line.h"

enum {
	RESET_WAITS_MS = 60 * 1000,
	RESET_MARGIN_MS = 60 * 1000, /* the reset itself, by a slow reader */
};

static enum kc_status new_parameters(const char *slot_name, struct json_object **ret_parameters)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	REQUIRE(slot_name && *slot_name, KC_ERR_PARAM, "no slot");
	TRY(field_new_object(&parameters));
	TRY(field_put_text(parameters, "slot", slot_name));
	*ret_parameters = take(parameters);
	return KC_OK;
}

static enum kc_status ask(const char *method, struct json_object *parameters, int timeout_ms,
			  struct json_object **ret_answer)
{
	struct line_call call = {.method = method,
				 .parameters = parameters,
				 .descriptor = -1,
				 .timeout_ms = timeout_ms};

	return line_call(&call, ret_answer);
}

enum kc_status kc_slot_reset(const char *slot_name, int timeout_ms, bool force)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(field_free) struct json_object *answer = NULL;
	int waits_ms = timeout_ms < 0 ? RESET_WAITS_MS : timeout_ms;

	error_clear();
	TRY(new_parameters(slot_name, &parameters));
	TRY(field_put_number(parameters, "timeout_ms", waits_ms > 0 ? waits_ms : 1));
	TRY(field_put_flag(parameters, "force", force));
	return ask("org.keycask.Slots.Reset", take(parameters), waits_ms + RESET_MARGIN_MS,
		   &answer);
}

enum kc_status kc_slot_reprobe(const char *slot_name)
{
	CLEANUP(field_free) struct json_object *answer = NULL;
	struct json_object *parameters = NULL;

	error_clear();
	TRY(new_parameters(slot_name, &parameters));
	return ask("org.keycask.Slots.Reprobe", parameters, RESET_WAITS_MS, &answer);
}

enum kc_status kc_slot_holders(const char *slot_name, struct kc_value **ret_holders)
{
	CLEANUP(field_free) struct json_object *answer = NULL;
	struct json_object *parameters = NULL;

	error_clear();
	TRY(new_parameters(slot_name, &parameters));
	TRY(ask("org.keycask.Slots.WhoHolds", parameters, LINE_QUERY_MS, &answer));
	REQUIRE(json_object_is_type(field_get(answer, "holders"), json_type_array), KC_ERR_INTERNAL,
		"the daemon's answer has no list of holders");
	return convert_from_json(NULL, field_get(answer, "holders"), ret_holders);
}
