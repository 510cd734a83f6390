/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_APPLICATION_ID_H
#define PKCS11_P11_APPLICATION_ID_H

/*
 * A CKA_ID that an application wants an item of the keychain to have, where all others have the
 * hash of the public key. It is kept as the item's alias, in the words of RFC 7512:
 * "pkcs11:id=%01%02". Any other alias is none of ours.
 */

#include <stdbool.h>

#include "base/bytes.h"

enum {
	P11_APPLICATION_ID_MAX = 255,
};

/* Expected: false  @alias (NULL is fine) is something else */
bool p11_application_id_read(const char *alias, struct bytes *id);

/* *ret_alias is the caller's to free(). Expected: KC_ERR_PARAM  @id is empty or too long */
KC_MUST_CHECK enum kc_status p11_application_id_write(struct kc_view id, char **ret_alias);

#endif
