/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Driver objects to token items. */
#include "tokens/contents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/try.h"

enum {
	OBJECTS_MAX = 256,
	OBJECT_ID_MAX = 64,
	DER_MAX = 64 * 1024,
	HASH_BYTES = 20,
	INSTANCE_MAX = 64,
	CLASS_MAX = 64,
};

struct object {
	struct json_object *source; /* org.keycask.Driver's Object */
	struct bytes object_id;
	struct bytes der;	       /* certificate */
	struct bytes certificate_id;   /* key */
	struct json_object *inspected; /* certificate */
	bool is_certificate;
};

struct contents {
	struct object *objects;
	size_t n_objects;
	struct token_item *items;
};

struct contents *contents_free(struct contents *contents)
{
	if (!contents)
		return NULL;
	for (size_t i = 0; i < contents->n_objects; i++) {
		struct object *object = &contents->objects[i];

		field_free(&object->source);
		field_free(&object->inspected);
		bytes_done(&object->object_id);
		bytes_done(&object->der);
		bytes_done(&object->certificate_id);
	}
	free(contents->objects);
	free(contents->items);
	free(contents);
	return NULL;
}

static void contents_freep(struct contents **contents)
{
	*contents = contents_free(*contents);
}

static enum kc_status read_object(struct object *object, struct json_object *source)
{
	const char *kind = field_text(source, "kind");

	object->source = json_object_get(source);
	/* A key's ID gets the hash appended: room for it. */
	object->object_id = BYTES_INIT(OBJECT_ID_MAX + HASH_BYTES);
	object->certificate_id = BYTES_INIT(OBJECT_ID_MAX);
	object->der = BYTES_INIT(DER_MAX);
	REQUIRE(kind, KC_ERR_CORRUPTED_DATA, "the driver gives an object without kind");
	object->is_certificate = strcmp(kind, "certificate") == 0;
	TRY(field_data(source, "object_id", &object->object_id));
	REQUIRE(object->object_id.len > 0 && object->object_id.len <= OBJECT_ID_MAX,
		KC_ERR_CORRUPTED_DATA, "the driver gives an object ID of %zu bytes",
		object->object_id.len);
	TRY(field_data(source, "certificate_id", &object->certificate_id));
	return field_data(source, "data", &object->der);
}

enum kc_status contents_new(struct json_object *objects, struct contents **ret_contents)
{
	CLEANUP(contents_freep) struct contents *contents = calloc(1, sizeof(*contents));
	size_t n = objects ? json_object_array_length(objects) : 0;

	REQUIRE(contents, KC_ERR_ALLOCATE, "out of memory");
	REQUIRE(n <= OBJECTS_MAX, KC_ERR_CORRUPTED_DATA, "the driver gives %zu objects", n);
	contents->objects = calloc(n + 1, sizeof(*contents->objects));
	contents->items = calloc(n + 1, sizeof(*contents->items));
	REQUIRE(contents->objects && contents->items, KC_ERR_ALLOCATE, "out of memory");
	for (size_t i = 0; i < n; i++) {
		contents->n_objects = i + 1;
		TRY(read_object(&contents->objects[i], json_object_array_get_idx(objects, i)));
	}
	*ret_contents = take(contents);
	return KC_OK;
}

static struct object *find_certificate(const struct contents *contents, size_t index)
{
	for (size_t i = 0; i < contents->n_objects; i++) {
		if (contents->objects[i].is_certificate && index-- == 0)
			return &contents->objects[i];
	}
	return NULL;
}

bool contents_certificate(const struct contents *contents, size_t index, struct kc_view *ret_der)
{
	const struct object *object = find_certificate(contents, index);

	if (object)
		*ret_der = bytes_view(&object->der);
	return object != NULL;
}

void contents_set_inspected(struct contents *contents, size_t index, struct json_object *inspected)
{
	struct object *object = find_certificate(contents, index);

	if (object)
		object->inspected = json_object_get(inspected);
}

static const struct object *certificate_of_key(const struct contents *contents,
					       const struct object *key)
{
	for (size_t i = 0; i < contents->n_objects; i++) {
		const struct object *other = &contents->objects[i];

		if (other->is_certificate && other->inspected &&
		    view_equal(bytes_view(&other->object_id), bytes_view(&key->certificate_id)))
			return other;
	}
	return NULL;
}

