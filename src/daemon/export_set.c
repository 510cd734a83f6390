/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each reference is asked for by itself, so that the engine says of each what has to be proved. Of
 * an identity the certificate comes first and its key next.
 */
#include "daemon/export_set.h"

#include <stdlib.h>

#include "base/try.h"
#include "codec/hex.h"
#include "items/reference.h"

enum {
	VALUE_MAX = 700 * 1024,
	HASH_MAX = 64,
};

/* What an entry borrows from. */
struct holder {
	struct json_object *item; /* owned: attributes */
	struct bytes data;
	struct bytes id;
};

struct export_set {
	struct key_file_entry entries[KEY_FILE_ENTRIES_MAX];
	struct holder holders[KEY_FILE_ENTRIES_MAX];
	size_t n;
};

static void clear(struct export_set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		field_free(&set->holders[i].item);
		bytes_done(&set->holders[i].data);
		bytes_done(&set->holders[i].id);
	}
	set->n = 0;
}

struct export_set *export_set_new(void)
{
	return calloc(1, sizeof(struct export_set));
}

struct export_set *export_set_free(struct export_set *set)
{
	if (!set)
		return NULL;
	clear(set);
	free(set);
	return NULL;
}

const struct key_file_entry *export_set_entries(const struct export_set *set, size_t *ret_n)
{
	*ret_n = set->n;
	return set->entries;
}

/* --- one entry ------------------------------------------------------------------------------- */

static const char *label_of(struct json_object *item)
{
	const char *label = field_text(item, "label");

	return label ? label : "(no label)";
}

static bool is_there(const struct export_set *set, struct kc_view data)
{
	for (size_t i = 0; i < set->n; i++)
		if (view_equal(set->entries[i].data, data))
			return true;
	return false;
}

/* Nothing comes twice, whatever names it. */
static enum kc_status keep(struct export_set *set, enum key_file_kind kind,
			   struct json_object *item, const char *id)
{
	struct holder *holder = &set->holders[set->n];
	struct key_file_entry *entry = &set->entries[set->n];

	REQUIRE(set->n < KEY_FILE_ENTRIES_MAX, KC_ERR_PARAM,
		"more than %d keys and certificates in one file", KEY_FILE_ENTRIES_MAX);
	*holder = (struct holder){.data = BYTES_INIT(VALUE_MAX), .id = BYTES_INIT(HASH_MAX)};
	set->n++;
	holder->item = json_object_get(item);
	TRY(field_data(item, "value_data", &holder->data));
	TRY(field_data(item, id, &holder->id));
	*entry = (struct key_file_entry){
		.kind = kind,
		.data = bytes_view(&holder->data),
		.key_type = field_text(item, "key_type"),
		.size_in_bits = (unsigned)field_number(item, "key_size_in_bits", 0),
		.label = field_text(item, "label"),
		.id = bytes_view(&holder->id),
	};
	return KC_OK;
}

static enum kc_status keep_once(struct export_set *set, enum key_file_kind kind,
				struct json_object *item, const char *id)
{
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(VALUE_MAX);

	TRY(field_data(item, "value_data", &data));
	return is_there(set, bytes_view(&data)) ? KC_OK : keep(set, kind, item, id);
}

/* --- asking the engine ----------------------------------------------------------------------- */

static enum kc_status copy(struct engine *engine, struct engine_request *request, const char *name,
			   const char *value, struct json_object **ret_items)
{
	CLEANUP(field_free) struct json_object *query = NULL;

	TRY(field_new_object(&query));
	TRY(field_put_text(query, name, value));
	TRY(field_put_flag(query, "return_data", true));
	TRY(field_put_flag(query, "return_attributes", true));
	if (strcmp(name, "subject") == 0) {
		TRY(field_put_text(query, "class", "certificate"));
		TRY(field_put_text(query, "match_limit", "all"));
	}
	return engine_copy_matching(engine, request, query, ret_items);
}

static enum kc_status fail_on_token(const char *token_id, const char *label)
{
	error_set_token(token_id, NULL);
	error_set_hint("for its certificate alone there is keycask cert export, for its public key "
		       "keycask key export");
	return fail(KC_ERR_UNIMPLEMENTED, "the private key \"%.64s\" cannot leave its token",
		    label);
}

static enum kc_status add_private(struct export_set *set, struct json_object *item)
{
	if (field_text(item, "token_id"))
		return fail_on_token(field_text(item, "token_id"), label_of(item));
	if (!field_text(item, "value_data"))
		error_set_hint("keys are made and imported so, unless is_extractable is true "
			       "(--extractable)");
	REQUIRE(field_text(item, "value_data"), KC_ERR_UNIMPLEMENTED,
		"the key \"%.64s\" is not extractable", label_of(item));
	return keep_once(set, KEY_FILE_PRIVATE_KEY, item, "application_label");
}

