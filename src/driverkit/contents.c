/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list a driver fills: copied, bounded, without two objects of one name. */
#include "driverkit/contents.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/try.h"

static void object_done(struct contents_object *object)
{
	kc_bytes_free(&object->object_id);
	kc_bytes_free(&object->data);
	kc_bytes_free(&object->certificate_id);
	kc_bytes_free(&object->public_key);
	free(object->label);
	for (size_t i = 0; i < object->n_algorithms; i++)
		free(object->algorithms[i]);
	*object = (struct contents_object){0};
}

static void pin_done(struct contents_pin *pin)
{
	free(pin->pin_id);
	free(pin->label);
	for (size_t i = 0; i < pin->n_unblocked_by; i++)
		free(pin->unblocked_by[i]);
	*pin = (struct contents_pin){0};
}

void contents_done(struct kc_contents *contents)
{
	for (size_t i = 0; i < contents->n_pins; i++)
		pin_done(&contents->pins[i]);
	for (size_t i = 0; i < contents->n_objects; i++)
		object_done(&contents->objects[i]);
	free(contents->objects);
	*contents = (struct kc_contents){0};
}

static struct kc_view id_of(const struct contents_object *object)
{
	return view_of(object->object_id.data, object->object_id.len);
}

static struct contents_object *find(const struct kc_contents *contents, bool is_key,
				    struct kc_view object_id)
{
	for (size_t i = 0; i < contents->n_objects; i++) {
		struct contents_object *object = &contents->objects[i];

		if (object->is_key == is_key && view_equal(id_of(object), object_id))
			return object;
	}
	return NULL;
}

const struct contents_object *contents_find_key(const struct kc_contents *contents,
						struct kc_view object_id)
{
	return find(contents, true, object_id);
}

const struct contents_object *contents_find_certificate(const struct kc_contents *contents,
							struct kc_view object_id)
{
	return find(contents, false, object_id);
}

const struct contents_pin *contents_find_pin(const struct kc_contents *contents, const char *pin_id)
{
	for (size_t i = 0; i < contents->n_pins; i++) {
		if (strcmp(contents->pins[i].pin_id, pin_id) == 0)
			return &contents->pins[i];
	}
	return NULL;
}

bool contents_is_unblocked_by(const struct contents_pin *pin, const char *pin_id)
{
	for (size_t i = 0; i < pin->n_unblocked_by; i++) {
		if (strcmp(pin->unblocked_by[i], pin_id) == 0)
			return true;
	}
	return false;
}

bool contents_has_algorithm(const struct contents_object *key, const char *algorithm)
{
	for (size_t i = 0; i < key->n_algorithms; i++) {
		if (strcmp(key->algorithms[i], algorithm) == 0)
			return true;
	}
	return false;
}

static enum kc_status copy_bytes(struct kc_view view, size_t max, struct kc_bytes *ret_copy)
{
	CLEANUP(bytes_done) struct bytes copy = BYTES_INIT(max);

	TRY(bytes_append(&copy, view));
	*ret_copy = bytes_take(&copy);
	return KC_OK;
}

static enum kc_status copy_text(const char *text, char **ret_copy)
{
	char *copy = strndup(text, CONTENTS_LABEL_MAX);

	REQUIRE(copy, KC_ERR_ALLOCATE, "out of memory");
	*ret_copy = copy;
	return KC_OK;
}

static enum kc_status copy_algorithms(struct contents_object *object, const char *const *names)
{
	for (; names && *names; names++) {
		REQUIRE(object->n_algorithms < CONTENTS_ALGORITHMS_MAX, KC_ERR_BAD_PARAMETER,
			"a key with more than %d algorithms", CONTENTS_ALGORITHMS_MAX);
		TRY(copy_text(*names, &object->algorithms[object->n_algorithms]));
		object->n_algorithms++;
	}
	return KC_OK;
}

static enum kc_status copy_names(struct contents_object *object, struct kc_view object_id,
				 const char *label)
{
	REQUIRE(object_id.len > 0, KC_ERR_BAD_PARAMETER, "an object without an ID");
	TRY(copy_bytes(object_id, CONTENTS_ID_MAX, &object->object_id));
	return copy_text(label, &object->label);
}

/* Takes the content of @object when it returns KC_OK. */
static enum kc_status add(struct kc_contents *contents, struct contents_object *object)
{
	struct contents_object *grown = NULL;

