/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Positions of rows: what is written while it is searched would be found again, or not. */
#include "items/found_impl.h"

#include <stdlib.h>

#include "base/try.h"
#include "items/identity_impl.h"

void found_done(struct found *found)
{
	free(found->rows);
	*found = (struct found){0};
}

static enum kc_status append(struct found *found, const struct found_row *row)
{
	if (found->n == found->capacity) {
		size_t capacity = found->capacity ? found->capacity * 2 : 4;
		struct found_row *rows = realloc(found->rows, capacity * sizeof(*rows));

		REQUIRE(rows, KC_ERR_ALLOCATE, "out of memory");
		found->rows = rows;
		found->capacity = capacity;
	}
	found->rows[found->n++] = *row;
	return KC_OK;
}

static enum kc_status append_identity(struct found *found, const struct search *search,
				      const struct row *certificate, bool opens)
{
	CLEANUP(row_done) struct row key = {0};
	struct identity_terms terms = {search->engine, search->caller, opens};
	struct found_row noted = {.position = certificate->position};
	bool has_key = false;

	TRY(identity_find_key(&terms, certificate, &key, &has_key));
	if (!has_key || !search_matches_key(search, &key))
		return KC_OK;
	if (key.place == SCHEMA_FILE)
		noted.key_position = key.position;
	noted.public_key_hash =
		certificate->hashes[row_column(VOCABULARY_CERTIFICATE, "public_key_hash")];
	return append(found, &noted);
}

enum kc_status found_collect(struct found *found, struct search *search, bool opens)
{
	bool has_row = true;

	while (has_row) {
		CLEANUP(row_done) struct row row = {0};

		TRY(search_next(search, &row, &has_row));
		if (!has_row)
			break;
		if (search->query->item_class == VOCABULARY_IDENTITY)
			TRY(append_identity(found, search, &row, opens));
		else
			TRY(append(found, &(struct found_row){.position = row.position}));
	}
	return KC_OK;
}
