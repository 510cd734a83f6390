/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_ROW_IMPL_H
#define ITEMS_ROW_IMPL_H

/*
 * One row of a table: hashes to find it by, and its attributes and secret, which in the file are
 * sealed. What is sealed belongs to the row it is in: to its place, its revision and every hash.
 */

#include "items/engine_impl.h"
#include "items/hash_impl.h"
#include "store/schema.h"

enum {
	ROW_ATTRIBUTES_MAX = 1024 * 1024,
	ROW_SECRET_MAX = 8 * 1024 * 1024,
};

struct row {
	int64_t position;
	struct kc_view attributes_data; /* as they stand in the row, */
	struct kc_view secret;		/* borrowed from its statement or from sealed_… */
	const char *token;		/* "main" only; borrowed as well */
	struct kc_view object_id;
	struct json_object *attributes; /* owned; once it is open */
	struct bytes own;
	struct bytes sealed_attributes;
	struct bytes sealed_secret;
	enum schema_place place;
	enum vocabulary_class item_class; /* never an identity */
	enum keybag_class protection;
	bool has_secret;
	bool is_damaged; /* a column cannot be what was written */
	uint8_t item_id[SCHEMA_ID_BYTES];
	uint8_t revision[SCHEMA_ID_BYTES];
	struct hash identity;
	struct hash hashes[SCHEMA_COLUMNS_MAX]; /* as schema_columns() */
};

void row_done(struct row *row);

/* The place of column @name among the hashes of @item_class; it has one. */
size_t row_column(enum vocabulary_class item_class, const char *name);

/* Name of an attribute that only we know: no vocabulary has it. */
#define ROW_PUBLIC_KEY "public_key"  /* base64 */
#define ROW_CONSTRAINT "constraint"  /* of a token's key */
#define ROW_ALGORITHMS "algorithms"  /* of a token's key */
#define ROW_CONTENT    "content"     /* array: attributes that the secret tells of itself */
#define ROW_NO_DATA    "has_no_data" /* what is sealed as secret is there for its password only */

/* --- reading ------------------------------------------------------------------------------- */

/* The row that @statement stands on, whose columns are as of schema_put_columns(); borrowed. */
void row_get(struct statement *statement, enum schema_place place, enum vocabulary_class item_class,
	     struct row *ret_row);

/* Copy what is borrowed: the row outlives its statement. */
KC_MUST_CHECK enum kc_status row_own(struct row *row);

/*
 * Open its attributes.
 * Expected: KC_ERR_DECODE                   damaged, or not of this row: as if it were not there
 *           KC_ERR_INTERACTION_NOT_ALLOWED  locked
 */
KC_MUST_CHECK enum kc_status row_open(const struct engine *engine, struct row *row);

/* All that is in a row of the file, as it is sealed: what is equal in this is the same row. */
KC_MUST_CHECK enum kc_status row_put_whole(const struct row *row, struct bytes *whole);

/*
 * Open it with @attributes, which are those of a row that was the same. Expected: as row_open()
 */
KC_MUST_CHECK enum kc_status row_open_again(const struct engine *engine, struct row *row,
					    struct json_object *attributes);

/*
 * Append the secret of an open row, which has one. @application_key may be empty.
 * Expected: KC_ERR_DECODE       as row_open()
 *           KC_ERR_AUTH_FAILED  there is an application password, and this is another one
 */
KC_MUST_CHECK enum kc_status row_open_secret(const struct engine *engine, const struct row *row,
					     struct kc_view application_key, struct bytes *secret);

/* --- writing: attributes first ------------------------------------------------------------- */

/* Make the hashes, the identity and the protection from the attributes. */
KC_MUST_CHECK enum kc_status row_digest(const struct engine *engine, struct row *row);

/*
 * Seal it for the file, as a new revision. @secret NULL: it has none.
 * Expected: KC_ERR_INTERACTION_NOT_ALLOWED, KC_ERR_NOT_AVAILABLE  as keybag_key()
 */
KC_MUST_CHECK enum kc_status row_seal(const struct engine *engine, struct row *row,
				      const struct kc_view *secret, struct kc_view application_key);

/* A new random name. */
KC_MUST_CHECK enum kc_status row_new_id(uint8_t ret_id[SCHEMA_ID_BYTES]);

/* Expected: KC_ERR_DUPLICATE_ITEM. A new row of the file gets its position. */
KC_MUST_CHECK enum kc_status row_insert(struct database *database, struct row *row);
KC_MUST_CHECK enum kc_status row_update(struct database *database, const struct row *row);
KC_MUST_CHECK enum kc_status row_delete(struct database *database, enum schema_place place,
					enum vocabulary_class item_class, int64_t position);

#endif