	REQUIRE(contents->n_objects < CONTENTS_OBJECTS_MAX &&
			object->data.len <= CONTENTS_BYTES_MAX - contents->n_bytes,
		KC_ERR_BAD_PARAMETER, "more objects than one token may publish");
	REQUIRE(!find(contents, object->is_key, id_of(object)), KC_ERR_BAD_PARAMETER,
		"two objects with one ID");
	grown = reallocarray(contents->objects, contents->n_objects + 1, sizeof(*grown));
	REQUIRE(grown, KC_ERR_ALLOCATE, "out of memory");
	contents->objects = grown;
	contents->n_bytes += object->data.len;
	grown[contents->n_objects++] = *object;
	*object = (struct contents_object){0};
	return KC_OK;
}

enum kc_status kc_contents_add_certificate(struct kc_contents *contents, struct kc_view object_id,
					   const char *label, struct kc_view der)
{
	CLEANUP(object_done) struct contents_object object = {.is_key = false};

	TRY(copy_names(&object, object_id, label));
	TRY(copy_bytes(der, CONTENTS_BYTES_MAX, &object.data));
	return add(contents, &object);
}

static enum kc_status copy_key(struct contents_object *object, const struct kc_key_description *key)
{
	object->type = key->type;
	object->size_in_bits = key->size_in_bits;
	object->constraint = key->constraint;
	object->pin_scope = key->pin_scope;
	object->can_sign = key->can_sign;
	object->can_decrypt = key->can_decrypt;
	object->can_derive = key->can_derive;
	object->needs_touch = key->needs_touch;
	REQUIRE(key->pin_scope < KC_PIN_SCOPES, KC_ERR_BAD_PARAMETER, "a key with PIN scope %u",
		key->pin_scope);
	TRY(copy_names(object, key->object_id, key->label));
	TRY(copy_bytes(key->certificate_id, CONTENTS_ID_MAX, &object->certificate_id));
	TRY(copy_bytes(key->public_key, CONTENTS_PUBLIC_KEY_MAX, &object->public_key));
	return copy_algorithms(object, key->algorithms);
}

enum kc_status kc_contents_add_key(struct kc_contents *contents,
				   const struct kc_key_description *key)
{
	CLEANUP(object_done) struct contents_object object = {.is_key = true};

	TRY(copy_key(&object, key));
	return add(contents, &object);
}

enum kc_status kc_contents_replace_key(struct kc_contents *contents,
				       const struct kc_key_description *key)
{
	CLEANUP(object_done) struct contents_object object = {.is_key = true};
	struct contents_object *place = find(contents, true, key->object_id);

	REQUIRE(place, KC_ERR_OBJECT_NOT_FOUND, "no key to replace");
	TRY(copy_key(&object, key));
	object_done(place);
	*place = object;
	object = (struct contents_object){0};
	return KC_OK;
}

enum kc_status kc_contents_remove_key(struct kc_contents *contents, struct kc_view object_id)
{
	struct contents_object *place = find(contents, true, object_id);
	size_t behind = 0;

	REQUIRE(place, KC_ERR_OBJECT_NOT_FOUND, "no key to take back");
	behind = (size_t)(contents->objects + contents->n_objects - place) - 1;
	object_done(place);
	memmove(place, place + 1, behind * sizeof(*place));
	contents->n_objects--;
	return KC_OK;
}

static enum kc_status copy_unblockers(struct contents_pin *pin, const char *const *pin_ids)
{
	for (; pin_ids && *pin_ids; pin_ids++) {
		REQUIRE(pin->n_unblocked_by < CONTENTS_UNBLOCKERS_MAX, KC_ERR_BAD_PARAMETER,
			"a PIN unblocked by more than %d", CONTENTS_UNBLOCKERS_MAX);
		TRY(copy_text(*pin_ids, &pin->unblocked_by[pin->n_unblocked_by]));
		pin->n_unblocked_by++;
	}
	return KC_OK;
}

enum kc_status kc_contents_add_pin(struct kc_contents *contents,
				   const struct kc_pin_description *pin)
{
	CLEANUP(pin_done)
	struct contents_pin copy = {.role = pin->role,
				    .min_length = pin->min_length,
				    .max_length = pin->max_length,
				    .is_numeric = pin->is_numeric};

	REQUIRE(contents->n_pins < CONTENTS_PINS_MAX, KC_ERR_BAD_PARAMETER,
		"more PINs than one token may have");
	REQUIRE(pin->pin_id[0] && !contents_find_pin(contents, pin->pin_id), KC_ERR_BAD_PARAMETER,
		"two PINs with one ID, or one without");
	TRY(copy_text(pin->pin_id, &copy.pin_id));
	TRY(copy_text(pin->label, &copy.label));
	TRY(copy_unblockers(&copy, pin->unblocked_by));
	contents->pins[contents->n_pins++] = copy;
	copy = (struct contents_pin){0};
	return KC_OK;
}
