/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_RESOLVE_H
#define CLI_RESOLVE_H

/*
 * Which item a person means: a persistent reference (base64), a keycask: URI, the first digits of
 * a public key's hash (at least 8), or a label. More than one match is an error that shows them.
 */

#include "frontends/cli/cli.h"

enum {
	RESOLVE_DIGITS_MIN = 8, /* of a hash, of a token's instance */
};

enum resolve_kind {
	RESOLVE_ANY,	   /* any item; an identity stands for its certificate and key */
	RESOLVE_KEY,	   /* a private key, or the identity it belongs to */
	RESOLVE_SIGNER,	   /* the same, able to sign */
	RESOLVE_ENCRYPTER, /* the same, whose public half encrypts */
	RESOLVE_DECRYPTER,
	RESOLVE_DERIVER,
};

/*
 * Waits for cards that are being read (reading.h) when there is nothing of that name.
 * *ret_item is the caller's dictionary, in the shape of inventory.h. @name NULL: the only one
 * there is.
 * Expected: KC_ERR_ITEM_NOT_FOUND  with what is there instead
 *           KC_ERR_PARAM           several match: context->candidates
 */
KC_MUST_CHECK enum kc_status resolve_item(struct context *context, const char *name,
					  enum resolve_kind kind, struct kc_dictionary **ret_item);

/* resolve_token.c: the token ID that @name is or begins, or the only token's when @name is NULL.
 * The caller's to free(). Expected: KC_ERR_ITEM_NOT_FOUND, KC_ERR_PARAM  several */
KC_MUST_CHECK enum kc_status resolve_token(const char *name, char **ret_token_id);

/* Say in the hint what to do when something is not there: which tokens are, or to insert one. */
void resolve_hint_tokens(void);

#endif
