/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_SESSION_KEY_H
#define PKCS11_P11_SESSION_KEY_H

/* Keys that are session objects: pairs, which the daemon keeps, and secret keys, which are here. */

#include "base/secret.h"
#include "frontends/pkcs11/p11_session_object.h"

/*
 * The halves of a key that the daemon keeps for this process, C_GenerateKeyPair's or
 * C_CreateObject's: @key is taken (NULL afterwards) also on failure. A public key may be that of
 * @key, or @key itself.
 */
CK_RV p11_session_key_add_private(const struct p11_session *session, struct kc_key **key,
				  const struct p11_wish *wish, bool is_generated,
				  CK_OBJECT_HANDLE *ret_handle);
CK_RV p11_session_key_add_public(const struct p11_session *session, struct kc_key **key,
				 const struct p11_wish *wish, bool is_generated,
				 CK_OBJECT_HANDLE *ret_handle);

/* C_CreateObject of a secret key, whose value comes along, as a checked @wish says. */
CK_RV p11_session_key_create_secret(const struct p11_session *session, const struct p11_wish *wish,
				    CK_OBJECT_HANDLE *ret_handle);

/* May such a secret key be made? For whoever has to ask before a private key is used for it.
 * Expected: as p11_session_key_add_secret() */
CK_RV p11_session_key_check_secret(const CK_ATTRIBUTE *attributes, CK_ULONG n_attributes);

/*
 * A secret key that C_DeriveKey or C_UnwrapKey made, as a session object of @session: @attributes
 * are what the application wants it to be, of a CKA_KEY_TYPE that may be any, and CKA_VALUE_LEN, if
 * it is there, is the length of @secret. What it does not say: a generic secret, not sensitive,
 * extractable.
 * @secret is taken (emptied) also on failure.
 * Expected: CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID
 */
CK_RV p11_session_key_add_secret(const struct p11_session *session, const CK_ATTRIBUTE *attributes,
				 CK_ULONG n_attributes, struct secret *secret,
				 CK_OBJECT_HANDLE *ret_handle);

#endif
