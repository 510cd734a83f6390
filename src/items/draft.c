/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How attributes come together: what an application gives, what the content says of itself, and
 * defaults. Content wins by refusing: an item that is found by an issuer that its certificate does
 * not have would be a trap.
 */
#include "items/draft_impl.h"

#include <string.h>
#include <time.h>

#include "base/try.h"
#include "codec/date.h"
#include "items/describe.h"
#include "items/spelling_impl.h"
#include "items/value_impl.h"

enum {
	US_PER_SECOND = 1000000,
	US_PER_MS = 1000,
	X509_ENCODING_DER = 3,
};

/* What is not text has another empty value. reference/keychain.md 1.3 to 1.6: "N". */
static const char *const never_null[][10] = {
	[VOCABULARY_GENERIC_PASSWORD] = {"account", "service"},
	[VOCABULARY_INTERNET_PASSWORD] = {"account", "security_domain", "server", "protocol",
					  "authentication_type", "port", "path"},
	[VOCABULARY_CERTIFICATE] = {"certificate_type", "issuer", "serial_number"},
	[VOCABULARY_KEY] = {"application_label", "application_tag", "key_creator", "key_type",
			    "key_size_in_bits"},
};

/* --- what the content says ------------------------------------------------------------------- */

/* An application's own to choose, whatever the content suggests: names, and what it permits. */
static bool is_free(const char *name)
{
	return strcmp(name, "label") == 0 || strncmp(name, "can_", strlen("can_")) == 0 ||
	       strncmp(name, "is_", strlen("is_")) == 0;
}

static bool has_column(enum vocabulary_class item_class, const char *name)
{
	const struct schema_columns *columns = schema_columns(item_class);

	for (size_t i = 0; i < columns->n; i++)
		if (strcmp(columns->names[i], name) == 0)
			return true;
	return false;
}

static bool is_same_name(struct json_object *given, struct json_object *said)
{
	CLEANUP(bytes_done) struct bytes a = BYTES_INIT(VALUE_DATA_MAX);
	CLEANUP(bytes_done) struct bytes b = BYTES_INIT(VALUE_DATA_MAX);

	return said && value_data("name", given, &a) == KC_OK &&
	       value_data("name", said, &b) == KC_OK &&
	       view_equal(spelling_content(bytes_view(&a)), bytes_view(&b));
}

/* A Name may be given as it stands in the certificate. */
static bool is_same(const struct vocabulary_attribute *attribute, struct json_object *given,
		    struct json_object *said, struct json_object *content)
{
	bool is_subject = strcmp(attribute->name, "subject") == 0;

	if (!spelling_is_of_name(attribute))
		return value_equal(attribute, given, said);
	return is_same_name(given, said) ||
	       is_same_name(given, field_get(content, is_subject ? "subject_raw" : "issuer_raw"));
}

static enum kc_status check_value(const struct row *row, const char *name,
				  struct json_object *value)
{
	const struct vocabulary_attribute *attribute = vocabulary_find(name);

	if (row->item_class == VOCABULARY_CERTIFICATE && describe_is_fact(name))
		return KC_OK;
	REQUIRE(has_column(row->item_class, name) && strcmp(name, ROW_PUBLIC_KEY) != 0,
		KC_ERR_NO_SUCH_ATTR, "a %s has no attribute \"%s\"",
		vocabulary_class_name(row->item_class), name);
	return value_check(name, attribute ? attribute->type : VOCABULARY_DATA, value);
}

static enum kc_status describe_by(struct row *row, const char *name, struct json_object *value,
				  struct json_object *content)
{
	const struct vocabulary_attribute *attribute = vocabulary_find(name);
	struct json_object *given = field_get(row->attributes, name);

	TRY(check_value(row, name, value));
	if (given && is_free(name))
		return KC_OK;
	REQUIRE(!given || !attribute || is_same(attribute, given, value, content), KC_ERR_PARAM,
		"\"%s\" is not what the %s itself says", name,
		vocabulary_class_name(row->item_class));
	if (!is_free(name))
		TRY(field_append_text(field_get(row->attributes, ROW_CONTENT), name));
	return field_put(row->attributes, name, json_object_get(value));
}