/* The driver's word on type and size must be the certificate's. */
static bool is_same_key(const struct object *key, struct json_object *inspected)
{
	const char *claimed = field_text(key->source, "key_type");
	const char *found = field_text(inspected, "key_type");

	return claimed && found && strcmp(claimed, found) == 0 &&
	       field_number(key->source, "key_size_in_bits", 0) ==
		       field_number(inspected, "key_size_in_bits", -1);
}

static bool is_constraint(const char *text)
{
	return text && (strcmp(text, "none") == 0 || strcmp(text, "pin") == 0 ||
			strcmp(text, "pin_always") == 0);
}

static enum kc_status append_hash(struct object *key, struct json_object *inspected)
{
	CLEANUP(bytes_done) struct bytes hash = BYTES_INIT(HASH_BYTES);

	TRY(field_data(inspected, "public_key_hash", &hash));
	REQUIRE(hash.len == HASH_BYTES, KC_ERR_INTERNAL, "a public-key hash of %zu bytes",
		hash.len);
	return bytes_append(&key->object_id, bytes_view(&hash));
}

static enum kc_status make_key_item(const struct contents *contents, struct object *key,
				    struct token_item *item)
{
	const struct object *certificate = certificate_of_key(contents, key);
	const char *constraint = field_text(key->source, "constraint");

	REQUIRE(certificate, KC_ERR_CORRUPTED_DATA, "a key without a certificate");
	REQUIRE(is_same_key(key, certificate->inspected), KC_ERR_CORRUPTED_DATA,
		"a key that is not its certificate's");
	REQUIRE(is_constraint(constraint), KC_ERR_CORRUPTED_DATA, "a key without constraint");
	TRY(append_hash(key, certificate->inspected));
	*item = (struct token_item){
		.class_name = "key",
		.object_id = bytes_view(&key->object_id),
		.label = field_text(key->source, "label"),
		.inspected = certificate->inspected,
		.algorithms = field_get(key->source, "algorithms"),
		.constraint = constraint,
		.can_sign = field_flag(key->source, "can_sign", false),
		.can_decrypt = field_flag(key->source, "can_decrypt", false),
		.can_derive = field_flag(key->source, "can_derive", false),
	};
	return KC_OK;
}

static enum kc_status make_certificate_item(const struct object *object, struct token_item *item)
{
	REQUIRE(object->inspected, KC_ERR_CORRUPTED_DATA, "a certificate that cannot be read");
	*item = (struct token_item){
		.class_name = "certificate",
		.object_id = bytes_view(&object->object_id),
		.label = field_text(object->source, "label"),
		.data = bytes_view(&object->der),
		.inspected = object->inspected,
	};
	return KC_OK;
}

const struct token_item *contents_items(struct contents *contents, size_t *ret_n_items)
{
	size_t n = 0;

	for (size_t i = 0; i < contents->n_objects; i++) {
		struct object *object = &contents->objects[i];
		enum kc_status status = KC_OK;

		error_clear();
		status = object->is_certificate
				 ? make_certificate_item(object, &contents->items[n])
				 : make_key_item(contents, object, &contents->items[n]);
		if (status == KC_OK)
			n++;
		else
			log_warning("left out: %s", error_get()->message);
	}
	*ret_n_items = n;
	return contents->items;
}

bool contents_is_instance_id(const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (len == 0 || len > INSTANCE_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		bool is_plain = (text[i] >= '0' && text[i] <= '9') ||
				(text[i] >= 'A' && text[i] <= 'Z') ||
				(text[i] >= 'a' && text[i] <= 'z') || strchr("-_.", text[i]);

		if (!is_plain)
			return false;
	}
	return true;
}

char *contents_token_id(const char *class_id, const char *instance)
{
	char text[CLASS_MAX + INSTANCE_MAX + 2];

	(void)snprintf(text, sizeof(text), "%s:%s", class_id, instance);
	return strdup(text);
}

enum kc_status contents_driver_object_id(struct kc_view published, struct kc_view *ret_object_id)
{
	REQUIRE(published.len > HASH_BYTES, KC_ERR_PARAM, "a key's object ID of %zu bytes",
		published.len);
	*ret_object_id = view_of(published.data, published.len - HASH_BYTES);
	return KC_OK;
}
