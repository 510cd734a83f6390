/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading and finding descriptions of PINs. */
#include "tokens/token_pins.h"

#include <string.h>

#include "base/log.h"
#include "base/try.h"

enum {
	LENGTH_MAX = 255,
};

static const char *const roles[] = {"user", "unblocking", "admin"};

static bool is_role(const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
		if (strcmp(text, roles[i]) == 0)
			return true;
	}
	return false;
}

static enum kc_status copy(const char *text, char *buffer, size_t size)
{
	REQUIRE(text && *text && strlen(text) < size, KC_ERR_CORRUPTED_DATA,
		"a text that is empty or too long");
	memcpy(buffer, text, strlen(text) + 1);
	return KC_OK;
}

static enum kc_status read_unblockers(struct json_object *array, struct token_pin *pin)
{
	size_t n = array ? json_object_array_length(array) : 0;

	REQUIRE(n <= TOKEN_PINS_UNBLOCKERS_MAX, KC_ERR_CORRUPTED_DATA, "%zu PINs that unblock it",
		n);
	for (; pin->n_unblocked_by < n; pin->n_unblocked_by++)
		TRY(copy(json_object_get_string(
				 json_object_array_get_idx(array, pin->n_unblocked_by)),
			 pin->unblocked_by[pin->n_unblocked_by], TOKEN_PINS_ID_BYTES));
	return KC_OK;
}

static enum kc_status read_pin(struct json_object *source, struct token_pin *ret_pin)
{
	int64_t min = field_number(source, "min_length", -1);
	int64_t max = field_number(source, "max_length", -1);
	struct token_pin pin = {.is_numeric = field_flag(source, "is_numeric", false)};

	TRY(copy(field_text(source, "pin_id"), pin.pin_id, sizeof(pin.pin_id)));
	TRY(copy(field_text(source, "label"), pin.label, sizeof(pin.label)));
	TRY(copy(field_text(source, "role"), pin.role, sizeof(pin.role)));
	REQUIRE(is_role(pin.role), KC_ERR_CORRUPTED_DATA, "the role \"%s\"", pin.role);
	REQUIRE(min >= 0 && min <= max && max > 0 && max <= LENGTH_MAX, KC_ERR_CORRUPTED_DATA,
		"lengths from %lld to %lld", (long long)min, (long long)max);
	pin.min_length = (unsigned)min;
	pin.max_length = (unsigned)max;
	TRY(read_unblockers(field_get(source, "unblocked_by"), &pin));
	*ret_pin = pin;
	return KC_OK;
}

void token_pins_read(struct json_object *array, struct token_pins *ret_pins)
{
	size_t n = array ? json_object_array_length(array) : 0;
	struct token_pins pins = {.n_pins = 0};

	for (size_t i = 0; i < n && pins.n_pins < TOKEN_PINS_MAX; i++) {
		error_clear();
		if (read_pin(json_object_array_get_idx(array, i), &pins.pins[pins.n_pins]) == KC_OK)
			pins.n_pins++;
		else
			log_warning("a PIN is left out: %s", error_get()->message);
	}
	*ret_pins = pins;
}

static const struct token_pin *find_id(const struct token_pins *pins, const char *pin_id)
{
	for (size_t i = 0; i < pins->n_pins; i++) {
		if (strcmp(pins->pins[i].pin_id, pin_id) == 0)
			return &pins->pins[i];
	}
	return NULL;
}

const struct token_pin *token_pins_find(const struct token_pins *pins, const char *name)
{
	const struct token_pin *named = name ? find_id(pins, name) : NULL;
	const char *role = name ? name : "user";

	for (size_t i = 0; i < pins->n_pins && !named; i++) {
		if (strcmp(pins->pins[i].role, role) == 0)
			named = &pins->pins[i];
	}
	return named;
}

const struct token_pin *token_pins_find_unblocker(const struct token_pins *pins,
						  const struct token_pin *pin, const char *by)
{
	const struct token_pin *wanted = by ? token_pins_find(pins, by) : NULL;

	for (size_t i = 0; i < pin->n_unblocked_by; i++) {
		const struct token_pin *unblocker = find_id(pins, pin->unblocked_by[i]);

		if (unblocker && (!by || unblocker == wanted))
			return unblocker;
	}
	return NULL;
}

static enum kc_status put_unblockers(const struct token_pin *pin, struct json_object *description)
{
	CLEANUP(field_free) struct json_object *names = json_object_new_array();

	REQUIRE(names, KC_ERR_ALLOCATE, "out of memory");
	for (size_t i = 0; i < pin->n_unblocked_by; i++)
		TRY(field_append_text(names, pin->unblocked_by[i]));
	return field_put(description, "unblocked_by", take(names));
}

enum kc_status token_pins_describe(const struct token_pin *pin,
				   struct json_object **ret_description)
{
	CLEANUP(field_free) struct json_object *description = NULL;

	TRY(field_new_object(&description));
	TRY(field_put_text(description, "pin_id", pin->pin_id));
	TRY(field_put_text(description, "label", pin->label));
	TRY(field_put_text(description, "role", pin->role));
	TRY(field_put_number(description, "min_length", pin->min_length));
	TRY(field_put_number(description, "max_length", pin->max_length));
	TRY(field_put_flag(description, "is_numeric", pin->is_numeric));
	TRY(put_unblockers(pin, description));
	*ret_description = take(description);
	return KC_OK;
}
