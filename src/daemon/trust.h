/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_TRUST_H
#define DAEMON_TRUST_H

/*
 * Verdicts on certificates, for match_policy and match_trusted_only (reference/keychain.md 2.4):
 * keycask-x509 judges, one certificate after the other; the instance that knows what is trusted is
 * started when the first chain is to be judged. Certificates between a leaf and what is trusted
 * come from the keychain.
 */

#include "daemon/daemon.h"

struct trust;

/* @verdicts: {base64 SHA-256 of the DER: flag}, the callee's; NULL on failure. */
typedef void (*trust_fn)(void *userdata, enum kc_status status, struct json_object *verdicts);

/*
 * Judge @certificates, an array of base64 DER, by what @query wants; @call says who asks. Both must
 * last as long as the question; @on_judged runs once, later, and ends it.
 * Expected: KC_ERR_PARAM  @query has no such policy
 *           to @on_judged: KC_ERR_NOT_AVAILABLE  what is trusted cannot be read
 */
KC_MUST_CHECK enum kc_status trust_start(struct wire_call *call, struct json_object *query,
					 struct json_object *certificates, trust_fn on_judged,
					 void *userdata, struct trust **ret_trust);

/* on_judged will not run. */
struct trust *trust_free(struct trust *trust);
DEFINE_FREEP(trust)

#endif
