/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a row of the file is opened and sealed. A blob that was moved to another row, or whose
 * hashes were exchanged, or that is of another revision, does not open: it is as if the item were
 * not there (reference/keychain.md 6). Rows of tokens are in memory and nothing of them is sealed.
 */
#include <sys/random.h>

#include "base/try.h"
#include "items/access_control.h"
#include "items/row_impl.h"
#include "items/value_impl.h"

/* reference/keychain.md 1.3 to 1.6, "P"; and of every class those of 1.2. */
static const char *const identities[][16] = {
	[VOCABULARY_GENERIC_PASSWORD] = {"account", "service"},
	[VOCABULARY_INTERNET_PASSWORD] = {"account", "security_domain", "server", "protocol",
					  "authentication_type", "port", "path"},
	[VOCABULARY_CERTIFICATE] = {"certificate_type", "issuer", "serial_number"},
	[VOCABULARY_KEY] = {"key_class", "application_label", "application_tag", "key_creator",
			    "key_type", "key_size_in_bits", "effective_key_size", "start_date",
			    "end_date"},
};
static const char *const common_identity[] = {"access_group", "synchronizable", "token_id"};

enum {
	OWNER_MAX = 4096,
	LENGTH_BYTES = 4,
};

static enum kc_status put_length(struct bytes *owner, size_t len)
{
	uint8_t length[LENGTH_BYTES] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16),
					(uint8_t)(len >> 8), (uint8_t)len};

	return bytes_append(owner, VIEW_OF(length));
}

static enum kc_status put_part(struct bytes *owner, struct kc_view part)
{
	TRY(put_length(owner, part.len));
	return bytes_append(owner, part);
}

/* Everything of the row that is not sealed. */
static enum kc_status put_owner(const struct row *row, struct bytes *owner)
{
	uint8_t protection = (uint8_t)row->protection;
	size_t n = schema_columns(row->item_class)->n;

	TRY(bytes_reserve(owner, 1024));
	TRY(put_part(owner, view_of_text(schema_table(row->item_class))));
	TRY(put_part(owner, VIEW_OF(row->item_id)));
	TRY(put_part(owner, view_of(&protection, 1)));
	TRY(put_part(owner, VIEW_OF(row->revision)));
	TRY(put_part(owner, hash_view(&row->identity)));
	for (size_t i = 0; i < n; i++)
		TRY(put_part(owner, hash_view(&row->hashes[i])));
	return KC_OK;
}

/*
 * Of the attributes also the sealed secret, so that what opens is whole, and halves of two rows or
 * of two revisions never make an item.
 */
static enum kc_status put_attributes_owner(const struct row *row, struct bytes *owner,
					   struct seal_terms *terms)
{
	TRY(put_owner(row, owner));
	TRY(put_length(owner, row->secret.len));
	terms->owner = bytes_view(owner);
	terms->beside = row->secret;
	return KC_OK;
}

static enum kc_status fail_damaged(void)
{
	return fail(KC_ERR_DECODE, "a row of the keychain is damaged");
}

/*
 * A number that is no class is as damaged as any other byte; and what was sealed for as long as
 * there is a password vanishes with it (reference/keychain.md 4.3). A class key that cannot be had
 * for another reason says nothing of the row, which must not be taken for damaged.
 */
static enum kc_status class_key(const struct engine *engine, const struct row *row,
				struct kc_view *ret_key)
{
	if (!keybag_class_name(row->protection))
		return fail_damaged();
	if (row->protection == KEYBAG_WHEN_PASSCODE_SET_DEVICE &&
	    !keybag_has_password(engine->keybag))
		return fail(KC_ERR_DECODE, "this item went with the keychain password");
	return keybag_key(engine->keybag, row->protection, ret_key);
}

static enum kc_status parse(struct kc_view text, struct json_object **ret_attributes)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *attributes = NULL;

	REQUIRE(tokener, KC_ERR_ALLOCATE, "out of memory");
	attributes = json_tokener_parse_ex(tokener, (const char *)text.data, (int)text.len);
	json_tokener_free(tokener);
	if (!json_object_is_type(attributes, json_type_object)) {
		json_object_put(attributes);
		return fail_damaged();
	}
	*ret_attributes = attributes;
	return KC_OK;
}

