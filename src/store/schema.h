/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

/*
 * The tables behind the engine, made from the vocabulary: the same in memory ("main", the items of
 * present tokens) and in the keychain's file ("file"). A column of the vocabulary holds the keyed
 * hash of the attribute, so that rows are found by values that nobody can read in them. Identities
 * are computed from certificates and keys and stored nowhere (reference/keychain.md 1.7).
 */

#include "base/bytes.h"
#include "codec/vocabulary.h"
#include "store/database.h"

enum {
	SCHEMA_COLUMNS_MAX = 48,
	SCHEMA_ID_BYTES = 16, /* item_id, revision; hashes are SEAL_HASH_BYTES */
};

enum schema_place {
	SCHEMA_MAIN,
	SCHEMA_FILE,
};

/* "main", "file": how SQL names the place. */
const char *schema_place_name(enum schema_place place);

/* The table of @item_class, which is not that of identities. */
const char *schema_table(enum vocabulary_class item_class);

/* The hash columns of a table, in their order. */
struct schema_columns {
	const char *names[SCHEMA_COLUMNS_MAX];
	const struct vocabulary_attribute
		*attributes[SCHEMA_COLUMNS_MAX]; /* NULL: of no attribute */
	size_t n;
};

const struct schema_columns *schema_columns(enum vocabulary_class item_class);

/*
 * What a lookup of @item_class by attributes should start from, in order of preference: @index
 * counts from 0, NULL is the end. Each has an index; two names with a comma have one together.
 */
const char *schema_lead(enum vocabulary_class item_class, size_t index);

/* Append CREATE commands for all tables and indexes of @place. */
KC_MUST_CHECK enum kc_status schema_put_tables(struct bytes *sql, enum schema_place place);

/* Make the tables of SCHEMA_MAIN. */
KC_MUST_CHECK enum kc_status schema_create(struct database *database);

/*
 * Append all columns of a row, separated by commas: position, item_id, protection, revision,
 * identity, the hash columns, attributes, secret, and in "main" token and object_id.
 */
KC_MUST_CHECK enum kc_status schema_put_columns(struct bytes *sql, enum schema_place place,
						enum vocabulary_class item_class);

/* Append an INSERT, and an UPDATE of the row at ?1; their parameters are as schema_put_columns().
 */
KC_MUST_CHECK enum kc_status schema_put_insert(struct bytes *sql, enum schema_place place,
					       enum vocabulary_class item_class);
KC_MUST_CHECK enum kc_status schema_put_update(struct bytes *sql, enum schema_place place,
					       enum vocabulary_class item_class);

#endif
