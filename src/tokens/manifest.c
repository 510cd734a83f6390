/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading one driver manifest: every mistake in it is named, with what to write instead. */
#include "tokens/manifest.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/try.h"
#include "codec/hex.h"
#include "wire/message.h"

enum {
	AID_BYTES_MIN = 5, /* ISO 7816-4 12.2.3: the RID */
	AID_BYTES_MAX = 16,
};

static const char *const known_keys[] = {"class_id", "name", "type", "executable", "aids"};

struct manifest *manifest_ref(struct manifest *manifest)
{
	manifest->n_references++;
	return manifest;
}

struct manifest *manifest_free(struct manifest *manifest)
{
	if (!manifest || --manifest->n_references > 0)
		return NULL;
	for (size_t i = 0; i < manifest->n_aids; i++)
		free(manifest->aids[i]);
	free(manifest->path);
	free(manifest->program);
	free(manifest);
	return NULL;
}

bool manifest_has_aid(const struct manifest *manifest, const char *aid)
{
	for (size_t i = 0; i < manifest->n_aids; i++) {
		if (strcmp(manifest->aids[i], aid) == 0)
			return true;
	}
	return false;
}

void manifest_add_problem(struct manifest_problems *problems, const char *format, ...)
{
	va_list args;

	if (problems->n == MANIFEST_PROBLEMS_MAX)
		return;
	va_start(args, format);
	(void)vsnprintf(problems->texts[problems->n++], MANIFEST_REASON_MAX, format, args);
	va_end(args);
}

/* Go on after a mistake; anything else is not the author's. */
static enum kc_status collect(struct manifest_problems *problems, enum kc_status status)
{
	if (status != KC_ERR_DECODE)
		return status;
	manifest_add_problem(problems, "%s", error_get()->message);
	error_clear();
	return KC_OK;
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
		"\"%s\" may hold letters, digits, '.', '-' and '_' only%s", key,
		strchr(ret_text, '/') ? ": the name of a file, not its path" : "");
	return KC_OK;
}

static enum kc_status read_class_id(struct json_object *object, char *ret_text)
{
	TRY(read_name(object, "class_id", ret_text));
	REQUIRE(strchr(ret_text, '.'), KC_ERR_DECODE,
		"\"class_id\" must be a reverse domain name such as org.example.card");
	return KC_OK;
}

static enum kc_status read_type(struct json_object *object, char *ret_text)
{
	TRY(read_text(object, "type", ret_text));
	REQUIRE(strcmp(ret_text, "smartcard") == 0, KC_ERR_DECODE,
		"\"type\" must be \"smartcard\"");
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
	CLEANUP(freep) char *text = NULL;

	REQUIRE(read_aid(value, &aid), KC_ERR_DECODE,
		"\"aids\" must be hexadecimal texts of %d to %d bytes, and %.40s is none",
		AID_BYTES_MIN, AID_BYTES_MAX, json_object_get_string(value));
	REQUIRE(manifest->n_aids < MANIFEST_AIDS_MAX, KC_ERR_DECODE, "more than %d AIDs",
		MANIFEST_AIDS_MAX);
	text = hex_encode(bytes_view(&aid), HEX_UPPER);
	REQUIRE(text, KC_ERR_ALLOCATE, "out of memory");
	REQUIRE(!manifest_has_aid(manifest, text), KC_ERR_DECODE, "\"aids\" has %s twice", text);
	manifest->aids[manifest->n_aids++] = take(text);
	return KC_OK;
}

static enum kc_status read_aids(struct manifest *manifest, struct json_object *object)
{
	struct json_object *aids = field_get(object, "aids");

	REQUIRE(aids && json_object_is_type(aids, json_type_array), KC_ERR_DECODE,
		"\"aids\" is missing or no array; [] is a driver for cards that no other one "
		"knows");
	for (size_t i = 0; i < json_object_array_length(aids); i++)
		TRY(add_aid(manifest, json_object_array_get_idx(aids, i)));
	return KC_OK;
}

static bool is_known(const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(known_keys); i++) {
		if (strcmp(key, known_keys[i]) == 0)
			return true;
	}
	return false;
}

static void check_keys(struct json_object *object, struct manifest_problems *problems)
{
	json_object_object_foreach(object, key, value)
	{
		struct nearest nearest = nearest_begin(view_of_text(key));

		(void)value;
		if (is_known(key))
			continue;
		for (size_t i = 0; i < ARRAY_LEN(known_keys); i++)
			nearest_offer(&nearest, known_keys[i]);
		manifest_add_problem(problems, "unknown key \"%.40s\"%s%s%s", key,
				     nearest.best ? ", did you mean \"" : "",
				     nearest.best ? nearest.best : "", nearest.best ? "\"?" : "");
	}
}

static enum kc_status read_object(struct manifest *manifest, struct json_object *object,
				  struct manifest_problems *problems)
{
	check_keys(object, problems);
	TRY(collect(problems, read_class_id(object, manifest->class_id)));
	TRY(collect(problems, read_text(object, "name", manifest->name)));
	TRY(collect(problems, read_type(object, manifest->type)));
	TRY(collect(problems, read_name(object, "executable", manifest->executable)));
	TRY(collect(problems, read_aids(manifest, object)));
	REQUIRE(problems->n == 0, KC_ERR_DECODE, "%s", problems->texts[0]);
	return KC_OK;
}

static enum kc_status parse_text(struct kc_view text, struct manifest_problems *problems,
				 struct json_object **ret_object)
{
	enum kc_status status = message_parse(text, ret_object);

	if (status != KC_OK)
		manifest_add_problem(problems, "%s", error_get()->message);
	return status;
}

enum kc_status manifest_parse(struct kc_view text, struct manifest_problems *problems,
			      struct manifest **ret_manifest)
{
	CLEANUP(manifest_freep) struct manifest *manifest = calloc(1, sizeof(*manifest));
	CLEANUP(field_free) struct json_object *object = NULL;
	CLEANUP(freep) struct manifest_problems *own = calloc(1, sizeof(*own));

	REQUIRE(manifest && own, KC_ERR_ALLOCATE, "out of memory");
	manifest->n_references = 1;
	list_init(&manifest->link);
	TRY(parse_text(text, problems ? problems : own, &object));
	TRY(read_object(manifest, object, problems ? problems : own));
	manifest->is_enabled = true;
	*ret_manifest = take(manifest);
	return KC_OK;
}