static enum kc_status describe_all(struct row *row, struct json_object *content)
{
	TRY(field_put(row->attributes, ROW_CONTENT, json_object_new_array()));
	json_object_object_foreach(content, name, value)
	{
		if (value)
			TRY(describe_by(row, name, value, content));
	}
	return KC_OK;
}

enum kc_status draft_describe(struct row *row, const struct engine_part *part)
{
	if (part->attributes)
		TRY(describe_all(row, part->attributes));
	if (part->public_key.len > 0)
		TRY(field_put_data(row->attributes, ROW_PUBLIC_KEY, part->public_key));
	if (row->item_class == VOCABULARY_CERTIFICATE && part->has_data)
		TRY(field_put_number(row->attributes, "certificate_encoding", X509_ENCODING_DER));
	return KC_OK;
}

/* --- defaults -------------------------------------------------------------------------------- */

static enum kc_status default_flag(struct json_object *attributes, const char *name, bool flag)
{
	return field_get(attributes, name) ? KC_OK : field_put_flag(attributes, name, flag);
}

static enum kc_status default_text(struct json_object *attributes, const char *name,
				   const char *text)
{
	return field_get(attributes, name) ? KC_OK : field_put_text(attributes, name, text);
}

static enum kc_status put_empty(struct json_object *attributes, const char *name)
{
	const struct vocabulary_attribute *attribute = vocabulary_find(name);

	if (field_get(attributes, name))
		return KC_OK;
	if (attribute->type == VOCABULARY_NUMBER)
		return field_put_number(attributes, name, 0);
	return field_put_text(attributes, name, ""); /* of data, base64 of nothing */
}

enum kc_status draft_check_kind(struct json_object *attributes)
{
	const char *key_class = field_text(attributes, "key_class");
	bool is_private = key_class && strcmp(key_class, "private") == 0;

	REQUIRE(field_flag(attributes, "is_private", is_private) == is_private, KC_ERR_PARAM,
		"\"is_private\" is not what \"key_class\" says");
	return KC_OK;
}

/* reference/keychain.md 1.6: what a software key contributes; 7: private is who is private. */
static enum kc_status complete_kind(struct json_object *attributes, const char *key_class)
{
	bool is_public = strcmp(key_class, "public") == 0;
	bool is_private = strcmp(key_class, "private") == 0;
	bool is_symmetric = strcmp(key_class, "symmetric") == 0;

	REQUIRE(is_public || is_private || is_symmetric, KC_ERR_PARAM,
		"\"key_class\" must be \"public\", \"private\" or \"symmetric\"");
	TRY(draft_check_kind(attributes));
	TRY(default_flag(attributes, "is_private", is_private));
	TRY(default_flag(attributes, "is_extractable", !is_private));
	TRY(default_flag(attributes, "can_encrypt", !is_private));
	TRY(default_flag(attributes, "can_verify", is_public));
	TRY(default_flag(attributes, "can_wrap", !is_private));
	TRY(default_flag(attributes, "can_decrypt", !is_public));
	TRY(default_flag(attributes, "can_sign", is_private));
	return default_flag(attributes, "can_unwrap", !is_public);
}

static enum kc_status complete_key(struct json_object *attributes)
{
	static const char *const never[] = {"is_sensitive", "was_always_sensitive",
					    "was_never_extractable", "can_sign_recover",
					    "can_verify_recover"};
	const char *key_type = field_text(attributes, "key_type");
	bool is_rsa = key_type && strcmp(key_type, "rsa") == 0;

	TRY(default_text(attributes, "key_class", "public"));
	TRY(complete_kind(attributes, field_text(attributes, "key_class")));
	TRY(default_flag(attributes, "can_derive",
			 !is_rsa && strcmp(field_text(attributes, "key_class"), "public") != 0));
	TRY(default_flag(attributes, "is_permanent", true));
	TRY(default_flag(attributes, "is_modifiable", true));
	for (size_t i = 0; i < ARRAY_LEN(never); i++)
		TRY(default_flag(attributes, never[i], false));
	if (field_get(attributes, "effective_key_size"))
		return KC_OK;
	return field_put_number(attributes, "effective_key_size",
				field_number(attributes, "key_size_in_bits", 0));
}

