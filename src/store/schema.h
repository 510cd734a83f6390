/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

/*
 * The tables behind the engine, made from the vocabulary. Certificates and keys are rows;
 * identities are computed by joining them and stored nowhere (reference/keychain.md 1.7).
 */

#include "base/bytes.h"
#include "codec/vocabulary.h"
#include "store/database.h"

KC_MUST_CHECK enum kc_status schema_create(struct database *database);

/*
 * Append an INSERT for one item of @item_class. Its parameters, in order: position; the class's
 * attributes in the vocabulary's order; object_id; public_key; then of a certificate
 * data, subject_raw, issuer_raw, of a key access constraint and algorithms.
 */
KC_MUST_CHECK enum kc_status schema_put_insert(struct bytes *sql, enum vocabulary_class item_class);

/* "FROM …" with tables named c (certificates) and k (keys) as @item_class needs them. */
const char *schema_source(enum vocabulary_class item_class);

/*
 * Conditions that every row of @item_class meets, as SQL ("1" when there are none). Of an
 * identity: its key is the best one for its certificate, so that a key that two tokens hold does
 * not make two identities out of one certificate.
 */
const char *schema_condition(enum vocabulary_class item_class);

/* The table, c or k, that stands for an item of @item_class: object_id, token_id, position. */
char schema_main_table(enum vocabulary_class item_class);

/* The table, c or k, that @attribute of @item_class comes from. */
char schema_table_of(const struct vocabulary_attribute *attribute,
		     enum vocabulary_class item_class);

#endif