static enum kc_status open_attributes(const struct engine *engine, struct row *row)
{
	CLEANUP(bytes_done) struct bytes plain = BYTES_INIT(ROW_ATTRIBUTES_MAX);
	CLEANUP(bytes_done) struct bytes owner = BYTES_INIT(OWNER_MAX);
	struct seal_terms terms = {.purpose = "attributes"};

	if (row->attributes)
		return KC_OK;
	if (row->is_damaged)
		return fail_damaged();
	if (row->place == SCHEMA_MAIN)
		return parse(row->attributes_data, &row->attributes);
	TRY(class_key(engine, row, &terms.key));
	TRY(put_attributes_owner(row, &owner, &terms));
	TRY(seal_open(&terms, row->attributes_data, &plain));
	return parse(bytes_view(&plain), &row->attributes);
}

/* What went with the password was meant to go. */
static bool is_loss(const struct engine *engine, const struct row *row)
{
	return row->place == SCHEMA_FILE && (row->protection != KEYBAG_WHEN_PASSCODE_SET_DEVICE ||
					     keybag_has_password(engine->keybag));
}

enum kc_status row_open(const struct engine *engine, struct row *row)
{
	enum kc_status status = open_attributes(engine, row);

	if (status == KC_ERR_DECODE && is_loss(engine, row))
		unreadable_note(engine->unreadable, row->item_class, row->position);
	return status;
}

enum kc_status row_put_whole(const struct row *row, struct bytes *whole)
{
	TRY(put_owner(row, whole));
	TRY(put_part(whole, row->attributes_data));
	return put_part(whole, row->secret);
}

enum kc_status row_open_again(const struct engine *engine, struct row *row,
			      struct json_object *attributes)
{
	struct kc_view key;

	TRY(class_key(engine, row, &key));
	if (!row->attributes) /* a search for identities has opened it already */
		row->attributes = json_object_get(attributes);
	return KC_OK;
}

/* With an application password nothing is in the file that opens the secret without it. */
static enum kc_status secret_key(struct kc_view key, struct kc_view application_key,
				 uint8_t ret_key[SEAL_KEY_BYTES])
{
	if (application_key.len > 0)
		return seal_derive(key, "application password", application_key, ret_key);
	memcpy(ret_key, key.data, SEAL_KEY_BYTES);
	return KC_OK;
}

static bool has_application_password(const struct row *row)
{
	struct error_record before = *error_get();
	struct access_control access = {0};
	struct json_object *value = field_get(row->attributes, "access_control");
	bool has_one = value && access_control_parse(value, &access) == KC_OK &&
		       access_control_has(&access, ACCESS_CONTROL_APPLICATION_PASSWORD);

	error_adopt(&before);
	return has_one;
}

enum kc_status row_open_secret(const struct engine *engine, const struct row *row,
			       struct kc_view application_key, struct bytes *secret)
{
	CLEANUP(bytes_done) struct bytes owner = BYTES_INIT(OWNER_MAX);
	struct seal_terms terms = {.purpose = "secret"};
	uint8_t key[SEAL_KEY_BYTES];
	bool has_password = false;
	enum kc_status status = KC_OK;

	if (row->place == SCHEMA_MAIN)
		return bytes_append(secret, row->secret);
	has_password = has_application_password(row);
	TRY(class_key(engine, row, &terms.key));
	TRY(secret_key(terms.key, has_password ? application_key : view_of(NULL, 0), key));
	TRY(put_owner(row, &owner));
	terms.key = VIEW_OF(key);
	terms.owner = bytes_view(&owner);
	status = seal_open(&terms, row->secret, secret);
	explicit_bzero(key, sizeof(key));
	/* The attributes have opened: what does not fit is the password. */
	if (status == KC_ERR_DECODE && has_password) {
		error_clear();
		return fail(KC_ERR_AUTH_FAILED, "wrong application password");
	}
	return status;
}

static enum kc_status put_hash(const struct row *row, const char *name, struct bytes *bytes)
{
	return put_part(bytes, hash_view(&row->hashes[row_column(row->item_class, name)]));
}

