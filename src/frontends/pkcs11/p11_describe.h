/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_DESCRIBE_H
#define PKCS11_P11_DESCRIBE_H

/*
 * What PKCS #11 says of an item of the keychain: the attributes of certificates and keys, from the
 * keychain's own, the certificate's DER and the public key's. Asks nobody.
 */

#include <keycask/dictionary.h>

#include "frontends/pkcs11/p11_certificate.h"
#include "frontends/pkcs11/p11_object.h"

/* What goes with a key and is not in its item. */
struct p11_key_company {
	struct kc_view public_key_info; /* SubjectPublicKeyInfo */
	struct kc_view subject;		/* of its certificate, a Name in DER; empty: none */
};

/* Of all classes: CKA_CLASS, CKA_TOKEN, CKA_PRIVATE and what may be done to the object. */
void p11_describe_storage(struct p11_object *object, bool is_token, bool is_private,
			  bool is_changeable);

/* What @certificate, read from @der, says of itself; CKA_ID is the hash of its key. */
void p11_describe_certificate(struct p11_object *object, struct kc_view der,
			      const struct p11_certificate *certificate);

/* CKA_LABEL, CKA_UNIQUE_ID and what else any @item has. */
void p11_describe_item(struct p11_object *object, const struct kc_dictionary *item);

/* CKA_ID: the one that an application gave @item (p11_application_id.h), or its hash. */
void p11_describe_id(struct p11_object *object, const struct kc_dictionary *item);

/* A private key, and a public key that is an item or is there because its private key is. */
void p11_describe_private(struct p11_object *object, const struct kc_dictionary *item,
			  const struct p11_key_company *company);
void p11_describe_public(struct p11_object *object, const struct kc_dictionary *item,
			 const struct p11_key_company *company);

/* CKA_KEY_TYPE and what p11_object.h has of a key. Expected: false  no such type, or no memory */
bool p11_describe_key_type(struct p11_object *object, const char *key_type, int size_in_bits);

/* CKA_ALLOWED_MECHANISMS, of what the object has of CKA_SIGN and its siblings. Last. */
void p11_describe_mechanisms(struct p11_object *object);

#endif
