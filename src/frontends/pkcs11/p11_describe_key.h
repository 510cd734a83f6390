/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_DESCRIBE_KEY_H
#define PKCS11_P11_DESCRIBE_KEY_H

/* What PKCS #11 says of a key, from its item and the public key's DER. Asks nobody. */

#include <keycask/dictionary.h>

#include "frontends/pkcs11/p11_object.h"

/* What goes with a key and is not in its item. */
struct p11_key_company {
	struct kc_view public_key_info; /* SubjectPublicKeyInfo */
	struct kc_view subject;		/* of its certificate, a Name in DER; empty: none */
};

/* A private key, and a public key that is an item or is there because its private key is. */
void p11_describe_key_private(struct p11_object *object, const struct kc_dictionary *item,
			      const struct p11_key_company *company);
void p11_describe_key_public(struct p11_object *object, const struct kc_dictionary *item,
			     const struct p11_key_company *company);

/* CKA_ALLOWED_MECHANISMS, of what the object has of CKA_SIGN and its siblings. Last. */
void p11_describe_key_mechanisms(struct p11_object *object);

#endif
