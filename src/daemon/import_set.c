/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keys first, in their thread; then certificates, one after the other in keycask-x509; then what
 * belongs together becomes one addition: certificate and key with equal public keys.
 */
#include "daemon/import_set.h"

#include <stdlib.h>

#include "base/try.h"
#include "codec/vocabulary.h"
#include "daemon/import_keys.h"
#include "daemon/item_content.h"

enum {
	PARTS_MAX = 2, /* of an identity */
	PUBLIC_KEY_MAX = 64 * 1024,
};

/* One item to be. */
struct entry {
	struct engine_part parts[PARTS_MAX]; /* borrowed from certificates and keys */
	size_t n_parts;
	const char *class_name;
	struct json_object *dictionary; /* owned */
};

/* A key and what it says of itself. */
struct found_key {
	struct private_key key;
	struct json_object *attributes; /* owned */
	const char *name;		/* in the file; NULL */
	bool is_used;			/* by an identity */
};

struct import_set {
	struct daemon *daemon;
	struct json_object *contents; /* owned */
	struct json_object *attributes;
	import_set_fn on_read;
	void *userdata;
	struct import_keys *reading;
	struct found_key *keys;
	size_t n_keys;
	size_t n_private_keys; /* the first of them */
	struct item_content **certificates;
	size_t n_certificates;
	size_t at; /* of those in the file: the next one */
	struct entry *entries;
	struct engine_addition *additions; /* one for each */
	size_t n_entries;
};

static void drop_answers(struct import_set *set)
{
	for (size_t i = 0; i < set->n_entries; i++)
		field_free(&set->additions[i].item);
}

struct import_set *import_set_free(struct import_set *set)
{
	if (!set)
		return NULL;
	import_keys_abandon(set->reading);
	drop_answers(set);
	for (size_t i = 0; i < set->n_entries; i++)
		field_free(&set->entries[i].dictionary);
	for (size_t i = 0; i < set->n_certificates; i++)
		ignore(item_content_free(set->certificates[i]) != NULL);
	for (size_t i = 0; i < set->n_keys; i++) {
		private_key_done(&set->keys[i].key);
		field_free(&set->keys[i].attributes);
	}
	free(set->entries);
	free(set->additions);
	free(set->certificates);
	free(set->keys);
	field_free(&set->contents);
	free(set);
	return NULL;
}

static size_t count(const struct import_set *set, const char *name)
{
	return json_object_array_length(field_get(set->contents, name));
}

static struct json_object *contained(const struct import_set *set, const char *name, size_t i)
{
	return json_object_array_get_idx(field_get(set->contents, name), i);
}

/* --- attributes ------------------------------------------------------------------------------ */

static enum kc_status check_name(const char *name)
{
	const struct vocabulary_attribute *attribute = vocabulary_find(name);
	const char *nearest = NULL;

	REQUIRE(!vocabulary_find_key(name), KC_ERR_PARAM,
		"\"%.64s\" is no attribute that an imported item could have", name);
	if (attribute && (vocabulary_has(attribute, VOCABULARY_KEY) ||
			  vocabulary_has(attribute, VOCABULARY_CERTIFICATE)))
		return KC_OK;
	nearest = vocabulary_nearest(name, VOCABULARY_IDENTITY);
	if (nearest)
		error_set_hint("did you mean \"%s\"?", nearest);
	return fail(KC_ERR_NO_SUCH_ATTR,
		    "neither keys nor certificates have an attribute \"%.64s\"", name);
}

enum kc_status import_set_check(struct json_object *attributes)
{
	struct json_object_iterator at;
	struct json_object_iterator end;

	if (!attributes)
		return KC_OK;
	REQUIRE(json_object_is_type(attributes, json_type_object), KC_ERR_PARAM,
		"\"attributes\" must be an object");
	at = json_object_iter_begin(attributes);
	end = json_object_iter_end(attributes);
	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
		TRY(check_name(json_object_iter_peek_name(&at)));
	return KC_OK;
}

/* A chain's certificates are not called what the person calls the key. */
static bool is_for_the_main_only(const char *name)
{
	return strcmp(name, "label") == 0 || strcmp(name, "access_control") == 0;
}

static bool fits(const char *name, enum vocabulary_class item_class, bool is_main)
{
	return vocabulary_has(vocabulary_find(name), item_class) &&
	       (is_main || !is_for_the_main_only(name));
}

static enum kc_status make_dictionary(const struct import_set *set, struct entry *entry)
{
	enum vocabulary_class item_class = VOCABULARY_IDENTITY;
	bool is_main = strcmp(entry->class_name, "certificate") != 0 || set->n_keys == 0;

