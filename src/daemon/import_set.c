/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keys first, in their thread; then certificates, one after the other in keycask-x509; then what
 * belongs together becomes one addition (import_set_entries.c), and all of them one transaction.
 */
#include "daemon/import_set.h"

#include <stdlib.h>

#include "base/try.h"
#include "daemon/import_set_impl.h"

enum {
	CERTIFICATE_MAX = 1024 * 1024,
	PUBLIC_KEY_MAX = 64 * 1024,
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
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(CERTIFICATE_MAX);
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
		finish(set, import_set_entries_make(set));
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
