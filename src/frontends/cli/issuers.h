/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_ISSUERS_H
#define CLI_ISSUERS_H

/* --issuer: names of authorities, written out or in files of their certificates. */

#include "frontends/cli/cli.h"

enum {
	ISSUERS_MAX = 256,
};

struct issuers {
	struct kc_bytes *owned;
	struct kc_view *names; /* of those: DER */
	size_t n;
};

void issuers_done(struct issuers *issuers);

/*
 * Add what @text names: a Name, or the subjects of the certificates in a file, PEM or DER.
 * Expected: KC_ERR_PARAM          neither a Name nor a file with certificates, or too many
 *           KC_ERR_DECODE         a certificate that is none
 *           KC_ERR_NOT_AVAILABLE  the file cannot be read
 */
KC_MUST_CHECK enum kc_status issuers_add(struct issuers *issuers, const char *text);

#endif
