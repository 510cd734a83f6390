/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GIT_CMS_WRITER_H
#define GIT_CMS_WRITER_H

/*
 * A detached signature in CMS (RFC 5652) in two halves, since the private key is elsewhere: first
 * the signed attributes, which the key signs, then all of it.
 */

#include <stdbool.h>
#include <time.h>

#include <openssl/x509.h>

#include "base/bytes.h"
#include "base/try.h"

enum {
	CMS_CHAIN_MAX = 16,
};

/* What is used with one type of keys. */
struct cms_algorithm {
	int key;	     /* as OpenSSL calls it */
	int bits_max;	     /* of the key; 0: any */
	int digest;	     /* NID */
	int signature;	     /* NID of signatureAlgorithm */
	const char *keycask; /* for kc_key_sign() */
};

struct cms_signer {
	X509 *certificate;     /* borrowed */
	struct kc_view *chain; /* of issuers, in DER, borrowed */
	size_t n_chain;
	bool wants_pss; /* of RSA keys that are not for PKCS #1 v1.5 */
	time_t time;
};

struct cms_writer {
	const struct cms_algorithm *algorithm;
	struct cms_signer signer;
	struct bytes attributes; /* SignedAttributes as a SET OF: what is signed (RFC 5652 5.4) */
};

/* Expected: KC_ERR_UNIMPLEMENTED  nothing is known for such keys */
KC_MUST_CHECK enum kc_status cms_writer_begin(const struct cms_signer *signer,
					      struct kc_view content,
					      struct cms_writer *ret_writer);
void cms_writer_done(struct cms_writer *writer);

/* The ContentInfo in DER. */
KC_MUST_CHECK enum kc_status cms_writer_end(const struct cms_writer *writer,
					    struct kc_view signature, struct bytes *ret_der);

#endif
