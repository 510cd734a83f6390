/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_PUBLICATION_H
#define TOKENS_PUBLICATION_H

/*
 * From a started driver to items in the keychain: which token is it, what is on it, what does
 * keycask-x509 say of its certificates; then all of it at once, or nothing with a reason.
 */

#include "base/cleanup.h"
#include "tokens/token_impl.h"

struct publication;

/* Submits itself to the card's queue; ends by making the token present or refused. From the cache
 * it may be present before that. */
KC_MUST_CHECK enum kc_status publication_new(struct token *token,
					     struct publication **ret_publication);
struct publication *publication_free(struct publication *publication);
DEFINE_FREEP(publication)

#endif
