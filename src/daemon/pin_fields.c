/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which of the secrets that a call brings are which PIN. */
#include "daemon/pin_fields.h"

#include "base/try.h"
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

/* A descriptor has the secret and nothing else. */
static enum kc_status take_alone(struct wire_call *call, const char *name, const char *fd_name,
				 struct pin_fields *fields)
{
	CLEANUP(secret_done) struct secret content = {0};
	struct json_object *parameters = wire_call_parameters(call);
	struct json_object *text = field_get(parameters, name);
	bool has_file = field_get(parameters, fd_name) != NULL;

	if (!has_file && !text)
		return KC_OK;
	if (has_file) {
		REQUIRE(!text && field_number(parameters, fd_name, -1) == 0, KC_ERR_PARAM,
			"give either %s or %s, which must be 0", name, fd_name);
		TRY(secret_fields_read(call, fd_name, PIN_BYTES_MAX + 1, &content));
		TRY(secret_fields_copy(&rules, secret_view(&content), &fields->guard));
	} else {
		TRY(secret_fields_copy(&rules, secret_fields_text(text), &fields->guard));
	}
	fields->has_guard = true;
	return KC_OK;
}

/* One of three may be what must be right. */
static enum kc_status take_guard(struct secret_fields *others, struct pin_fields *fields)
{
	for (size_t i = PLACE_CURRENT; i <= PLACE_UNBLOCKING; i++) {
		if (!others->is_there[i])
			continue;
		REQUIRE(!fields->has_guard, KC_ERR_PARAM, "\"%s\" is given twice", rules.names[i]);
		fields->guard = secret_take(&others->values[i]);
		fields->has_guard = true;
	}
	return KC_OK;
}

enum kc_status pin_fields_take(struct wire_call *call, struct pin_fields *ret_fields)
{
	CLEANUP(pin_fields_done) struct pin_fields fields = {.has_guard = false};
	CLEANUP(secret_fields_done) struct secret_fields others = {.is_there = {false}};

	TRY(take_alone(call, "pin", "pin_fd", &fields));
	TRY(take_alone(call, "administrator", "administrator_fd", &fields));
	TRY(secret_fields_take(call, &rules, &others));
	TRY(take_guard(&others, &fields));
	fields.has_new = others.is_there[PLACE_NEW];
	fields.new_pin = secret_take(&others.values[PLACE_NEW]);
	*ret_fields = fields;
	fields = (struct pin_fields){.has_guard = false};
	return KC_OK;
}
