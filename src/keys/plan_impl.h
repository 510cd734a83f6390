/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_PLAN_IMPL_H
#define KEYS_PLAN_IMPL_H

/* A plan inside this room. */

#include "keys/algorithms_impl.h"
#include "keys/plan.h"

enum {
	PLAN_INPUT_MAX = 1024 * 1024, /* as long as a message on the wire */
	PLAN_ANSWER_MAX = 64 * 1024,  /* ML-DSA-87 will sign with 4627 (FIPS 204, table 2) */
};

typedef enum kc_status (*plan_finish_fn)(struct plan *plan, const struct key_facts *key,
					 struct kc_view answer, struct bytes *result);

struct plan {
	const struct algorithm *wanted;	   /* of a signature: without message */
	const struct algorithm *operation; /* the token's */
	struct bytes input;		   /* what the token gets */
	struct bytes kept; /* signature: the digest; exchange: the shared info; decryption: what is
			    * encrypted with a key that the token finds out */
	size_t size;	   /* exchange: bytes to derive */
	plan_finish_fn finish;
	bool hides_refusal; /* plan_recover() has something to do */
};

KC_MUST_CHECK enum kc_status plan_new(plan_finish_fn finish, struct plan **ret_plan);

/* The highest algorithm from @algorithm down that the token performs itself; NULL: none. */
const struct algorithm *plan_find_operation(const struct key_facts *key,
					    const struct algorithm *algorithm);

#endif
