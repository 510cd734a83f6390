/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The front door of the items: which part answers what, and what happens when the file turns out
 * to be damaged while it is used.
 */
#include "items/engine_impl.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/try.h"
#include "items/add_impl.h"
#include "items/copy_impl.h"
#include "items/delete_impl.h"
#include "items/kept_impl.h"
#include "items/locate_impl.h"
#include "items/publish_impl.h"
#include "items/reference.h"
#include "items/update_impl.h"
#include "store/schema.h"

/* --- the file -------------------------------------------------------------------------------- */

static enum kc_status attach(struct engine *engine, const struct engine_settings *settings)
{
	CLEANUP(keychain_file_freep) struct keychain_file *file = NULL;
	struct keychain_file_options options = {.path = settings->file, .vfs = settings->vfs};

	TRY(keychain_file_attach(engine->database, &options, &file));
	TRY(keybag_open(engine->database, settings->device_key, settings->password_cost,
			&engine->keybag));
	engine->file = take(file);
	return KC_OK;
}

/* Tokens have their items all the same. */
static void try_attach(struct engine *engine, const struct engine_settings *settings)
{
	struct error_record before = *error_get();

	if (!settings->file && settings->why)
		engine->file_error = *settings->why;
	if (!settings->file)
		return;
	error_clear();
	if (attach(engine, settings) != KC_OK)
		engine->file_error = *error_get();
	error_adopt(&before);
}

enum kc_status engine_need_file(const struct engine *engine, bool is_write)
{
	const struct error_record *why = &engine->file_error;

	if (!engine_has_file(engine)) {
		if (why->status == KC_OK)
			return fail(KC_ERR_NOT_AVAILABLE, "there is no keychain file");
		error_set_hint("%s", why->hint);
		return fail(KC_ERR_NOT_AVAILABLE, "%s", why->message);
	}
	REQUIRE(!is_write || !keychain_file_is_read_only(engine->file), KC_ERR_READ_ONLY,
		"the keychain's file can only be read");
	return KC_OK;
}

static const char *text_or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

struct engine_file engine_file(const struct engine *engine)
{
	struct engine_file file = {.is_open = engine_has_file(engine)};

	if (file.is_open) {
		file.is_read_only = keychain_file_is_read_only(engine->file);
		file.reason = keychain_file_report(engine->file);
		if (file.reason)
			file.hint = "look for what is missing in a backup (keycask restore); when "
				    "nothing is, remove the damaged file and its .txt";
		file.n_unreadable = engine->unreadable->n;
	} else if (engine->file_error.status == KC_OK) {
		file.reason = "there is no keychain file";
	} else {
		file.reason = text_or_null(engine->file_error.message);
		file.hint = text_or_null(engine->file_error.hint);
	}
	return file;
}

void engine_forget_unused_keys(struct engine *engine)
{
	kept_forget_unused(engine->kept);
}

void engine_forget_keys(struct engine *engine)
{
	kept_forget(engine->kept);
}

void engine_shrink(struct engine *engine)
{
	kept_forget(engine->kept);
	database_shrink(engine->database);
}

struct keybag *engine_keybag(struct engine *engine)
{
	return engine->keybag;
}

/* --- beginning and end ----------------------------------------------------------------------- */

/* Hashes of what is in memory only may have a key that dies with it. */
static enum kc_status make_hasher(struct engine *engine, struct kc_view device_key)
{
	uint8_t key[SEAL_KEY_BYTES];
	enum kc_status status = KC_OK;

	if (device_key.len == 0)
		REQUIRE(getrandom(key, sizeof(key), 0) == (ssize_t)sizeof(key), KC_ERR_INTERNAL,
			"the kernel gives no random bytes");
	else
		TRY(seal_derive(device_key, "keycask index", view_of(NULL, 0), key));
	status = seal_hasher_new(VIEW_OF(key), &engine->hasher);
	explicit_bzero(key, sizeof(key));
	return status;
}

enum kc_status engine_new(const struct engine_settings *settings, struct engine **ret_engine)
{
	CLEANUP(engine_freep) struct engine *engine = calloc(1, sizeof(*engine));

	REQUIRE(engine, KC_ERR_ALLOCATE, "out of memory");
	REQUIRE(!settings->file || settings->device_key.len == SEAL_KEY_BYTES, KC_ERR_INTERNAL,
		"a keychain's file needs a device key");
	engine->unreadable = calloc(1, sizeof(*engine->unreadable));
	REQUIRE(engine->unreadable, KC_ERR_ALLOCATE, "out of memory");
	engine->kept = calloc(1, sizeof(*engine->kept));
	REQUIRE(engine->kept, KC_ERR_ALLOCATE, "out of memory");
	kept_init(engine->kept);
	TRY(make_hasher(engine, settings->device_key));
	TRY(database_new(&engine->database));
	TRY(schema_create(engine->database));
	try_attach(engine, settings);
	*ret_engine = take(engine);
	return KC_OK;
}

struct engine *engine_free(struct engine *engine)
{
	if (!engine)
		return NULL;
	if (engine->kept)
		kept_forget(engine->kept);
	free(engine->kept);
	keybag_free(engine->keybag);
	keychain_file_free(engine->file);
	database_free(engine->database);
	seal_hasher_free(engine->hasher);
	free(engine->unreadable);
	free(engine);
	return NULL;
}

