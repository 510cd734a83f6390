/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_CACHE_H
#define TOKENS_CACHE_H

/*
 * The card cache: what each card had on it when it was last here, so that its items are there
 * again before it has been read. Public data only, sealed, one file per card in cards/ below the
 * state folder. It never fails its user: a file that is no good is as good as none.
 */

#include "wire/field.h"

struct cache;

enum {
	CACHE_CARDS_MAX = 64, /* then the one that was away longest is forgotten */
};

/* Expected: KC_ERR_NOT_AVAILABLE, with the reason: folder or device key are not ours alone. */
KC_MUST_CHECK enum kc_status cache_new(struct cache **ret_cache);
struct cache *cache_free(struct cache *cache);
DEFINE_FREEP(cache)

/* What the token's driver last answered to Enumerate, to be freed; NULL: not known. A NULL @cache
 * knows nothing, here and below. */
struct json_object *cache_find(struct cache *cache, const char *token_id);

void cache_put(struct cache *cache, const char *token_id, struct json_object *enumerated);

/* Forget a card, or all of them (NULL): how many there were. */
unsigned cache_forget(struct cache *cache, const char *token_id);

#endif
