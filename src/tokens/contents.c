/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Driver objects to token items. */
#include "tokens/contents.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/try.h"
#include "tokens/naming.h"

enum {
	OBJECTS_MAX = 256,
	OBJECT_ID_MAX = 64,
	DER_MAX = 64 * 1024,
	PUBLIC_KEY_MAX = 4 * 1024,
};

struct object {
	struct json_object *source;    /* org.keycask.Driver's Object */
	struct bytes object_id;	       /* the driver's */
	struct bytes published_id;     /* with the hash of the public key */
	struct bytes der;	       /* certificate */
	struct bytes certificate_id;   /* key */
	struct bytes public_key;       /* key without certificate */
	struct json_object *inspected; /* what keycask-x509 says of der or public_key */
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
		bytes_done(&object->published_id);
		bytes_done(&object->der);
		bytes_done(&object->certificate_id);
		bytes_done(&object->public_key);
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
	object->object_id = BYTES_INIT(OBJECT_ID_MAX + 1); /* too long is told below */
	object->published_id = BYTES_INIT(OBJECT_ID_MAX + NAMING_HASH_BYTES);
	object->certificate_id = BYTES_INIT(OBJECT_ID_MAX);
	object->der = BYTES_INIT(DER_MAX);
	object->public_key = BYTES_INIT(PUBLIC_KEY_MAX);
	REQUIRE(kind, KC_ERR_CORRUPTED_DATA, "the driver gives an object without kind");
	object->is_certificate = strcmp(kind, "certificate") == 0;
	TRY(field_data(source, "object_id", &object->object_id));
	REQUIRE(object->object_id.len > 0 && object->object_id.len <= OBJECT_ID_MAX,
		KC_ERR_CORRUPTED_DATA, "the driver gives an object ID of %zu bytes",
		object->object_id.len);
	TRY(field_data(source, "certificate_id", &object->certificate_id));
	TRY(field_data(source, "public_key", &object->public_key));
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

static bool is_questionable(const struct object *object)
{
	return object->is_certificate || object->public_key.len > 0;
}

size_t contents_n_questions(const struct contents *contents)
{
	size_t n = 0;

	for (size_t i = 0; i < contents->n_objects; i++)
		n += is_questionable(&contents->objects[i]);
	return n;
}

static struct object *find_questionable(const struct contents *contents, size_t index)
{
	for (size_t i = 0; i < contents->n_objects; i++) {
		if (is_questionable(&contents->objects[i]) && index-- == 0)
			return &contents->objects[i];
	}
	return NULL;
}

enum kc_status contents_question(const struct contents *contents, size_t index,
				 struct contents_question *ret_question)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	const struct object *object = find_questionable(contents, index);
	const char *key_type = NULL;

	TRY(field_new_object(&parameters));
	if (object->is_certificate) {
		TRY(field_put_data(parameters, "certificate", bytes_view(&object->der)));
	} else {
		key_type = field_text(object->source, "key_type");
		REQUIRE(key_type, KC_ERR_CORRUPTED_DATA, "a public key without type");
		TRY(field_put_text(parameters, "key_type", key_type));
		TRY(field_put_data(parameters, "public_key", bytes_view(&object->public_key)));
	}
	ret_question->method = object->is_certificate ? "org.keycask.X509.Inspect"
						      : "org.keycask.X509.InspectPublicKey";
	ret_question->parameters = take(parameters);
	return KC_OK;
}

void contents_answer(struct contents *contents, size_t index, struct json_object *reply)
{
	struct object *object = find_questionable(contents, index);

	if (object)
		object->inspected = json_object_get(
			field_get(reply, object->is_certificate ? "certificate" : "public_key"));
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

static bool is_same_half(struct json_object *one, struct json_object *other)
{
	const char *a = field_text(one, "public_key");
	const char *b = field_text(other, "public_key");

	return a && b && strcmp(a, b) == 0;
}

/* What is known of the key's public half: by itself, or by its certificate; both must agree. */
static enum kc_status find_public_half(const struct contents *contents, const struct object *key,
				       struct json_object **ret_inspected)
{
	const struct object *certificate = certificate_of_key(contents, key);
	struct json_object *other = certificate ? certificate->inspected : NULL;

	REQUIRE(key->inspected || other, KC_ERR_CORRUPTED_DATA,
		"a key without a certificate or a public key");
	REQUIRE(!key->inspected || !other || is_same_half(key->inspected, other),
		KC_ERR_CORRUPTED_DATA, "a key that is not its certificate's");
	*ret_inspected = key->inspected ? key->inspected : other;
	return KC_OK;
}

/* The driver's word on type and size must be what was found. */
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

static enum kc_status make_published_id(struct object *object, struct json_object *inspected)
{
	CLEANUP(bytes_done) struct bytes hash = BYTES_INIT(NAMING_HASH_BYTES);

	TRY(field_data(inspected, "public_key_hash", &hash));
	REQUIRE(hash.len == NAMING_HASH_BYTES, KC_ERR_INTERNAL, "a public-key hash of %zu bytes",
		hash.len);
	object->published_id.len = 0;
	TRY(bytes_append(&object->published_id, bytes_view(&object->object_id)));
	return bytes_append(&object->published_id, bytes_view(&hash));
}

static enum kc_status make_key_item(const struct contents *contents, struct object *key,
				    struct token_item *item)
{
	const char *constraint = field_text(key->source, "constraint");
	struct json_object *inspected = NULL;

	TRY(find_public_half(contents, key, &inspected));
	REQUIRE(is_same_key(key, inspected), KC_ERR_CORRUPTED_DATA,
		"a key that is not what the driver says");
	REQUIRE(is_constraint(constraint), KC_ERR_CORRUPTED_DATA, "a key without constraint");
	TRY(make_published_id(key, inspected));
	*item = (struct token_item){
		.class_name = "key",
		.object_id = bytes_view(&key->published_id),
		.label = field_text(key->source, "label"),
		.inspected = inspected,
		.algorithms = field_get(key->source, "algorithms"),
		.constraint = constraint,
		.can_sign = field_flag(key->source, "can_sign", false),
		.can_decrypt = field_flag(key->source, "can_decrypt", false),
		.can_derive = field_flag(key->source, "can_derive", false),
		.needs_touch = field_flag(key->source, "needs_touch", false),
	};
	return KC_OK;
}

static enum kc_status make_certificate_item(struct object *object, struct token_item *item)
{
	REQUIRE(object->inspected, KC_ERR_CORRUPTED_DATA, "a certificate that cannot be read");
	TRY(make_published_id(object, object->inspected));
	*item = (struct token_item){
		.class_name = "certificate",
		.object_id = bytes_view(&object->published_id),
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
