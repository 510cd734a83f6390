/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One Name, many spellings: certificates know their own names in both forms. */
#include "items/spelling_impl.h"

#include <string.h>

#include "base/try.h"
#include "codec/tlv.h"
#include "items/value_impl.h"
#include "store/schema.h"
#include "store/sql.h"

/* X.690 8.9: SEQUENCE. */
enum {
	TAG_SEQUENCE = 0x30,
};

struct form {
	const char *raw;
	const char *normalized;
};

static const struct form forms[] = {{"issuer_raw", "issuer"}, {"subject_raw", "subject"}};

bool spelling_is_of_name(const struct vocabulary_attribute *attribute)
{
	return strcmp(attribute->name, "subject") == 0 || strcmp(attribute->name, "issuer") == 0;
}

struct kc_view spelling_content(struct kc_view name)
{
	struct error_record before = *error_get();
	struct kc_view rest = name;
	struct tlv tlv;
	bool is_whole = name.len > 0 && name.data[0] == TAG_SEQUENCE &&
			tlv_read(&rest, &tlv) == KC_OK && rest.len == 0;

	error_adopt(&before);
	return is_whole ? tlv.value : name;
}

/* *hash becomes that of the normalized form, if a certificate in @place is spelled so. */
static enum kc_status look(const struct engine *engine, enum schema_place place,
			   const struct form *form, struct hash *hash, bool *ret_is_found)
{
	CLEANUP(bytes_done) struct bytes sql = SQL_INIT;
	struct statement *statement = NULL;
	const char *text = NULL;
	enum kc_status status = KC_OK;
	bool has_row = false;

	TRY(sql_put(&sql,
		    "SELECT %s FROM %s.certificates WHERE %s = ?1 AND length(%s) = %d LIMIT 1",
		    form->normalized, schema_place_name(place), form->raw, form->normalized,
		    SEAL_HASH_BYTES));
	TRY(sql_end(&sql, &text));
	TRY(database_prepare(engine->database, text, &statement));
	TRY(database_bind_data(statement, 1, hash_view(hash)));
	status = database_step(statement, &has_row);
	if (status == KC_OK && has_row)
		memcpy(hash->bytes, database_column_data(statement, 0).data, SEAL_HASH_BYTES);
	database_reset(statement);
	*ret_is_found = has_row;
	return status;
}

enum kc_status spelling_find(const struct engine *engine, const char *attribute,
			     struct json_object *value, struct hash *ret_hash)
{
	CLEANUP(bytes_done) struct bytes name = BYTES_INIT(VALUE_DATA_MAX);
	struct hash hash = {.is_set = false};
	bool is_found = false;

	TRY(value_data(attribute, value, &name));
	TRY(hash_bytes(engine->hasher, attribute, spelling_content(bytes_view(&name)), &hash));
	for (size_t i = 0; i < ARRAY_LEN(forms) && !is_found; i++) {
		TRY(look(engine, SCHEMA_MAIN, &forms[i], &hash, &is_found));
		if (!is_found && engine_has_file(engine))
			TRY(look(engine, SCHEMA_FILE, &forms[i], &hash, &is_found));
	}
	*ret_hash = hash;
	return KC_OK;
}
