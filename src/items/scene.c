/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A keychain of a test's own. */
#include "items/scene.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/try.h"
#include "harness/test.h"
#include "items/engine_impl.h"

enum {
	COST = 1, /* passwords of tests need not be slow */
	DATA_MAX = 65536,
	PARTS_MAX = 64,
};

static const char *const groups[] = {"own", "other"};
static const uint8_t device_key[SEAL_KEY_BYTES] = {0x5A, 1, 2, 3};

/* What parts borrow. */
static struct engine_part kept[PARTS_MAX];
static size_t n_kept;

static void free_view(struct kc_view view)
{
	void *block = NULL;

	memcpy(&block, &view.data, sizeof(block));
	free(block);
}

static void release_parts(void)
{
	for (; n_kept > 0; n_kept--) {
		free_view(kept[n_kept - 1].data);
		free_view(kept[n_kept - 1].public_key);
		json_object_put(kept[n_kept - 1].attributes);
	}
}

static struct engine *open_engine(const struct scene *scene)
{
	struct engine_settings settings = {
		.file = scene->path, .device_key = VIEW_OF(device_key), .password_cost = COST};
	struct engine *engine = NULL;

	error_clear();
	CHECK_OK(engine_new(&settings, &engine));
	if (!engine_file(engine).is_open)
		test_fail(__FILE__, __LINE__, "%s", engine_file(engine).reason);
	return engine;
}

struct scene scene_begin(void)
{
	struct scene scene = {.request = {.caller = {.groups = groups,
						     .n_groups = ARRAY_LEN(groups),
						     .sees_tokens = true}}};

	CHECK(snprintf(scene.path, sizeof(scene.path), "%s/state/keychain.db", test_directory()) <
	      (int)sizeof(scene.path));
	scene.engine = open_engine(&scene);
	return scene;
}

void scene_end(struct scene *scene)
{
	engine_need_done(&scene->request.need);
	scene->engine = engine_free(scene->engine);
	release_parts();
}

void scene_restart(struct scene *scene)
{
	engine_free(scene->engine);
	scene->engine = open_engine(scene);
}

static void check(const char *file, int line, const char *what, enum kc_status actual,
		  enum kc_status expected)
{
	if (actual != expected)
		test_fail(file, line, "%s gives %s (%s), not %s", what, kc_status_name(actual),
			  error_get()->message, kc_status_name(expected));
	if (error_get()->status != expected)
		test_fail(file, line, "%s leaves the record at %s", what,
			  kc_status_name(error_get()->status));
}

static struct json_object *parse(const char *file, int line, const char *text)
{
	struct json_object *object = json_tokener_parse(text);

	if (!object)
		test_fail(file, line, "not JSON: %s", text);
	error_clear();
	return object;
}

struct json_object *scene_copy_at(const char *file, int line, struct scene *scene,
				  enum kc_status expected, const char *query)
{
	CLEANUP(field_free) struct json_object *dictionary = parse(file, line, query);
	struct json_object *items = NULL;

	engine_need_done(&scene->request.need);
	scene->request.need = (struct engine_need){.presence = false};
	check(file, line, query,
	      engine_copy_matching(scene->engine, &scene->request, dictionary, &items), expected);
	return items;
}

struct json_object *scene_add_parts_at(const char *file, int line, struct scene *scene,
				       enum kc_status expected, const char *text,
				       const struct engine_part *parts, size_t n_parts)
{
	CLEANUP(field_free) struct json_object *dictionary = parse(file, line, text);
	struct json_object *item = NULL;

	scene->request.need = (struct engine_need){.presence = false};
	check(file, line, text,
	      engine_add(scene->engine, &scene->request, dictionary, parts, n_parts, &item),
	      expected);
	return item;
}

struct json_object *scene_add_at(const char *file, int line, struct scene *scene,
				 enum kc_status expected, const char *text, const char *data)
{
	CLEANUP(field_free) struct json_object *dictionary = parse(file, line, text);
	struct engine_part part = {.class_name = field_text(dictionary, "class"),
				   .data = view_of_text(data),
				   .has_data = true};

	return scene_add_parts_at(file, line, scene, expected, text, &part, data ? 1 : 0);
}

void scene_update_at(const char *file, int line, struct scene *scene, enum kc_status expected,
		     const char *query, const char *changes, const char *data)
{
	CLEANUP(field_free) struct json_object *dictionary = parse(file, line, query);
	CLEANUP(field_free) struct json_object *changed = parse(file, line, changes);
	struct engine_part part = {.class_name = field_text(dictionary, "class"),
				   .data = view_of_text(data),
				   .has_data = true};

	scene->request.need = (struct engine_need){.presence = false};
	check(file, line, query,
	      engine_update(scene->engine, &scene->request, dictionary, changed,
			    data ? &part : NULL),
	      expected);
}

void scene_delete_at(const char *file, int line, struct scene *scene, enum kc_status expected,
		     const char *query)
{
	CLEANUP(field_free) struct json_object *dictionary = parse(file, line, query);

	check(file, line, query, engine_delete(scene->engine, &scene->request, dictionary),
	      expected);
}

void scene_said_at(const char *file, int line, const char *text)
{
	if (!strstr(error_get()->message, text))
		test_fail(file, line, "it said \"%s\"", error_get()->message);
}

void scene_same_at(const char *file, int line, char *actual, const char *expected)
{
	test_check_text(file, line, "it", actual, expected);
	free(actual);
}

/* @query, and @key with @value. */
static struct json_object *with(const char *query, const char *key, struct json_object *value)
{
	struct json_object *dictionary = json_tokener_parse(query);

	CHECK(dictionary);
	CHECK_OK(field_put(dictionary, key, value));
	return dictionary;
}

