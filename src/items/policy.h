/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_POLICY_H
#define ITEMS_POLICY_H

/*
 * What match_policy, match_trusted_only and match_valid_on_date ask of a certificate
 * (reference/keychain.md 2.4). Who judges is keycask-x509; engine_need.certificates says what.
 */

#include "wire/field.h"

/* match_policy. Borrows from its value. */
struct policy {
	const char *name;  /* "basic_x509", "ssl_server", "ssl_client", "smime", "code_signing",
			    * "time_stamping"; static */
	const char *host;  /* of ssl_server; NULL: any */
	const char *email; /* of smime; NULL: any */
};

/* Those of one chain that ends in what is trusted; the others look at the certificate alone. */
#define POLICY_CHAIN "basic_x509"

/*
 * @value is the name, {"name": name, "host": …, "email": …}, or an array of one of them.
 * Expected: KC_ERR_PARAM  no such policy, or nothing that could be one
 */
KC_MUST_CHECK enum kc_status policy_read(struct json_object *value, struct policy *ret_policy);

enum {
	POLICY_JUDGEMENTS_MAX = 2,
};

/* All that a query wants of a certificate, each with a policy, at one time. Borrows from it. */
struct policy_judgements {
	struct policy policies[POLICY_JUDGEMENTS_MAX];
	size_t n_policies;
	const char *at; /* RFC 3339; NULL: now */
};

/* Of @query, which may have none of the three keys: then n_policies is 0.
 * Expected: KC_ERR_PARAM  one of them has no such value */
KC_MUST_CHECK enum kc_status policy_judgements(struct json_object *query,
					       struct policy_judgements *ret_judgements);

#endif
