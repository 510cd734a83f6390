/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHOICE_SHORTLIST_H
#define CHOICE_SHORTLIST_H

/* The best of any number, in order, and no more of them than a reply may hold. */

#include "choice/order.h"

enum {
	SHORTLIST_REFERENCE_MAX = 1024,
	SHORTLIST_ENTRIES_MAX = 128,
};

/* Of entries with the same rank the reference decides: byte by byte, the smaller first. */
struct shortlist_entry {
	struct order_rank rank;
	uint8_t reference[SHORTLIST_REFERENCE_MAX];
	size_t reference_len;
	struct json_object *value;
	size_t size; /* of @value as text */
};

struct shortlist {
	size_t bytes_max; /* of all values as text */
	size_t n_bytes;
	struct shortlist_entry *entries[SHORTLIST_ENTRIES_MAX + 1]; /* one before it is dropped */
	size_t n_entries;
	struct shortlist_entry
		*barrier; /* the best of those that were dropped, without its value */
	size_t n_dropped; /* worse than all of these, and there was no room */
};

#define SHORTLIST_INIT(bytes_max_) ((struct shortlist){.bytes_max = (bytes_max_)})

void shortlist_done(struct shortlist *shortlist);

/*
 * Put @value (taken in any case) in its place; the worst go as long as there is no room. The best
 * one stays, however long it is.
 * Expected: KC_ERR_PARAM  @reference is longer than any
 */
KC_MUST_CHECK enum kc_status shortlist_add(struct shortlist *shortlist,
					   const struct order_rank *rank, struct kc_view reference,
					   struct json_object *value);

/* The values in order, a new array; the shortlist is empty then. */
KC_MUST_CHECK enum kc_status shortlist_take(struct shortlist *shortlist,
					    struct json_object **ret_values);

#endif
