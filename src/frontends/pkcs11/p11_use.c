/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One round trip for each use, with what has to be proved for it; and what its failures are called.
 */
#include "frontends/pkcs11/p11_use.h"

#include <string.h>

#include <keycask/names.h>

#include "frontends/pkcs11/p11_slot.h"
#include "frontends/pkcs11/p11_status.h"

enum {
	ED25519_SIGNATURE_BYTES = 64, /* RFC 8032 5.1.6, 5.2.6 */
	ED448_SIGNATURE_BYTES = 114,
};

struct kc_options p11_use_options(const struct p11_operation *operation)
{
	struct kc_options options = KC_OPTIONS_INIT;

	if (operation->pin.len > 0)
		options.pin = secret_view(&operation->pin);
	return options;
}

static bool is_of_token(const struct p11_object *key)
{
	return key->slot != P11_SLOT_KEYCHAIN && key->session == 0;
}

/*
 * 3.0, 5.1.6: CKR_FUNCTION_CANCELED is what becomes of an operation whose PIN entry on a protected
 * path somebody cancels, CKR_FUNCTION_REJECTED of one that the user refuses, as with a key of the
 * keychain that asks whether it may be used. A signature that does not match what was to be signed
 * is the token's failure, not the caller's. A key that is gone is a wrong handle, unless it has
 * left with its token: then the handle is good again when that is back. A PIN that came with the
 * operation is not tried when it would be the last try: that is a person's to take.
 */
CK_RV p11_use_status(const struct p11_operation *operation, enum kc_status status, CK_RV refusal)
{
	const struct p11_object *key = operation->key;

	if (status == KC_ERR_PARAM)
		return refusal;
	if (status == KC_ERR_INTERACTION_NOT_ALLOWED && operation->pin.len > 0)
		return CKR_FUNCTION_REJECTED;
	if (status == KC_ERR_USER_CANCELED && !is_of_token(key))
		return CKR_FUNCTION_REJECTED;
	if (status == KC_ERR_ITEM_NOT_FOUND && !is_of_token(key))
		return CKR_KEY_HANDLE_INVALID;
	if (status == KC_ERR_VERIFY_FAILED)
		return CKR_DEVICE_ERROR;
	return p11_status_of_key(status);
}

size_t p11_use_modulus_bytes(const struct p11_object *key)
{
	return ((size_t)key->key_size_in_bits + 7) / 8;
}

/* Of ECDSA r and s side by side, each as long as the curve's order (3.0, 2.3.1). */
size_t p11_use_signature_bytes(const struct p11_object *key)
{
	if (strcmp(key->key_type, KC_KEY_TYPE_NAME_ED25519) == 0)
		return ED25519_SIGNATURE_BYTES;
	if (strcmp(key->key_type, KC_KEY_TYPE_NAME_ED448) == 0)
		return ED448_SIGNATURE_BYTES;
	if (strcmp(key->key_type, KC_KEY_TYPE_NAME_EC) == 0)
		return 2 * p11_use_modulus_bytes(key);
	return p11_use_modulus_bytes(key);
}
