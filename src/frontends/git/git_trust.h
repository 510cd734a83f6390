/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GIT_GIT_TRUST_H
#define GIT_GIT_TRUST_H

/* Is a certificate to be trusted, as a signer of commits? */

#include <time.h>

#include <openssl/x509.h>

#include "base/try.h"

enum git_trust {
	GIT_TRUST_NONE,	   /* no way leads to an issuer who is trusted, or it is for other things */
	GIT_TRUST_EXPIRED, /* it was, when it signed, as it says */
	GIT_TRUST_FULL,
};

enum {
	GIT_TRUST_REASON_MAX = 160,
};

/*
 * By the system's trust store and the files of git's setting keycask.x509CA. @others are any
 * certificates, trusted or not. @signed_at 0: unknown. @ret_reason (GIT_TRUST_REASON_MAX) says why
 * not.
 * Expected: KC_ERR_NOT_AVAILABLE  a file of keycask.x509CA cannot be read
 */
KC_MUST_CHECK enum kc_status git_trust_judge(X509 *signer, STACK_OF(X509) * others,
					     time_t signed_at, enum git_trust *ret_trust,
					     char *ret_reason);

#endif
