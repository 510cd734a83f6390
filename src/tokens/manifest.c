/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading driver manifests. A wrong one costs its own driver only, and says why. */
#include "tokens/manifest.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/try.h"
#include "codec/hex.h"
#include "sys/file.h"
#include "sys/paths.h"
#include "wire/message.h"

enum {
	AID_BYTES_MIN = 5, /* ISO 7816-4 12.2.3: the RID */
	AID_BYTES_MAX = 16,
};

struct manifest *manifest_free(struct manifest *manifest)
{
	if (!manifest)
		return NULL;
	for (size_t i = 0; i < manifest->n_aids; i++)
		free(manifest->aids[i]);
	free(manifest->path);
	free(manifest);
	return NULL;
}

/* Letters, digits, '.', '-' and '_', starting with a letter: safe in paths, IDs and messages. */
static bool is_plain_name(const char *text)
{
	if (!isalpha((unsigned char)text[0]))
		return false;
	for (const char *c = text; *c; c++) {
		if (!isalnum((unsigned char)*c) && !strchr(".-_", *c))
			return false;
	}
	return true;
}

static enum kc_status read_text(struct json_object *object, const char *key, char *ret_text)
{
	const char *text = field_text(object, key);
	size_t len = text ? strlen(text) : 0;

	REQUIRE(text, KC_ERR_DECODE, "\"%s\" is missing or no text", key);
	REQUIRE(len > 0 && len < MANIFEST_NAME_MAX, KC_ERR_DECODE,
		"\"%s\" must have 1 to %d characters", key, MANIFEST_NAME_MAX - 1);
	for (size_t i = 0; i < len; i++)
		REQUIRE(isprint((unsigned char)text[i]), KC_ERR_DECODE,
			"\"%s\" must be printable ASCII", key);
	memcpy(ret_text, text, len + 1);
	return KC_OK;
}

static enum kc_status read_name(struct json_object *object, const char *key, char *ret_text)
{
	TRY(read_text(object, key, ret_text));
	REQUIRE(is_plain_name(ret_text), KC_ERR_DECODE,
		"\"%s\" may hold letters, digits, '.', '-' and '_' only", key);
	return KC_OK;
}

static bool read_aid(struct json_object *value, struct bytes *aid)
{
	bool is_aid = json_object_is_type(value, json_type_string) &&
		      hex_decode(json_object_get_string(value), aid) == KC_OK &&
		      aid->len >= AID_BYTES_MIN;

	error_clear(); /* what the author reads is said by the caller */
	return is_aid;
}

static enum kc_status add_aid(struct manifest *manifest, struct json_object *value)
{
	CLEANUP(bytes_done) struct bytes aid = BYTES_INIT(AID_BYTES_MAX);

	REQUIRE(read_aid(value, &aid), KC_ERR_DECODE,
		"\"aids\" must be hexadecimal texts of %d to %d bytes", AID_BYTES_MIN,
		AID_BYTES_MAX);
	REQUIRE(manifest->n_aids < MANIFEST_AIDS_MAX, KC_ERR_DECODE, "more than %d AIDs",
		MANIFEST_AIDS_MAX);
	manifest->aids[manifest->n_aids] = hex_encode(bytes_view(&aid), HEX_UPPER);
	REQUIRE(manifest->aids[manifest->n_aids], KC_ERR_ALLOCATE, "out of memory");
	manifest->n_aids++;
	return KC_OK;
}

static enum kc_status read_aids(struct manifest *manifest, struct json_object *object)
{
	struct json_object *aids = field_get(object, "aids");

	REQUIRE(aids && json_object_is_type(aids, json_type_array), KC_ERR_DECODE,
		"\"aids\" is missing or no array");
	REQUIRE(json_object_array_length(aids) > 0, KC_ERR_DECODE, "\"aids\" is empty");
	for (size_t i = 0; i < json_object_array_length(aids); i++)
		TRY(add_aid(manifest, json_object_array_get_idx(aids, i)));
	return KC_OK;
}

static enum kc_status check_keys(struct json_object *object)
{
	static const char *const known[] = {"class_id", "name", "type", "executable", "aids"};

	json_object_object_foreach(object, key, value)
	{
		bool is_known = false;

		(void)value;
		for (size_t i = 0; i < ARRAY_LEN(known); i++)
			is_known |= strcmp(key, known[i]) == 0;
		REQUIRE(is_known, KC_ERR_DECODE, "unknown key \"%.40s\"", key);
	}
	return KC_OK;
}

