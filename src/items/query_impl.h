/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_QUERY_IMPL_H
#define ITEMS_QUERY_IMPL_H

/* A query dictionary, checked: what is asked for, of which class, and how it shall come back. */

#include "codec/vocabulary.h"
#include "items/filter_impl.h"
#include "items/reference.h"
#include "wire/field.h"

enum {
	QUERY_TERMS_MAX = 64,
	QUERY_KEYS_MAX = 128, /* Apple's limit as well (reference/keychain.md 1.9) */
};

#define QUERY_NO_LIMIT INT64_MAX

enum query_verb {
	QUERY_COPY,
	QUERY_UPDATE,
	QUERY_DELETE,
};

/* use_authentication_ui: what happens when somebody would have to be asked. */
enum query_ui {
	QUERY_UI_ALLOW,
	QUERY_UI_FAIL,
	QUERY_UI_SKIP, /* what would ask is left out */
};

/* What comes back of an item; also of one that was added. */
struct query_return {
	bool data;
	bool attributes;
	bool ref;
	bool persistent_ref;
};

/* This attribute equals this value. */
struct query_term {
	const struct vocabulary_attribute *attribute;
	struct json_object *value; /* owned, normalized */
};

struct query {
	enum query_verb verb;
	enum vocabulary_class item_class;
	struct query_term terms[QUERY_TERMS_MAX];
	size_t n_terms;
	bool has_reference;
	struct bytes reference_bytes;
	struct reference reference;  /* views into reference_bytes */
	bool ignores_synchronizable; /* "any": §2.1's implicit term is off */
	struct filter filter;
	int64_t limit;
	struct query_return wants;
	enum query_ui ui;
};

/*
 * Check @dictionary, which must outlive the query.
 * Expected: KC_ERR_PARAM, KC_ERR_NO_SUCH_CLASS, KC_ERR_NO_SUCH_ATTR, KC_ERR_UNIMPLEMENTED
 */
KC_MUST_CHECK enum kc_status query_new(enum query_verb verb, struct json_object *dictionary,
				       struct query **ret_query);
struct query *query_free(struct query *query);
DEFINE_FREEP(query)

/* The value that @name must have; NULL when the query does not say. */
struct json_object *query_term_value(const struct query *query, const char *name);

/* --- parts that an add dictionary has as well ---------------------------------------------- */

/* Expected: KC_ERR_PARAM, KC_ERR_NO_SUCH_CLASS */
KC_MUST_CHECK enum kc_status query_read_class(struct json_object *value,
					      enum vocabulary_class *ret_class);
/* return_*: Expected: KC_ERR_PARAM */
KC_MUST_CHECK enum kc_status query_read_return(const char *name, struct json_object *value,
					       struct query_return *wants);
/* use_*: Expected: KC_ERR_PARAM */
KC_MUST_CHECK enum kc_status query_read_use(const struct vocabulary_key *key,
					    struct json_object *value, enum query_ui *ret_ui);
/* "match_foo": a key of the dictionary, known or not, as opposed to an attribute. */
bool query_looks_like_key(const char *name);
/* KC_ERR_PARAM or KC_ERR_NO_SUCH_ATTR: @item_class has nothing called @name. */
KC_MUST_CHECK enum kc_status query_fail_unknown(enum vocabulary_class item_class, const char *name);
/* At most QUERY_KEYS_MAX keys in an object, which @what calls. Expected: KC_ERR_PARAM */
KC_MUST_CHECK enum kc_status query_check_object(struct json_object *dictionary, const char *what);

#endif