	if (!vocabulary_find_class(entry->class_name, &item_class))
		return fail(KC_ERR_INTERNAL, "no class %s", entry->class_name);
	TRY(field_new_object(&entry->dictionary));
	TRY(field_put_text(entry->dictionary, "class", entry->class_name));
	TRY(field_put_flag(entry->dictionary, "return_attributes", true));
	TRY(field_put_flag(entry->dictionary, "return_persistent_ref", true));
	if (!set->attributes)
		return KC_OK;
	json_object_object_foreach(set->attributes, name, value)
	{
		/* null too: what it means is the engine's to say */
		if (fits(name, item_class, is_main))
			REQUIRE(json_object_object_add(entry->dictionary, name,
						       json_object_get(value)) == 0,
				KC_ERR_ALLOCATE, "out of memory");
	}
	return KC_OK;
}

/* --- what becomes one item ------------------------------------------------------------------- */

static struct engine_part key_part(const struct found_key *found)
{
	return (struct engine_part){.class_name = "key",
				    .data = private_key_data(&found->key),
				    .has_data = true,
				    .attributes = found->attributes,
				    .public_key = bytes_view(&found->key.public_key)};
}

/* Only private keys make identities; each certificate makes one. */
static struct found_key *find_key(struct import_set *set, struct kc_view public_key)
{
	for (size_t i = 0; i < set->n_private_keys; i++)
		if (view_equal(bytes_view(&set->keys[i].key.public_key), public_key))
			return &set->keys[i];
	return NULL;
}

/* What the file does not name is called as its certificate. */
static enum kc_status name_key(struct found_key *found, struct json_object *certificate)
{
	const char *label = found->name ? found->name : field_text(certificate, "label");

	if (field_get(found->attributes, "label"))
		return KC_OK;
	return field_put_text(found->attributes, "label", label);
}

static enum kc_status add_entry(struct import_set *set, const struct engine_part *certificate,
				struct found_key *found)
{
	struct entry *entry = &set->entries[set->n_entries];

	if (certificate)
		entry->parts[entry->n_parts++] = *certificate;
	if (found) {
		TRY(name_key(found, certificate ? certificate->attributes : NULL));
		found->is_used = true;
		entry->parts[entry->n_parts++] = key_part(found);
	}
	entry->class_name = !found ? "certificate" : certificate ? "identity" : "key";
	set->additions[set->n_entries] = (struct engine_addition){
		.parts = entry->parts, .n_parts = entry->n_parts, .may_be_there = true};
	set->n_entries++;
	TRY(make_dictionary(set, entry));
	set->additions[set->n_entries - 1].dictionary = entry->dictionary;
	return KC_OK;
}

static enum kc_status put_together(struct import_set *set)
{
	size_t n_most = set->n_certificates + set->n_keys;
	size_t n_parts = 0;

	set->entries = calloc(n_most, sizeof(*set->entries));
	set->additions = calloc(n_most, sizeof(*set->additions));
	REQUIRE(set->entries && set->additions, KC_ERR_ALLOCATE, "out of memory");
	for (size_t i = 0; i < set->n_certificates; i++) {
		const struct engine_part *part = item_content_parts(set->certificates[i], &n_parts);

		TRY(add_entry(set, part, find_key(set, part->public_key)));
	}
	for (size_t i = 0; i < set->n_keys; i++)
		if (!set->keys[i].is_used)
			TRY(add_entry(set, NULL, &set->keys[i]));
	return KC_OK;
}

/* --- certificates ---------------------------------------------------------------------------- */

static void read_next(struct import_set *set);

static void finish(struct import_set *set, enum kc_status status)
{
	set->on_read(set->userdata, status);
}

static void on_certificate(void *userdata, enum kc_status status)
{
	struct import_set *set = userdata;

	if (status != KC_OK && count(set, "certificates") > 1)
		error_set_hint("it is certificate %zu of the %zu in the file", set->at,
			       count(set, "certificates"));
	if (status == KC_OK)
		read_next(set);
	else
		finish(set, status);
}

/* Chains come in several copies. */
static bool is_repeated(const struct import_set *set, size_t i)
{
	const char *data = field_text(contained(set, "certificates", i), "data");

	for (size_t before = 0; before < i; before++)
		if (strcmp(field_text(contained(set, "certificates", before), "data"), data) == 0)
			return true;
	return false;
}

static enum kc_status inspect(struct import_set *set, size_t i)
{
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(PUBLIC_KEY_MAX * 16);
	struct json_object *certificate = contained(set, "certificates", i);
	struct item_content_source source = {.class_name = "certificate",
					     .label = field_text(certificate, "friendly_name")};

