/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_USE_H
#define PKCS11_P11_USE_H

/* What is the same whenever the daemon is asked to use a key. */

#include <keycask/key.h>

#include "frontends/pkcs11/p11_operation.h"

/* With the PIN that came for this operation, if one did; otherwise the daemon asks when it has to.
 */
struct kc_options p11_use_options(const struct p11_operation *operation);

/*
 * What @status of a private key's use is. KC_ERR_PARAM is @refusal: sizes were looked at before, so
 * it is the content that the key does not take, or a token that cannot do this at all.
 */
CK_RV p11_use_status(const struct p11_operation *operation, enum kc_status status, CK_RV refusal);

/* Bytes of an RSA key's modulus, and of any key's signature. */
size_t p11_use_modulus_bytes(const struct p11_object *key);
size_t p11_use_signature_bytes(const struct p11_object *key);

#endif
