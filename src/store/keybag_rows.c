/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keybag's SQL: its rows in settings and class_keys, and the rows that go with a class. */
#include <stdio.h>

#include "base/try.h"
#include "store/keybag.h"
#include "store/keybag_rows_impl.h"

static enum kc_status run_once(struct statement *statement)
{
	bool has_row = false;
	enum kc_status status = database_step(statement, &has_row);

	database_reset(statement);
	return status;
}

enum kc_status keybag_rows_put_setting(struct database *database, const char *name,
				       struct kc_view value)
{
	struct statement *statement = NULL;

	TRY(database_prepare(database, "INSERT OR REPLACE INTO file.settings VALUES (?, ?)",
			     &statement));
	TRY(database_bind_text(statement, 1, view_of_text(name)));
	TRY(database_bind_data(statement, 2, value));
	return run_once(statement);
}

enum kc_status keybag_rows_delete_setting(struct database *database, const char *name)
{
	struct statement *statement = NULL;

	TRY(database_prepare(database, "DELETE FROM file.settings WHERE name = ?", &statement));
	TRY(database_bind_text(statement, 1, view_of_text(name)));
	return run_once(statement);
}

/* Append the one column of the one row, or nothing. */
static enum kc_status read_value(struct statement *statement, struct bytes *value)
{
	bool has_row = false;
	enum kc_status status = database_step(statement, &has_row);

	if (status == KC_OK && has_row)
		status = bytes_append(value, database_column_data(statement, 0));
	database_reset(statement);
	if (status == KC_ERR_PARAM)
		return error_remap(KC_ERR_DECODE); /* longer than any that was ever written */
	return status;
}

enum kc_status keybag_rows_get_setting(struct database *database, const char *name,
				       struct bytes *value)
{
	struct statement *statement = NULL;

	TRY(database_prepare(database, "SELECT value FROM file.settings WHERE name = ?",
			     &statement));
	TRY(database_bind_text(statement, 1, view_of_text(name)));
	return read_value(statement, value);
}

enum kc_status keybag_rows_put_wrapped(struct database *database, int protection,
				       struct kc_view wrapped)
{
	struct statement *statement = NULL;

	TRY(database_prepare(database, "INSERT OR REPLACE INTO file.class_keys VALUES (?, ?)",
			     &statement));
	TRY(database_bind_number(statement, 1, protection));
	TRY(database_bind_data(statement, 2, wrapped));
	return run_once(statement);
}

enum kc_status keybag_rows_get_wrapped(struct database *database, int protection,
				       struct bytes *wrapped)
{
	struct statement *statement = NULL;

	TRY(database_prepare(database, "SELECT wrapped FROM file.class_keys WHERE protection = ?",
			     &statement));
	TRY(database_bind_number(statement, 1, protection));
	return read_value(statement, wrapped);
}

enum kc_status keybag_rows_delete_passcode_class(struct database *database)
{
	static const char *const tables[] = {"class_keys", "generic_passwords",
					     "internet_passwords", "certificates", "keys"};
	char sql[80];
	struct statement *statement = NULL;

	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		(void)snprintf(sql, sizeof(sql), "DELETE FROM file.%s WHERE protection = ?",
			       tables[i]);
		TRY(database_prepare(database, sql, &statement));
		TRY(database_bind_number(statement, 1, KEYBAG_WHEN_PASSCODE_SET_DEVICE));
		TRY(run_once(statement));
	}
	return KC_OK;
}

enum kc_status keybag_rows_find_any(struct database *database, bool *ret_is_there)
{
	struct statement *statement = NULL;
	bool has_row = false;

	TRY(database_prepare(database, "SELECT 1 FROM file.class_keys LIMIT 1", &statement));
	TRY(database_step(statement, &has_row));
	database_reset(statement);
	*ret_is_there = has_row;
	return KC_OK;
}

enum kc_status keybag_rows_find(struct database *database, int protection, bool *ret_is_there)
{
	struct statement *statement = NULL;
	enum kc_status status = KC_OK;

	TRY(database_prepare(database, "SELECT 1 FROM file.class_keys WHERE protection = ?",
			     &statement));
	TRY(database_bind_number(statement, 1, protection));
	status = database_step(statement, ret_is_there);
	database_reset(statement);
	return status;
}