	TRY(field_data(certificate, "data", &der));
	source.data = bytes_view(&der);
	TRY(item_content_new(&source, registry_inspector(set->daemon->registry), on_certificate,
			     set, &set->certificates[set->n_certificates]));
	set->n_certificates++;
	return KC_OK;
}

static void read_next(struct import_set *set)
{
	enum kc_status status = KC_OK;
	size_t n = count(set, "certificates");

	while (set->at < n && is_repeated(set, set->at))
		set->at++;
	if (set->at == n) {
		finish(set, put_together(set));
		return;
	}
	status = inspect(set, set->at++);
	if (status != KC_OK)
		finish(set, status);
}

/* --- keys ------------------------------------------------------------------------------------ */

static enum kc_status keep_key(struct import_set *set, struct private_key *key, const char *name)
{
	struct found_key *found = &set->keys[set->n_keys++];

	found->key = *key;
	*key = (struct private_key){.key_class = NULL};
	found->name = name;
	return private_key_describe(&found->key, &found->attributes);
}

static enum kc_status read_public_key(struct import_set *set, size_t i)
{
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(PUBLIC_KEY_MAX);
	CLEANUP(private_key_done) struct private_key key = {.key_class = NULL};
	struct json_object *object = contained(set, "public_keys", i);
	struct private_key_claim claim = {.key_class = "public",
					  .key_type = field_text(object, "key_type")};

	TRY(field_data(object, "public_key", &data));
	TRY(private_key_read(claim, bytes_view(&data), &key));
	return keep_key(set, &key, NULL);
}

static enum kc_status keep_keys(struct import_set *set, struct private_key *keys, size_t n)
{
	for (size_t i = 0; i < n; i++)
		TRY(keep_key(set, &keys[i],
			     field_text(contained(set, "keys", i), "friendly_name")));
	set->n_private_keys = n;
	for (size_t i = 0; i < count(set, "public_keys"); i++)
		TRY(read_public_key(set, i));
	return KC_OK;
}

static void on_keys(void *userdata, enum kc_status status, struct private_key *keys, size_t n)
{
	struct import_set *set = userdata;

	set->reading = NULL;
	if (status == KC_OK) {
		error_clear();
		status = keep_keys(set, keys, n);
	}
	if (status == KC_OK)
		read_next(set);
	else
		finish(set, status);
}

enum kc_status import_set_read(struct daemon *daemon, struct json_object *contents,
			       struct json_object *attributes, import_set_fn on_read,
			       void *userdata, struct import_set **ret_set)
{
	CLEANUP(import_set_freep) struct import_set *set = calloc(1, sizeof(*set));

	REQUIRE(set, KC_ERR_ALLOCATE, "out of memory");
	*set = (struct import_set){.daemon = daemon,
				   .contents = json_object_get(contents),
				   .attributes = attributes,
				   .on_read = on_read,
				   .userdata = userdata};
	set->certificates = calloc(count(set, "certificates") + 1, sizeof(struct item_content *));
	set->keys = calloc(count(set, "keys") + count(set, "public_keys") + 1, sizeof(*set->keys));
	REQUIRE(set->certificates && set->keys, KC_ERR_ALLOCATE, "out of memory");
	TRY(import_keys_start(daemon->event, field_get(contents, "keys"), on_keys, set,
			      &set->reading));
	*ret_set = take(set);
	return KC_OK;
}

/* --- adding ---------------------------------------------------------------------------------- */

enum kc_status import_set_add(struct import_set *set, struct engine *engine,
			      struct engine_request *request)
{
	drop_answers(set);
	return engine_add_all(engine, request, set->additions, set->n_entries);
}

size_t import_set_count_new(const struct import_set *set)
{
	size_t n = 0;

	for (size_t i = 0; i < set->n_entries; i++)
		n += set->additions[i].is_new;
	return n;
}

static enum kc_status tell_entry(const struct import_set *set, size_t i, struct json_object *items)
{
	CLEANUP(field_free) struct json_object *item = NULL;
	struct json_object *added = set->additions[i].item;

	TRY(field_new_object(&item));
	TRY(field_put_text(item, "class", set->entries[i].class_name));
	TRY(field_put_text(item, "value_persistent_ref",
			   field_text(added, "value_persistent_ref")));
	TRY(field_put_text(item, "label", field_text(added, "label")));
	TRY(field_put_flag(item, "is_new", set->additions[i].is_new));
	return field_append(items, take(item));
}

enum kc_status import_set_tell(const struct import_set *set, struct json_object **ret_items)
{
	CLEANUP(field_free) struct json_object *items = json_object_new_array();

	REQUIRE(items, KC_ERR_ALLOCATE, "out of memory");
	for (size_t i = 0; i < set->n_entries; i++)
		TRY(tell_entry(set, i, items));
	*ret_items = take(items);
	return KC_OK;
}