static enum kc_status make_identity(const struct engine *engine, struct row *row)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(OWNER_MAX);
	const char *const *names = identities[row->item_class];

	TRY(put_part(&bytes, view_of_text(schema_table(row->item_class))));
	for (size_t i = 0; names[i]; i++)
		TRY(put_hash(row, names[i], &bytes));
	for (size_t i = 0; i < ARRAY_LEN(common_identity); i++)
		TRY(put_hash(row, common_identity[i], &bytes));
	return hash_bytes(engine->hasher, "identity", bytes_view(&bytes), &row->identity);
}

static enum kc_status hash_column(const struct engine *engine, const struct row *row,
				  const struct vocabulary_attribute *attribute, const char *name,
				  struct hash *ret_hash)
{
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(VALUE_DATA_MAX);
	struct json_object *value = field_get(row->attributes, name);

	if (!value)
		return KC_OK;
	if (attribute)
		return hash_value(engine->hasher, attribute, value, ret_hash);
	TRY(value_data(name, value, &data));
	return hash_bytes(engine->hasher, name, bytes_view(&data), ret_hash);
}

enum kc_status row_digest(const struct engine *engine, struct row *row)
{
	const struct schema_columns *columns = schema_columns(row->item_class);
	const char *accessible = field_text(row->attributes, "accessible");

	REQUIRE(accessible && keybag_find_class(accessible, &row->protection), KC_ERR_PARAM,
		"\"accessible\" must be a protection class");
	for (size_t i = 0; i < columns->n; i++) {
		row->hashes[i] = (struct hash){.is_set = false};
		TRY(hash_column(engine, row, columns->attributes[i], columns->names[i],
				&row->hashes[i]));
	}
	return make_identity(engine, row);
}

enum kc_status row_new_id(uint8_t ret_id[SCHEMA_ID_BYTES])
{
	REQUIRE(getrandom(ret_id, SCHEMA_ID_BYTES, 0) == SCHEMA_ID_BYTES, KC_ERR_INTERNAL,
		"the kernel gives no random bytes");
	return KC_OK;
}

static enum kc_status seal_secret(struct kc_view class_key, struct row *row, struct kc_view secret,
				  struct kc_view application_key)
{
	CLEANUP(bytes_done) struct bytes owner = BYTES_INIT(OWNER_MAX);
	struct seal_terms terms = {.purpose = "secret"};
	uint8_t key[SEAL_KEY_BYTES];
	enum kc_status status = KC_OK;

	TRY(put_owner(row, &owner));
	TRY(secret_key(class_key, application_key, key));
	terms.key = VIEW_OF(key);
	terms.owner = bytes_view(&owner);
	row->sealed_secret = BYTES_INIT(ROW_SECRET_MAX + SEAL_OVERHEAD);
	status = seal_close(&terms, secret, &row->sealed_secret);
	explicit_bzero(key, sizeof(key));
	row->has_secret = true;
	row->secret = bytes_view(&row->sealed_secret);
	return status;
}

static enum kc_status seal_attributes(struct kc_view class_key, struct row *row)
{
	CLEANUP(bytes_done) struct bytes owner = BYTES_INIT(OWNER_MAX);
	struct seal_terms terms = {.purpose = "attributes", .key = class_key};
	const char *text = json_object_to_json_string_ext(row->attributes, JSON_C_TO_STRING_PLAIN);

	REQUIRE(text, KC_ERR_ALLOCATE, "out of memory");
	TRY(put_attributes_owner(row, &owner, &terms));
	row->sealed_attributes = BYTES_INIT(ROW_ATTRIBUTES_MAX + SEAL_OVERHEAD);
	TRY(seal_close(&terms, view_of_text(text), &row->sealed_attributes));
	row->attributes_data = bytes_view(&row->sealed_attributes);
	return KC_OK;
}

enum kc_status row_seal(const struct engine *engine, struct row *row, const struct kc_view *secret,
			struct kc_view application_key)
{
	struct kc_view key;

	TRY(keybag_key(engine->keybag, row->protection, &key));
	TRY(row_new_id(row->revision));
	bytes_done(&row->sealed_attributes);
	bytes_done(&row->sealed_secret);
	row->has_secret = false;
	row->secret = view_of(NULL, 0);
	if (secret)
		TRY(seal_secret(key, row, *secret, application_key));
	return seal_attributes(key, row);
}
