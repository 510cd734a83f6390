/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which of the secrets that a call brings are which PIN. */
#include "daemon/pin_fields.h"

#include "base/try.h"
#include "codec/utf8.h"
#include "daemon/secret_fields.h"

enum {
	PIN_BYTES_MAX = 255,
};

enum place {
	PLACE_CURRENT,
	PLACE_UNBLOCKING,
	PLACE_NEW,
};

static const struct secret_fields_rules rules = {
	.names = {[PLACE_CURRENT] = "current",
		  [PLACE_UNBLOCKING] = "unblocking",
		  [PLACE_NEW] = "new"},
	.noun = "PIN",
	.bytes_max = PIN_BYTES_MAX,
};

void pin_fields_done(struct pin_fields *fields)
{
	secret_done(&fields->guard);
	secret_done(&fields->new_pin);
}

struct secret *pin_fields_guard(struct pin_fields *fields)
{
	return fields->has_guard ? &fields->guard : NULL;
}

struct secret *pin_fields_new(struct pin_fields *fields)
{
	return fields->has_new ? &fields->new_pin : NULL;
}

/* "pin" may be a whole file: no zero byte ends it. */
static enum kc_status take_pin(struct wire_call *call, struct pin_fields *fields)
{
	CLEANUP(secret_done) struct secret pin = {0};
	struct json_object *parameters = wire_call_parameters(call);
	struct json_object *text = field_get(parameters, "pin");

	if (!text && !field_get(parameters, "pin_fd"))
		return KC_OK;
	if (!text) {
		REQUIRE(field_number(parameters, "pin_fd", -1) == 0, KC_ERR_PARAM,
			"pin_fd must be 0");
		TRY(secret_fields_read(call, "pin_fd", PIN_BYTES_MAX + 1, &pin));
	} else {
		REQUIRE(!field_get(parameters, "pin_fd"), KC_ERR_PARAM,
			"give either pin or pin_fd");
		TRY(secret_init(&pin, view_of(json_object_get_string(text),
					      (size_t)json_object_get_string_len(text))));
	}
	REQUIRE(pin.len <= PIN_BYTES_MAX && utf8_is_text(secret_view(&pin)), KC_ERR_PARAM,
		"the PIN is not text of up to %d bytes", PIN_BYTES_MAX);
	fields->guard = secret_take(&pin);
	fields->has_guard = true;
	return KC_OK;
}