static enum kc_status add_key(struct export_set *set, struct json_object *item)
{
	const char *key_class = field_text(item, "key_class");

	if (key_class && strcmp(key_class, "private") == 0)
		return add_private(set, item);
	REQUIRE(key_class && strcmp(key_class, "public") == 0 && field_text(item, "value_data"),
		KC_ERR_PARAM, "the key \"%.64s\" is neither private nor public", label_of(item));
	return keep_once(set, KEY_FILE_PUBLIC_KEY, item, "application_label");
}

/* The certificate is @item; the key has a reference of its own. */
static enum kc_status add_identity(struct export_set *set, struct engine *engine,
				   struct engine_request *request, struct json_object *item,
				   struct kc_view reference)
{
	CLEANUP(engine_key_done) struct engine_key key = {.token_id = NULL};
	CLEANUP(field_free) struct json_object *items = NULL;
	CLEANUP(freep) char *named = NULL;

	TRY(keep_once(set, KEY_FILE_CERTIFICATE, item, "public_key_hash"));
	TRY(engine_find_key(engine, request, reference, ENGINE_USE_PUBLIC, &key));
	if (key.token_id)
		return fail_on_token(key.token_id, label_of(item));
	named = base64_encode(view_of(key.object_id.data, key.object_id.len));
	REQUIRE(named, KC_ERR_ALLOCATE, "out of memory");
	TRY(copy(engine, request, "value_persistent_ref", named, &items));
	return add_private(set, json_object_array_get_idx(items, 0));
}

static enum kc_status decode(const char *text, struct bytes *reference)
{
	enum kc_status status = base64_decode(view_of_text(text), reference);

	return status == KC_ERR_DECODE ? error_remap(KC_ERR_PARAM) : status;
}

static enum kc_status add_reference(struct export_set *set, struct engine *engine,
				    struct engine_request *request, const char *text)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(REFERENCE_MAX);
	CLEANUP(field_free) struct json_object *items = NULL;
	struct json_object *item = NULL;
	struct reference reference;

	TRY(decode(text, &bytes));
	TRY(reference_get(bytes_view(&bytes), &reference));
	error_set_hint("passwords are read one at a time");
	REQUIRE(reference.item_class == VOCABULARY_CERTIFICATE ||
			reference.item_class == VOCABULARY_KEY ||
			reference.item_class == VOCABULARY_IDENTITY,
		KC_ERR_PARAM, "only keys, certificates and identities go into a file");
	error_clear();
	TRY(copy(engine, request, "value_persistent_ref", text, &items));
	item = json_object_array_get_idx(items, 0);
	if (reference.item_class == VOCABULARY_KEY)
		return add_key(set, item);
	REQUIRE(field_text(item, "value_data"), KC_ERR_NOT_AVAILABLE,
		"the certificate \"%.64s\" cannot be read", label_of(item));
	if (reference.item_class == VOCABULARY_IDENTITY)
		return add_identity(set, engine, request, item, bytes_view(&bytes));
	return keep_once(set, KEY_FILE_CERTIFICATE, item, "public_key_hash");
}

/* --- the chain ------------------------------------------------------------------------------- */

static bool is_same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* Several may be called so: who checks the chain chooses. */
static enum kc_status add_issuers(struct export_set *set, struct engine *engine,
				  struct engine_request *request, struct json_object *item)
{
	CLEANUP(field_free) struct json_object *items = NULL;
	const char *issuer = field_text(item, "issuer");
	enum kc_status status = KC_OK;

	if (!issuer || !issuer[0] || is_same(issuer, field_text(item, "subject")))
		return KC_OK;
	status = copy(engine, request, "subject", issuer, &items);
	if (status == KC_ERR_ITEM_NOT_FOUND)
		error_clear();
	if (status == KC_ERR_ITEM_NOT_FOUND)
		return KC_OK;
	TRY(status);
	for (size_t i = 0; i < json_object_array_length(items); i++)
		if (field_text(json_object_array_get_idx(items, i), "value_data"))
			TRY(keep_once(set, KEY_FILE_CERTIFICATE,
				      json_object_array_get_idx(items, i), "public_key_hash"));
	return KC_OK;
}

enum kc_status export_set_collect(struct export_set *set, struct engine *engine,
				  struct engine_request *request, struct json_object *references,
				  bool with_chain)
{
	size_t n = json_object_array_length(references);

	clear(set);
	for (size_t i = 0; i < n; i++)
		TRY(add_reference(
			set, engine, request,
			json_object_get_string(json_object_array_get_idx(references, i))));
	/* what this adds has issuers too */
	for (size_t i = 0; with_chain && i < set->n; i++)
		if (set->entries[i].kind == KEY_FILE_CERTIFICATE)
			TRY(add_issuers(set, engine, request, set->holders[i].item));
	return KC_OK;
}
