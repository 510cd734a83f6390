/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_CERTIFICATE_H
#define PKCS11_P11_CERTIFICATE_H

/*
 * The parts of a certificate that PKCS #11 wants as they stand in it. The keychain has read it (in
 * a confined process) and knows its names in another form; here only the lengths of its outermost
 * records are looked at, and nothing is decided by what is found.
 */

#include <stdbool.h>

#include <keycask/bytes.h>

#include "frontends/pkcs11/p11_standard.h"

/* Views of the certificate; each but public_key a whole DER record. */
struct p11_certificate {
	struct kc_view serial_number;
	struct kc_view issuer;
	struct kc_view subject;
	struct kc_view public_key_info;
	struct kc_view public_key; /* the bits of its BIT STRING: what CKA_ID is the hash of */
	CK_DATE start, end;
	bool has_dates;
	bool is_authority; /* basicConstraints says so */
};

/* Expected: false  it is no certificate */
bool p11_certificate_read(struct kc_view der, struct p11_certificate *ret_certificate);

#endif
