/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_DESCRIBE_H
#define PKCS11_P11_DESCRIBE_H

/*
 * What PKCS #11 says of an item of the keychain: the attributes that all have, and those of
 * certificates, from the keychain's own and the certificate's DER; keys are p11_describe_key.h's.
 * Asks nobody.
 */

#include <keycask/dictionary.h>

#include "frontends/pkcs11/p11_certificate.h"
#include "frontends/pkcs11/p11_object.h"

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

#endif