static enum kc_status read_object(struct manifest *manifest, struct json_object *object)
{
	TRY(check_keys(object));
	TRY(read_name(object, "class_id", manifest->class_id));
	REQUIRE(strchr(manifest->class_id, '.'), KC_ERR_DECODE,
		"\"class_id\" must be a reverse domain name such as org.example.card");
	TRY(read_text(object, "name", manifest->name));
	TRY(read_text(object, "type", manifest->type));
	REQUIRE(strcmp(manifest->type, "smartcard") == 0, KC_ERR_DECODE,
		"\"type\" must be \"smartcard\"");
	TRY(read_name(object, "executable", manifest->executable));
	return read_aids(manifest, object);
}

enum kc_status manifest_parse(struct kc_view text, struct manifest **ret_manifest)
{
	CLEANUP(manifest_freep) struct manifest *manifest = calloc(1, sizeof(*manifest));
	CLEANUP(field_free) struct json_object *object = NULL;

	REQUIRE(manifest, KC_ERR_ALLOCATE, "out of memory");
	list_init(&manifest->link);
	TRY(message_parse(text, &object));
	TRY(read_object(manifest, object));
	manifest->is_enabled = true;
	*ret_manifest = take(manifest);
	return KC_OK;
}

static bool is_manifest_name(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && name[0] != '.' && strcmp(name + len - 5, ".json") == 0;
}

static int choose_manifest(const struct dirent *entry)
{
	return is_manifest_name(entry->d_name);
}

/* One that cannot be used, known by its file name. */
static enum kc_status make_broken(const char *name, struct manifest **ret_manifest)
{
	struct manifest *manifest = calloc(1, sizeof(*manifest));

	REQUIRE(manifest, KC_ERR_ALLOCATE, "out of memory");
	list_init(&manifest->link);
	(void)snprintf(manifest->class_id, sizeof(manifest->class_id), "%.*s",
		       (int)(strlen(name) - 5 < MANIFEST_NAME_MAX ? strlen(name) - 5
								  : MANIFEST_NAME_MAX - 1),
		       name);
	(void)snprintf(manifest->reason, sizeof(manifest->reason), "%s", error_get()->message);
	*ret_manifest = manifest;
	return KC_OK;
}

static enum kc_status read_file(const char *path, struct manifest **ret_manifest)
{
	CLEANUP(bytes_done) struct bytes text = BYTES_INIT(MANIFEST_BYTES_MAX);

	TRY(file_read(path, &text));
	return manifest_parse(bytes_view(&text), ret_manifest);
}

static const struct manifest *find_class(const struct manifest_set *set, const char *class_id)
{
	list_for_each (link, &set->manifests) {
		const struct manifest *other = list_entry(link, struct manifest, link);

		if (other->is_enabled && strcmp(other->class_id, class_id) == 0)
			return other;
	}
	return NULL;
}

static void refuse_second(const struct manifest_set *set, struct manifest *manifest)
{
	const struct manifest *first = find_class(set, manifest->class_id);

	if (!manifest->is_enabled || !first)
		return;
	manifest->is_enabled = false;
	(void)snprintf(manifest->reason, sizeof(manifest->reason),
		       "class_id %s belongs to %.150s already", manifest->class_id, first->path);
}

static enum kc_status add_file(struct manifest_set *set, const char *folder, const char *name)
{
	CLEANUP(manifest_freep) struct manifest *manifest = NULL;
	char path[PATHS_MAX];
	int len = snprintf(path, sizeof(path), "%s/%s", folder, name);

	REQUIRE(len > 0 && (size_t)len < sizeof(path), KC_ERR_PARAM, "the path is too long");
	error_clear();
	if (read_file(path, &manifest) != KC_OK)
		TRY(make_broken(name, &manifest));
	manifest->path = strdup(path);
	REQUIRE(manifest->path, KC_ERR_ALLOCATE, "out of memory");
	refuse_second(set, manifest);
	if (!manifest->is_enabled)
		log_warning("driver manifest %s: %s", path, manifest->reason);
	list_append(&set->manifests, &take(manifest)->link);
	return KC_OK;
}

enum kc_status manifest_set_load(const char *folder, struct manifest_set *ret_set)
{
	struct dirent **entries = NULL;
	int n = scandir(folder, &entries, choose_manifest, alphasort);
	enum kc_status status = KC_OK;

	list_init(&ret_set->manifests);
	for (int i = 0; i < n; i++) {
		if (status == KC_OK)
			status = add_file(ret_set, folder, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	if (status != KC_OK)
		manifest_set_done(ret_set);
	return status;
}

void manifest_set_done(struct manifest_set *set)
{
	list_for_each_safe (link, &set->manifests) {
		list_remove(link);
		ignore(manifest_free(list_entry(link, struct manifest, link)));
	}
}
