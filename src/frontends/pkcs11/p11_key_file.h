/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_KEY_FILE_H
#define PKCS11_P11_KEY_FILE_H

/* Keys that come with their value: what C_CreateObject's template says, to the daemon. */

#include "frontends/pkcs11/p11_writing.h"

/*
 * @writing NULL: for this process alone.
 * Ownership: free *ret_key with kc_key_free()
 * Expected: CKR_TEMPLATE_INCOMPLETE, CKR_ATTRIBUTE_VALUE_INVALID, and as p11_writing_status()
 */
CK_RV p11_key_file_import(const struct p11_writing *writing, CK_OBJECT_CLASS object_class,
			  const struct p11_wish *wish, struct kc_key **ret_key);

/*
 * What @wish says of a private key, as the keychain's attributes: how it may be used, if it is less
 * than it could, and whether it may leave; of a token's key neither. Expected: CKR_HOST_MEMORY
 */
CK_RV p11_key_file_put_uses(const struct p11_writing *writing, const struct p11_wish *wish,
			    struct kc_dictionary *attributes);

#endif
