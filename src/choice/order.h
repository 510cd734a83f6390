/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHOICE_ORDER_H
#define CHOICE_ORDER_H

/*
 * Which of several fit identities is best: a total order that depends on nothing but the identities
 * themselves. keycask(1), "choose", tells people the same list.
 */

#include "choice/candidate.h"

enum order_term {
	ORDER_EXTENDED_USAGE, /* made for the purpose, will do, says nothing */
	ORDER_ISSUER,	      /* the nearer to an issuer that is wanted */
	ORDER_HOST,	      /* names the host itself; then of the same domain, or by a wildcard */
	ORDER_HOLDER,	      /* last: a token's key that works without a PIN (PIV's 9E) */
	ORDER_LEAF,	      /* last: the certificate of an authority */
	ORDER_TOKEN,	      /* on a token, if the purpose prefers that */
	ORDER_CONSENT,	      /* non_repudiation first, or last */
	ORDER_EXPIRY,	      /* valid for longer */
	ORDER_STRENGTH,	      /* the stronger key */
	ORDER_TERMS,
};

/* Lower is better; the first term that differs decides, then the reference. */
struct order_rank {
	int64_t terms[ORDER_TERMS];
};

/* @candidate fits. Expected: none beside KC_ERR_INTERNAL */
KC_MUST_CHECK enum kc_status order_rank_of(const struct wish *wish,
					   const struct candidate *candidate,
					   struct order_rank *ret_rank);

/* Negative: @a is better. 0 for equal ranks alone. */
int order_compare(const struct order_rank *a, const struct order_rank *b);

#endif