static int64_t now_in_us(void)
{
	struct timespec now = {.tv_sec = 0};

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * US_PER_SECOND + now.tv_nsec / 1000000 * US_PER_MS;
}

/* reference/keychain.md 1.2: an update is later than the one before by a millisecond at least. */
enum kc_status draft_touch(struct json_object *attributes)
{
	const char *before = field_text(attributes, "modification_date");
	int64_t now_us = now_in_us();
	int64_t before_us = 0;
	char text[DATE_TEXT_MAX];

	if (before && date_parse(before, &before_us) == KC_OK && before_us >= now_us)
		now_us = before_us + US_PER_MS;
	TRY(date_format(now_us, text));
	return field_put_text(attributes, "modification_date", text);
}

enum kc_status draft_complete(struct row *row, const char *default_group)
{
	struct json_object *attributes = row->attributes;
	const char *const *empty = never_null[row->item_class];

	TRY(default_text(attributes, "access_group", default_group));
	TRY(default_flag(attributes, "synchronizable", false));
	json_object_object_del(attributes, "modification_date");
	TRY(draft_touch(attributes));
	TRY(field_put_text(attributes, "creation_date",
			   field_text(attributes, "modification_date")));
	for (size_t i = 0; empty[i]; i++)
		TRY(put_empty(attributes, empty[i]));
	return row->item_class == VOCABULARY_KEY ? complete_key(attributes) : KC_OK;
}

/* --- who may read it ------------------------------------------------------------------------- */

/* reference/keychain.md 2.7: certificates are there before anybody has unlocked anything. */
static enum keybag_class default_class(const struct row *row)
{
	return row->item_class == VOCABULARY_CERTIFICATE ? KEYBAG_ALWAYS : KEYBAG_WHEN_UNLOCKED;
}

/* Always there, in one form, so that what comes back can be asked by; not of what is synchronized,
 * which can have none (reference/keychain.md 4.6). */
static enum kc_status put_access(struct json_object *attributes,
				 const struct access_control *access)
{
	struct json_object *value = NULL;

	TRY(field_put_text(attributes, "accessible", keybag_class_name(access->accessible)));
	if (field_flag(attributes, "synchronizable", false))
		return KC_OK;
	TRY(access_control_make(access, &value));
	return field_put(attributes, "access_control", value);
}

enum kc_status draft_finish(const struct engine *engine, struct row *row,
			    struct access_control *ret_access)
{
	struct access_control access = {.flags = 0};

	TRY(access_control_of(row->attributes, default_class(row), &access));
	TRY(access_control_suits(&access, row->item_class));
	TRY(access_control_require_password(&access, keybag_has_password(engine->keybag)));
	TRY(put_access(row->attributes, &access));
	TRY(row_digest(engine, row));
	*ret_access = access;
	return KC_OK;
}

enum kc_status draft_seal(const struct engine *engine, struct row *row,
			  const struct access_control *access, const struct engine_proof *proof,
			  const struct kc_view *secret)
{
	bool has_password = access_control_has(access, ACCESS_CONTROL_APPLICATION_PASSWORD);
	struct kc_view nothing = view_of(NULL, 0);

	REQUIRE(!secret || secret->len <= ROW_SECRET_MAX, KC_ERR_PARAM,
		"\"value_data\" has at most %d bytes", ROW_SECRET_MAX);
	json_object_object_del(row->attributes, ROW_NO_DATA);
	/* A secret there must be, to see whether the password is the right one. */
	if (has_password && !secret) {
		TRY(field_put_flag(row->attributes, ROW_NO_DATA, true));
		secret = &nothing;
	}
	return row_seal(engine, row, secret, has_password ? proof->application_key : nothing);
}
