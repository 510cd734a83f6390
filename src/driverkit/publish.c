/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Types Object and Pin of protocol/org.keycask.Driver.varlink, written. */
#include "driverkit/publish.h"

#include "base/cleanup.h"
#include "base/try.h"

static struct kc_view view_of_bytes(const struct kc_bytes *bytes)
{
	return view_of(bytes->data, bytes->len);
}

static const char *type_name(enum kc_key_type type)
{
	switch (type) {
	case KC_KEY_TYPE_RSA:
		return "rsa";
	case KC_KEY_TYPE_EC:
		return "ec";
	case KC_KEY_TYPE_ED25519:
		return "ed25519";
	case KC_KEY_TYPE_X25519:
		return "x25519";
	}
	return "other";
}

static const char *constraint_name(enum kc_constraint constraint)
{
	switch (constraint) {
	case KC_CONSTRAINT_NONE:
		return "none";
	case KC_CONSTRAINT_PIN:
		return "pin";
	case KC_CONSTRAINT_PIN_ALWAYS:
		return "pin_always";
	}
	return "pin_always";
}

static enum kc_status put_key_fields(const struct contents_object *key, struct json_object *out)
{
	if (key->certificate_id.len > 0)
		TRY(field_put_data(out, "certificate_id", view_of_bytes(&key->certificate_id)));
	if (key->public_key.len > 0)
		TRY(field_put_data(out, "public_key", view_of_bytes(&key->public_key)));
	TRY(field_put_text(out, "key_type", type_name(key->type)));
	TRY(field_put_number(out, "key_size_in_bits", key->size_in_bits));
	return field_put_text(out, "constraint", constraint_name(key->constraint));
}

/* *ret_array is @out's. */
static enum kc_status put_array(struct json_object *out, const char *name,
				struct json_object **ret_array)
{
	struct json_object *array = json_object_new_array();

	REQUIRE(array, KC_ERR_ALLOCATE, "out of memory");
	TRY(field_put(out, name, array));
	*ret_array = array;
	return KC_OK;
}

static enum kc_status put_algorithms(const struct contents_object *object, struct json_object *out)
{
	struct json_object *array = NULL;

	TRY(put_array(out, "algorithms", &array));
	for (size_t i = 0; i < object->n_algorithms; i++)
		TRY(field_append_text(array, object->algorithms[i]));
	return KC_OK;
}

enum kc_status publish_object(const struct contents_object *object, struct json_object *out)
{
	TRY(field_put_text(out, "kind", object->is_key ? "key" : "certificate"));
	TRY(field_put_data(out, "object_id", view_of_bytes(&object->object_id)));
	TRY(field_put_text(out, "label", object->label));
	if (object->is_key)
		TRY(put_key_fields(object, out));
	else
		TRY(field_put_data(out, "data", view_of_bytes(&object->data)));
	TRY(put_algorithms(object, out));
	TRY(field_put_flag(out, "can_sign", object->can_sign));
	TRY(field_put_flag(out, "can_decrypt", object->can_decrypt));
	TRY(field_put_flag(out, "can_derive", object->can_derive));
	return object->needs_touch ? field_put_flag(out, "needs_touch", true) : KC_OK;
}

static const char *role_name(enum kc_pin_role role)
{
	switch (role) {
	case KC_PIN_ROLE_USER:
		return "user";
	case KC_PIN_ROLE_UNBLOCKING:
		return "unblocking";
	case KC_PIN_ROLE_ADMIN:
		return "admin";
	}
	return "admin";
}

static enum kc_status put_pin(const struct contents_pin *pin, struct json_object *out)
{
	struct json_object *unblocked_by = NULL;

	TRY(put_array(out, "unblocked_by", &unblocked_by));
	for (size_t i = 0; i < pin->n_unblocked_by; i++)
		TRY(field_append_text(unblocked_by, pin->unblocked_by[i]));
	TRY(field_put_text(out, "pin_id", pin->pin_id));
	TRY(field_put_text(out, "label", pin->label));
	TRY(field_put_text(out, "role", role_name(pin->role)));
	TRY(field_put_number(out, "min_length", pin->min_length));
	TRY(field_put_number(out, "max_length", pin->max_length));
	return field_put_flag(out, "is_numeric", pin->is_numeric);
}

static enum kc_status put_objects(const struct kc_contents *contents, struct json_object *array)
{
	for (size_t i = 0; i < contents->n_objects; i++) {
		CLEANUP(field_free) struct json_object *object = NULL;

		TRY(field_new_object(&object));
		TRY(publish_object(&contents->objects[i], object));
		TRY(field_append(array, take(object)));
	}
	return KC_OK;
}

static enum kc_status put_pins(const struct kc_contents *contents, struct json_object *array)
{
	for (size_t i = 0; i < contents->n_pins; i++) {
		CLEANUP(field_free) struct json_object *pin = NULL;

		TRY(field_new_object(&pin));
		TRY(put_pin(&contents->pins[i], pin));
		TRY(field_append(array, take(pin)));
	}
	return KC_OK;
}

enum kc_status publish_contents(const struct kc_contents *contents, struct json_object *reply)
{
	struct json_object *objects = NULL;
	struct json_object *pins = NULL;

	TRY(put_array(reply, "objects", &objects));
	TRY(put_objects(contents, objects));
	TRY(put_array(reply, "pins", &pins));
	return put_pins(contents, pins);
}
