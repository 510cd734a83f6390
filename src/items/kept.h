/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_KEPT_H
#define ITEMS_KEPT_H

/*
 * Private keys of the file that are in use all the time. To open a row and to make a key of its
 * bytes costs more than a signature does, so that of a key that has been used several times within
 * a moment it is done once: what was opened, and what the caller has made of it, stay in memory
 * until nobody has used the key for a moment. Nothing is answered from here alone: the row is
 * searched for and compared to the last byte, its class key has to be there, and what the caller
 * may is checked, each time. A key whose use somebody has to prove something for is never kept.
 */

#include "base/cleanup.h"

/* One of them, borrowed by a struct engine_key that says so. Of one thread. */
struct kept_key;

typedef void (*kept_free_fn)(void *made);

/* What kept_key_put() has put there; NULL: nothing. Borrowed until the loop goes on. */
void *kept_key_made(const struct kept_key *kept);
/* Keep @made, which is @made_free's when it is forgotten. */
void kept_key_put(struct kept_key *kept, void *made, kept_free_fn made_free);
/* NULL is fine. Always returns NULL. */
struct kept_key *kept_key_release(struct kept_key *kept);

#endif
