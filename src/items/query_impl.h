/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_QUERY_IMPL_H
#define ITEMS_QUERY_IMPL_H

/* A query dictionary, checked: what is asked for, of which class, and how it shall come back. */

#include "codec/vocabulary.h"
#include "items/reference.h"
#include "wire/field.h"

enum {
	QUERY_TERMS_MAX = 64,
	QUERY_KEYS_MAX = 128, /* Apple's limit as well (reference/keychain.md 1.9) */
};

#define QUERY_NO_LIMIT INT64_MAX

/* This attribute equals this value. Borrowed from the dictionary. */
struct query_term {
	const struct vocabulary_attribute *attribute;
	struct json_object *value;
};

struct query {
	enum vocabulary_class item_class;
	struct query_term terms[QUERY_TERMS_MAX];
	size_t n_terms;
	bool has_reference;
	struct bytes reference_bytes;
	struct reference reference; /* views into reference_bytes */
	int64_t limit;
	bool wants_data;
	bool wants_attributes;
	bool wants_ref;
	bool wants_persistent_ref;
};

/*
 * Check @dictionary, which must outlive the query. Release with query_done() whatever this
 * returns. Expected: KC_ERR_PARAM, KC_ERR_NO_SUCH_CLASS, KC_ERR_NO_SUCH_ATTR,
 * KC_ERR_UNIMPLEMENTED
 */
KC_MUST_CHECK enum kc_status query_init(struct query *ret_query, struct json_object *dictionary);
void query_done(struct query *query);

#endif
