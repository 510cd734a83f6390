/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef X509_KEYFILE_IMPL_H
#define X509_KEYFILE_IMPL_H

/* What the parts of keyfile.h share: what was found so far, and how one object is put there. */

#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "x509/keyfile.h"

struct keyfile {
	const struct keyfile_source *source;
	struct json_object *keys; /* all three owned */
	struct json_object *public_keys;
	struct json_object *certificates;
	const char *format; /* static */
	size_t n_bytes;	    /* of all that was found */
	int64_t n_ignored;
	bool is_encrypted;
};

/* What a PKCS#12 says of an object; none of it has to be there. Borrowed. */
struct keyfile_names {
	struct kc_view local_key_id;
	const char *friendly_name;
};

/* --- keyfile_object.c: one object ------------------------------------------------------------ */

/* @names NULL: nothing is known. Expected: KC_ERR_PARAM  too many */
KC_MUST_CHECK enum kc_status keyfile_object_put_key(struct keyfile *file, PKCS8_PRIV_KEY_INFO *info,
						    const struct keyfile_names *names);
KC_MUST_CHECK enum kc_status keyfile_object_put_certificate(struct keyfile *file,
							    struct kc_view der,
							    const struct keyfile_names *names);
KC_MUST_CHECK enum kc_status keyfile_object_put_public(struct keyfile *file, EVP_PKEY *pkey);

/* A private key in PKCS#8, PKCS#1 or SEC 1, and nothing behind it. Expected: KC_ERR_DECODE */
KC_MUST_CHECK enum kc_status keyfile_object_read_key(struct keyfile *file, struct kc_view der);
/* SubjectPublicKeyInfo, or @is_pkcs1 RSAPublicKey. */
KC_MUST_CHECK enum kc_status keyfile_object_read_public(struct keyfile *file, struct kc_view der,
							bool is_pkcs1);
/* The certificates of a PKCS#7 SignedData. */
KC_MUST_CHECK enum kc_status keyfile_object_read_pkcs7(struct keyfile *file, struct kc_view der);
/* An EncryptedPrivateKeyInfo. */
KC_MUST_CHECK enum kc_status keyfile_object_read_encrypted(struct keyfile *file,
							   struct kc_view der);

/* --- keyfile_cipher.c: what is encrypted ----------------------------------------------------- */

/*
 * Can this be decrypted here, in a time that anybody would wait? Notes that there is something
 * encrypted. Expected: KC_ERR_UNIMPLEMENTED, KC_ERR_PARAM, KC_ERR_DECODE
 */
KC_MUST_CHECK enum kc_status keyfile_cipher_check(struct keyfile *file,
						  const X509_ALGOR *algorithm);
KC_MUST_CHECK enum kc_status keyfile_cipher_check_iterations(const struct keyfile *file,
							     const ASN1_INTEGER *iterations);
/* What is encrypted wants a passphrase. Expected: KC_ERR_AUTH_FAILED */
KC_MUST_CHECK enum kc_status keyfile_cipher_need_passphrase(struct keyfile *file);
/* KC_ERR_AUTH_FAILED: it did not decrypt. */
enum kc_status keyfile_cipher_fail_wrong(void);
/* The cipher of OpenSSL called @name is not in it, or not without its legacy provider. */
enum kc_status keyfile_cipher_fail_unknown(const char *name);

/* The passphrase, as OpenSSL takes it. NULL: none. */
const char *keyfile_cipher_passphrase(const struct keyfile *file, int *ret_len);

/* Decrypt and put it. */
KC_MUST_CHECK enum kc_status keyfile_cipher_open_key(struct keyfile *file, const X509_SIG *sealed,
						     const struct keyfile_names *names);

/* --- keyfile_pem.c, keyfile_pkcs12.c, keyfile_ssh.c ------------------------------------------ */

KC_MUST_CHECK enum kc_status keyfile_pem_read(struct keyfile *file);
KC_MUST_CHECK enum kc_status keyfile_pkcs12_read(struct keyfile *file, PKCS12 *pfx);
/* @data is what the PEM block has. */
KC_MUST_CHECK enum kc_status keyfile_ssh_read(struct keyfile *file, struct kc_view data);

#endif
