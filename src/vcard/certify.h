/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_CERTIFY_H
#define VCARD_CERTIFY_H

/* A test CA made on the fly, and the certificates it issues for the keys of one card. */

#include <openssl/x509.h>

#include "base/bytes.h"
#include "vcard/openpgp.h"
#include "vcard/piv.h"

struct certify_authority {
	EVP_PKEY *pkey;
	X509 *certificate;
	uint32_t card_serial;
};

KC_MUST_CHECK enum kc_status certify_init(uint32_t card_serial,
					  struct certify_authority *ret_authority);

/* Accepts a zeroed struct. The CA's private key exists nowhere afterwards. */
void certify_done(struct certify_authority *authority);

/* Append the DER certificate of @pkey in @slot: ten years, usages as the slot is meant for. */
KC_MUST_CHECK enum kc_status certify_issue(const struct certify_authority *authority,
					   const struct piv_slot *slot, EVP_PKEY *pkey,
					   struct bytes *der);

/* The same for a key of the OpenPGP application. */
KC_MUST_CHECK enum kc_status certify_issue_openpgp(const struct certify_authority *authority,
						   size_t index, EVP_PKEY *pkey, struct bytes *der);

/* Append the CA's own certificate as PEM. */
KC_MUST_CHECK enum kc_status certify_put_pem(const struct certify_authority *authority,
					     struct bytes *pem);

#endif
