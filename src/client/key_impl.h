/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLIENT_KEY_IMPL_H
#define CLIENT_KEY_IMPL_H

/* What a key handle is made of, and how calls about one begin. */

#include <keycask/key.h>

#include "wire/field.h"

struct kc_key {
	struct kc_bytes reference; /* of the private key, also for its public one */
	bool is_public;
	bool is_of_line; /* not permanent: it dies with this process's connection */
};

/* A key with this reference, whatever kind it is of; public when the reference says so.
 * Expected: KC_ERR_PARAM  it is empty */
KC_MUST_CHECK enum kc_status key_new(struct kc_view reference, struct kc_key **ret_key);

/* {key}, and {key, algorithm}. Expected: KC_ERR_PARAM  one of them is missing */
KC_MUST_CHECK enum kc_status key_new_parameters(const struct kc_key *key,
						struct json_object **ret_parameters);
KC_MUST_CHECK enum kc_status key_new_operation(const struct kc_key *key, const char *algorithm,
					       struct json_object **ret_parameters);

#endif
