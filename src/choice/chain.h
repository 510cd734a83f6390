/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHOICE_CHAIN_H
#define CHOICE_CHAIN_H

/*
 * The way up from a certificate: "if its issuer, or any ancestor found by walking keychain
 * certificates by subject, is in the list; depth ≤ 10" (reference/keychain.md 2.4). No signature is
 * verified: who is to trust the chain does that.
 */

#include "choice/candidate.h"

enum {
	CHAIN_DEPTH_MAX = 10,
	CHAIN_VISITS_MAX = 64, /* certificates that are looked at on all ways together */
};

/*
 * Certificates by subject: {base64 of the normalized Name: [{"certificate": base64 DER, "facts":
 * {…}}, …]}. An array may be empty: there is none of that name.
 */
struct chain {
	struct json_object *certificates; /* owned: base64 DER, nearest first, without a root */
	int depth; /* certificates between it and the listed issuer; 0 when none is wished for */
	bool has_issuer;
};

void chain_done(struct chain *chain);

/*
 * From the certificate with @facts to an issuer that @wish lists, the nearest there is, and on
 * towards a root. *ret_missing is NULL, or, borrowed, the subject that @pool says nothing of:
 * then there is no chain yet, and this is to be repeated.
 */
KC_MUST_CHECK enum kc_status chain_find(const struct wish *wish, struct json_object *facts,
					struct json_object *pool, struct chain *ret_chain,
					const char **ret_missing);

#endif
