/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef X509_KEYFILE_H
#define X509_KEYFILE_H

/*
 * A file of keys and certificates, taken apart: PKCS#12, PKCS#7, PKCS#8, PKCS#1, SEC 1,
 * SubjectPublicKeyInfo and X.509, in DER or PEM, and OpenSSH's private keys. What is encrypted is
 * decrypted, certificates are left as they are, and private keys come out as PKCS#8. Runs confined.
 */

#include "base/bytes.h"
#include "wire/field.h"

enum {
	KEYFILE_BYTES_MAX = 640 * 1024, /* of all that comes out, so that it fits into a message */
	KEYFILE_CERTIFICATES_MAX = 512,
	KEYFILE_KEYS_MAX = 64,
};

/* All borrowed. */
struct keyfile_source {
	struct kc_view data;
	const char *format;	   /* "pkcs12", "pkcs7", "pkcs8", "pem", "der"; NULL: not said */
	struct kc_view passphrase; /* data NULL: there is none */
	uint64_t iterations_max;   /* of a key derivation; what takes more is refused */
};

/*
 * *ret_contents is the reply of org.keycask.X509.OpenContainer.
 * Expected: KC_ERR_DECODE         damaged, or nothing of all that
 *           KC_ERR_AUTH_FAILED    the passphrase is wrong or missing
 *           KC_ERR_UNIMPLEMENTED  encrypted in a way that is not read here
 *           KC_ERR_PARAM          no such format; more than fits
 */
KC_MUST_CHECK enum kc_status keyfile_read(const struct keyfile_source *source,
					  struct json_object **ret_contents);

#endif