/* --- tokens ---------------------------------------------------------------------------------- */

static enum kc_status check_token_id(const char *token_id)
{
	struct reference reference = {.item_class = VOCABULARY_KEY,
				      .token_id = view_of_text(token_id),
				      .object_id = VIEW_OF("x")};
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(REFERENCE_MAX);

	return reference_put(&reference, &bytes);
}

enum kc_status engine_publish(struct engine *engine, const char *token_id,
			      const struct engine_item *items, size_t n_items)
{
	TRY(check_token_id(token_id));
	return publish_replace(engine, token_id, items, n_items);
}

enum kc_status engine_withdraw(struct engine *engine, const char *token_id)
{
	return publish_remove(engine, token_id);
}

/* --- the verbs ------------------------------------------------------------------------------- */

/* What was added to a file whose keys are gone, or that is not there, would be lost. */
static void give_up(struct engine *engine)
{
	engine->file_error = *error_get();
	engine->keybag = keybag_free(engine->keybag);
	engine->file = keychain_file_free(engine->file);
}

static enum kc_status recover(struct engine *engine)
{
	enum kc_status status = keychain_file_recover(engine->file);
	bool is_there = database_is_attached(engine->database);

	engine->unreadable->n = 0; /* rows have other positions now */
	if (status == KC_OK) {
		status = keybag_renew(engine->keybag);
		is_there = status == KC_OK;
	}
	if (!is_there)
		give_up(engine);
	return status;
}

/*
 * After a failed call: was it the file, and is that fixed? Then the call is worth another try;
 * what it had begun was rolled back.
 */
static bool is_worth_repeating(struct engine *engine, enum kc_status status)
{
	if (status == KC_OK || !engine->file || !database_is_damaged(engine->database))
		return false;
	error_clear();
	return recover(engine) == KC_OK;
}

enum kc_status engine_copy_matching(struct engine *engine, struct engine_request *request,
				    struct json_object *dictionary, struct json_object **ret_items)
{
	enum kc_status status = copy_matching(engine, request, dictionary, ret_items);

	if (is_worth_repeating(engine, status))
		return copy_matching(engine, request, dictionary, ret_items);
	return status;
}

enum kc_status engine_copy_page(struct engine *engine, struct engine_request *request,
				struct json_object *dictionary, const struct engine_page *page,
				struct engine_cursor *cursor, struct json_object **ret_items)
{
	enum kc_status status = copy_page(engine, request, dictionary, page, cursor, ret_items);

	if (is_worth_repeating(engine, status))
		return copy_page(engine, request, dictionary, page, cursor, ret_items);
	return status;
}

enum kc_status engine_add(struct engine *engine, struct engine_request *request,
			  struct json_object *dictionary, const struct engine_part *parts,
			  size_t n_parts, struct json_object **ret_item)
{
	struct engine_addition addition = {
		.dictionary = dictionary, .parts = parts, .n_parts = n_parts};

	TRY(engine_add_all(engine, request, &addition, 1));
	*ret_item = addition.item;
	return KC_OK;
}

enum kc_status engine_add_all(struct engine *engine, struct engine_request *request,
			      struct engine_addition *additions, size_t n)
{
	enum kc_status status = add_items(engine, request, additions, n);

	if (is_worth_repeating(engine, status))
		return add_items(engine, request, additions, n);
	return status;
}

enum kc_status engine_check(struct json_object *dictionary, const struct engine_part *part)
{
	return add_check(dictionary, part);
}

enum kc_status engine_update(struct engine *engine, struct engine_request *request,
			     struct json_object *query, struct json_object *changes,
			     const struct engine_part *part)
{
	enum kc_status status = update_matching(engine, request, query, changes, part);

	if (is_worth_repeating(engine, status))
		return update_matching(engine, request, query, changes, part);
	return status;
}

enum kc_status engine_delete(struct engine *engine, struct engine_request *request,
			     struct json_object *query)
{
	enum kc_status status = delete_matching(engine, request, query);

	if (is_worth_repeating(engine, status))
		return delete_matching(engine, request, query);
	return status;
}

void engine_need_done(struct engine_need *need)
{
	field_free(&need->certificates);
}

/* --- keys ------------------------------------------------------------------------------------ */

void engine_key_done(struct engine_key *key)
{
	secret_done(&key->private_key);
	key->kept = kept_key_release(key->kept);
	free(key->token_id);
	kc_bytes_free(&key->object_id);
	kc_bytes_free(&key->public_key);
	free(key->label);
	free(key->key_type);
	free(key->constraint);
	json_object_put(key->algorithms);
	*key = (struct engine_key){0};
}

enum kc_status engine_find_key(struct engine *engine, struct engine_request *request,
			       struct kc_view persistent_ref, enum engine_use use,
			       struct engine_key *ret_key)
{
	struct reference reference;
	enum kc_status status = KC_OK;

	TRY(reference_get(persistent_ref, &reference));
	status = locate_key(engine, request, &reference, use, ret_key);
	if (is_worth_repeating(engine, status))
		return locate_key(engine, request, &reference, use, ret_key);
	return status;
}
