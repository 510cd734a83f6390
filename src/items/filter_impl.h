/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_FILTER_IMPL_H
#define ITEMS_FILTER_IMPL_H

/*
 * The match_… keys of a query (reference/keychain.md 2.4): what hashes cannot find. They are
 * applied to each row after it was opened, before the limit counts it.
 */

#include "items/engine_impl.h"
#include "items/hash_impl.h"

enum {
	FILTER_ISSUERS_MAX = 32,
	FILTER_ITEMS_MAX = 4096,
};

enum filter_subject {
	FILTER_SUBJECT_CONTAINS,
	FILTER_SUBJECT_STARTS_WITH,
	FILTER_SUBJECT_ENDS_WITH,
	FILTER_SUBJECT_WHOLE_STRING,
	FILTER_SUBJECTS_END,
};

/* What a query says. All borrowed from its dictionary; NULL: it does not say. */
struct filter {
	bool is_set;		     /* any of what follows */
	struct json_object *issuers; /* array of base64 Names */
	bool by_date;
	int64_t date_us;
	const char *email;
	const char *host;
	const char *subjects[FILTER_SUBJECTS_END];
	unsigned subject_fold;	       /* enum fold_flags */
	struct json_object *item_list; /* array of base64 persistent references */
	struct json_object *policy;    /* text or object */
	bool is_trusted_only;
};

/*
 * Note what @name says; a key that means nothing to @item_class is checked all the same.
 * Expected: KC_ERR_PARAM          @value is not what @name wants
 *           KC_ERR_UNIMPLEMENTED  not for items of @item_class, or not at all
 */
KC_MUST_CHECK enum kc_status filter_read(struct filter *filter, enum vocabulary_class item_class,
					 const char *name, struct json_object *value);

/* --- filter_match.c, filter_issuers.c -------------------------------------------------------- */

struct result_item;
struct row;

/* A filter at work. Everything borrowed. */
struct filter_work {
	const struct engine *engine;
	const struct engine_caller *caller;
	const struct filter *filter;
	struct hash issuers[FILTER_ISSUERS_MAX];
	size_t n_issuers;
};

/* Hash the Names that @work->filter lists. */
KC_MUST_CHECK enum kc_status filter_issuers_begin(struct filter_work *work);

/* Is the issuer of @certificate among them, or that of any certificate above it? */
KC_MUST_CHECK enum kc_status filter_issuers_has(const struct filter_work *work,
						const struct row *certificate, bool *ret_has);

/* Does @item, open, pass everything but a verdict? */
KC_MUST_CHECK enum kc_status filter_match_item(const struct filter_work *work,
					       const struct result_item *item, bool *ret_passes);

/* --- filter_verdict.c ------------------------------------------------------------------------ */

/*
 * Does @item pass match_policy and match_trusted_only by what was found out before? When nobody has
 * judged its certificate yet it is put into @request->need, and *ret_passes is false.
 */
KC_MUST_CHECK enum kc_status filter_verdict_item(const struct filter_work *work,
						 struct engine_request *request,
						 const struct result_item *item, bool *ret_passes);

/* There is as much to be judged as one round takes. */
bool filter_verdict_is_full(const struct engine_request *request);

#endif
