/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_SEARCH_IMPL_H
#define ITEMS_SEARCH_IMPL_H

/*
 * The rows that a checked query means, one after the other: first those of tokens, then those of
 * the file. Nothing is opened here. Of an identity these are its certificates.
 */

#include "items/query_impl.h"
#include "items/row_impl.h"

/* One condition: this column holds this hash. */
struct search_term {
	const char *column;
	size_t index; /* of the column */
	struct hash hash;
	bool is_lead; /* the lookup starts from its index */
};

struct search {
	const struct engine *engine;
	const struct engine_caller *caller;
	const struct query *query;
	enum vocabulary_class table;
	struct search_term terms[QUERY_TERMS_MAX];
	size_t n_terms;
	struct search_term key_terms[QUERY_TERMS_MAX]; /* of an identity's key */
	size_t n_key_terms;
	struct hash groups[ENGINE_GROUPS_MAX]; /* when the query says none */
	size_t n_groups;
	bool in_main;
	bool in_file;
	bool is_in_order; /* rows come in the order of their positions anyway */
	bool is_paged;
	struct engine_cursor cursor; /* of a paged one */
	int64_t rows_max;	     /* of a page; -1: any number */
	enum schema_place place;     /* of @statement */
	struct statement *statement;
};

/*
 * @caller and @query must outlive the search.
 * Expected: KC_ERR_MISSING_ENTITLEMENT (reference/keychain.md 4.2)
 */
KC_MUST_CHECK enum kc_status search_new(const struct engine *engine,
					const struct engine_caller *caller,
					const struct query *query, struct search **ret_search);
struct search *search_free(struct search *search);
DEFINE_FREEP(search)

/*
 * Rows after @cursor only, in the order of their positions, and so many that a page of @rows_max
 * (0: any number) is full; search_page_note() moves search->cursor. Before the first search_next().
 */
void search_page_continue(struct search *search, const struct engine_cursor *cursor,
			  size_t rows_max);
/* @row is done with. */
void search_page_note(struct search *search, const struct row *row);
/* search->place is begun, or gone on with. */
KC_MUST_CHECK enum kc_status search_page_begin(struct search *search);

/* The next row, which borrows from the search until the next call. @ret_row is zeroed
 * before; release with row_done(). */
KC_MUST_CHECK enum kc_status search_next(struct search *search, struct row *ret_row,
					 bool *ret_has_row);

/* search_sql.c: append the SELECT for @search->place; give it its values. */
KC_MUST_CHECK enum kc_status search_sql_put(const struct search *search, struct bytes *sql);
KC_MUST_CHECK enum kc_status search_sql_bind(const struct search *search);

/* Has the key of an identity what the query says of it? */
bool search_matches_key(const struct search *search, const struct row *key);

/* KC_OK when what is searched can be written, else why not; KC_ERR_ITEM_NOT_FOUND for an item of
 * a token. */
KC_MUST_CHECK enum kc_status search_need_file(const struct search *search);

/* KC_ERR_ITEM_NOT_FOUND, or what would explain why nothing could be found. */
KC_MUST_CHECK enum kc_status search_fail_empty(const struct search *search);

#endif
