/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OpenSSL counts who has a key, across threads, and wipes its numbers with the last of them. */
#include <stdlib.h>

#include "base/try.h"
#include "keys/opened_key_impl.h"
#include "keys/private_pkey_impl.h"

struct opened_key *opened_key_free(struct opened_key *opened)
{
	if (!opened)
		return NULL;
	EVP_PKEY_free(opened->pkey);
	free(opened);
	return NULL;
}

enum kc_status opened_key_new(const char *key_type, unsigned size_in_bits, struct kc_view external,
			      struct opened_key **ret_opened)
{
	CLEANUP(opened_key_freep) struct opened_key *opened = calloc(1, sizeof(*opened));

	REQUIRE(opened, KC_ERR_ALLOCATE, "out of memory");
	TRY(private_pkey_open(key_type, size_in_bits, external, &opened->pkey));
	*ret_opened = take(opened);
	return KC_OK;
}

enum kc_status opened_key_share(const struct opened_key *opened, struct opened_key **ret_opened)
{
	struct opened_key *shared = calloc(1, sizeof(*shared));

	REQUIRE(shared, KC_ERR_ALLOCATE, "out of memory");
	ignore(EVP_PKEY_up_ref(opened->pkey) == 1); /* fails only for what is no key */
	shared->pkey = opened->pkey;
	*ret_opened = shared;
	return KC_OK;
}