size_t scene_count(struct scene *scene, const char *query)
{
	CLEANUP(field_free)
	struct json_object *dictionary = with(query, "match_limit", json_object_new_string("all"));
	CLEANUP(field_free) struct json_object *items = NULL;
	enum kc_status status = KC_OK;

	error_clear();
	status = engine_copy_matching(scene->engine, &scene->request, dictionary, &items);
	if (status == KC_ERR_ITEM_NOT_FOUND)
		return 0;
	CHECK_OK(status);
	return json_object_array_length(items);
}

static struct json_object *only(struct scene *scene, const char *query, const char *wanted)
{
	CLEANUP(field_free)
	struct json_object *dictionary = with(query, wanted, json_object_new_boolean(true));
	CLEANUP(field_free) struct json_object *items = NULL;
	enum kc_status status = KC_OK;

	error_clear();
	CHECK_OK(field_put_text(dictionary, "match_limit", "all"));
	status = engine_copy_matching(scene->engine, &scene->request, dictionary, &items);
	check(__FILE__, __LINE__, query, status, KC_OK);
	CHECK_INT(json_object_array_length(items), 1);
	return json_object_get(json_object_array_get_idx(items, 0));
}

char *scene_text(struct scene *scene, const char *query, const char *name)
{
	CLEANUP(field_free) struct json_object *item = only(scene, query, "return_attributes");
	const char *text = field_text(item, name);

	return text ? strdup(text) : NULL;
}

char *scene_data(struct scene *scene, const char *query)
{
	CLEANUP(field_free) struct json_object *item = only(scene, query, "return_data");
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(DATA_MAX);

	if (!field_get(item, "value_data"))
		return NULL;
	CHECK_OK(field_data(item, "value_data", &data));
	CHECK_OK(bytes_append_byte(&data, 0));
	return strdup((const char *)data.data);
}

char *scene_reference(struct scene *scene, const char *query)
{
	CLEANUP(field_free) struct json_object *item = only(scene, query, "return_persistent_ref");

	return strdup(json_object_to_json_string_ext(item, JSON_C_TO_STRING_NOSLASHESCAPE));
}

void scene_run(struct scene *scene, const char *sql)
{
	CHECK_OK(database_run(scene->engine->database, sql));
}

static void stretch(const struct keybag_stretching *stretching, const char *password,
		    struct secret *ret_stretched)
{
	CHECK_OK(keybag_stretch(stretching, view_of_text(password), ret_stretched));
}

void scene_set_password(struct scene *scene, const char *password)
{
	struct keybag *keybag = engine_keybag(scene->engine);
	CLEANUP(secret_done) struct secret stretched = {0};
	struct keybag_stretching stretching;
	struct kc_view view;

	if (!password) {
		CHECK_OK(keybag_set_password(keybag, NULL, NULL));
		return;
	}
	CHECK_OK(keybag_new_stretching(keybag, &stretching));
	stretch(&stretching, password, &stretched);
	view = secret_view(&stretched);
	CHECK_OK(keybag_set_password(keybag, &stretching, &view));
}

void scene_lock(struct scene *scene)
{
	CHECK_OK(keybag_lock(engine_keybag(scene->engine)));
}

void scene_unlock(struct scene *scene, const char *password)
{
	struct keybag *keybag = engine_keybag(scene->engine);
	struct keybag_stretching stretching = keybag_stretching(keybag);
	CLEANUP(secret_done) struct secret stretched = {0};

	stretch(&stretching, password, &stretched);
	CHECK_OK(keybag_unlock(keybag, secret_view(&stretched)));
}

/* --- content --------------------------------------------------------------------------------- */

static char *text_of(const char *prefix, const char *name)
{
	char *text = NULL;

	CHECK(asprintf(&text, "%s%s", prefix, name) >= 0);
	return text;
}

static void put(struct json_object *attributes, const char *attribute, const char *prefix,
		const char *name)
{
	CLEANUP(freep) char *text = text_of(prefix, name);

	CHECK_OK(field_put_data(attributes, attribute, view_of_text(text)));
}

static struct engine_part keep(struct engine_part part)
{
	CHECK(n_kept < PARTS_MAX);
	kept[n_kept++] = part;
	return part;
}

struct engine_part scene_certificate(const char *name, const char *issuer, const char *serial,
				     const char *key)
{
	struct engine_part part = {.class_name = "certificate",
				   .data = view_of_text(text_of("DER:", name)),
				   .has_data = true,
				   .public_key = view_of_text(text_of("P:", key))};

	CHECK_OK(field_new_object(&part.attributes));
	CHECK_OK(field_put_text(part.attributes, "label", name));
	CHECK_OK(field_put_number(part.attributes, "certificate_type", 3));
	put(part.attributes, "subject", "S:", name);
	put(part.attributes, "subject_raw", "s:", name);
	put(part.attributes, "issuer", "I:", issuer);
	put(part.attributes, "issuer_raw", "i:", issuer);
	put(part.attributes, "serial_number", "", serial);
	put(part.attributes, "public_key_hash", "H:", key);
	return keep(part);
}

struct engine_part scene_key(const char *name, const char *key)
{
	struct engine_part part = {.class_name = "key",
				   .data = view_of_text(text_of("private ", key)),
				   .has_data = true,
				   .public_key = view_of_text(text_of("P:", key))};

	CHECK_OK(field_new_object(&part.attributes));
	CHECK_OK(field_put_text(part.attributes, "label", name));
	CHECK_OK(field_put_text(part.attributes, "key_class", "private"));
	CHECK_OK(field_put_text(part.attributes, "key_type", "ec"));
	CHECK_OK(field_put_number(part.attributes, "key_size_in_bits", 256));
	put(part.attributes, "application_label", "H:", key);
	return keep(part);
}
