/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Publication of a token's items (reference/keychain.md 3.2): one transaction that removes what
 * the token had and inserts what it has now. One bad item fails the whole and the old rows stay,
 * so nobody ever sees half a token.
 */
#include "items/publish_impl.h"

#include "base/try.h"
#include "items/token_row_impl.h"

enum {
	ITEMS_MAX = 4096, /* per token: room for every slot of every card there is */
	ORDINAL_SHIFT = 32,
};

struct publication {
	const struct engine *engine;
	const char *token_id;
	const struct engine_item *items;
	size_t n_items;
};

static enum kc_status run_for_token(struct database *database, const char *sql,
				    const char *token_id, int64_t *ret_number)
{
	struct statement *statement = NULL;
	bool has_row = false;

	TRY(database_prepare(database, sql, &statement));
	TRY(database_bind_text(statement, 1, view_of_text(token_id)));
	TRY(database_step(statement, &has_row));
	if (has_row && ret_number)
		*ret_number = database_column_number(statement, 0);
	database_reset(statement);
	return KC_OK;
}

static enum kc_status delete_items(struct database *database, const char *token_id)
{
	TRY(run_for_token(database, "DELETE FROM main.certificates WHERE token = ?", token_id,
			  NULL));
	return run_for_token(database, "DELETE FROM main.keys WHERE token = ?", token_id, NULL);
}

/* The token's place among the tokens: that of its first publication since it arrived. */
static enum kc_status find_ordinal(struct database *database, const char *token_id,
				   int64_t *ret_ordinal)
{
	TRY(run_for_token(database, "INSERT OR IGNORE INTO tokens (token_id) VALUES (?)", token_id,
			  NULL));
	return run_for_token(database, "SELECT ordinal FROM tokens WHERE token_id = ?", token_id,
			     ret_ordinal);
}

static enum kc_status insert_item(const struct publication *work, size_t index, int64_t ordinal)
{
	CLEANUP(row_done) struct row row = {0};
	enum kc_status status = KC_OK;

	TRY(token_row_make(work->engine, work->token_id, &work->items[index], &row));
	row.position = (ordinal << ORDINAL_SHIFT) + (int64_t)index;
	status = row_insert(work->engine->database, &row);
	if (status == KC_ERR_DUPLICATE_ITEM)
		error_set_hint("item %zu of %zu, a %s, is in what the token publishes twice",
			       index + 1, work->n_items, work->items[index].class_name);
	return status;
}

static enum kc_status replace(struct database *database, const void *userdata)
{
	const struct publication *work = userdata;
	int64_t ordinal = 0;

	TRY(delete_items(database, work->token_id));
	TRY(find_ordinal(database, work->token_id, &ordinal));
	for (size_t i = 0; i < work->n_items; i++)
		TRY(insert_item(work, i, ordinal));
	return KC_OK;
}

static enum kc_status withdraw(struct database *database, const void *userdata)
{
	const struct publication *work = userdata;

	TRY(delete_items(database, work->token_id));
	return run_for_token(database, "DELETE FROM tokens WHERE token_id = ?", work->token_id,
			     NULL);
}

enum kc_status publish_replace(const struct engine *engine, const char *token_id,
			       const struct engine_item *items, size_t n_items)
{
	struct publication work = {engine, token_id, items, n_items};

	REQUIRE(n_items <= ITEMS_MAX, KC_ERR_PARAM, "a token publishes at most %d items",
		ITEMS_MAX);
	return database_transact(engine->database, replace, &work);
}

enum kc_status publish_remove(const struct engine *engine, const char *token_id)
{
	struct publication work = {engine, token_id, NULL, 0};

	return database_transact(engine->database, withdraw, &work);
}
