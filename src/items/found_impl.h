/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_FOUND_IMPL_H
#define ITEMS_FOUND_IMPL_H

/* All that a search means in the file, noted before anything of it is written. */

#include "items/search_impl.h"

struct found_row {
	int64_t position;
	int64_t key_position;	     /* of an identity whose key is in the file; else 0 */
	struct hash public_key_hash; /* of an identity */
};

struct found {
	struct found_row *rows;
	size_t n;
	size_t capacity;
};

void found_done(struct found *found);

/*
 * Collect what @search has. @opens: an identity whose key cannot be opened is none.
 * Expected: KC_ERR_INTERACTION_NOT_ALLOWED  of an identity's key, if @opens
 */
KC_MUST_CHECK enum kc_status found_collect(struct found *found, struct search *search, bool opens);

#endif
