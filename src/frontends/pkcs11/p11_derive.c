/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * C_DeriveKey: the secret that a private key shares with somebody's public key becomes a secret key
 * of the session. The token multiplies, the daemon derives (X9.63), one round trip. (3.0, 5.18.5;
 * current mechanisms 2.3.17, 2.3.18.)
 */
#include <stddef.h>
#include <string.h>

#include <keycask/names.h>

#include "frontends/pkcs11/p11_secret_size.h"
#include "frontends/pkcs11/p11_session_key.h"
#include "frontends/pkcs11/p11_template.h"
#include "frontends/pkcs11/p11_use.h"

enum {
	OCTET_STRING = 0x04,
	LENGTH_IN_ONE_BYTE = 0x81, /* X.690 8.1.3.5: and the length in one more */
};

static const struct p11_verb derivation = {CKF_DERIVE, CKA_DERIVE, 0};

/* --- the other's public key --------------------------------------------------------------- */

static size_t public_key_bytes(const struct p11_object *key)
{
	size_t width = p11_use_modulus_bytes(key);

	return strcmp(key->key_type, KC_KEY_TYPE_NAME_EC) == 0 ? 1 + 2 * width : width;
}

/*
 * "A token MUST be able to accept this value encoded as a raw octet string … may, in addition,
 * support accepting this value as a DER-encoded ECPoint": how long it is tells which it is, since
 * all public keys of a kind have one length.
 */
static CK_RV find_point(const struct p11_object *key, struct kc_view given,
			struct kc_view *ret_point)
{
	size_t len = public_key_bytes(key);
	size_t header = given.len > len ? given.len - len : 0;

	if (given.len == len) {
		*ret_point = given;
		return CKR_OK;
	}
	if (len > 0xff || header != (len < 0x80 ? 2 : 3) || given.data[0] != OCTET_STRING ||
	    given.data[header - 1] != len || (header == 3 && given.data[1] != LENGTH_IN_ONE_BYTE))
		return CKR_MECHANISM_PARAM_INVALID;
	*ret_point = view_slice(given, header, len);
	return CKR_OK;
}

/* --- the secret --------------------------------------------------------------------------- */

static CK_RV ask(const struct p11_operation *operation, struct kc_view point, size_t len,
		 struct kc_bytes *ret_secret)
{
	const struct p11_parameters *how = &operation->how;
	struct kc_options options = p11_use_options(operation);
	struct kc_exchange exchange = KC_EXCHANGE_INIT;
	bool derives = how->hash != P11_NO_HASH;
	enum kc_status status = KC_OK;

	exchange.requested_size = (int)len;
	exchange.shared_info = bytes_view(&how->label);
	status = kc_key_exchange(operation->key->key, p11_parameters_exchange(how), point,
				 derives ? &exchange : NULL, &options, ret_secret);
	return p11_use_status(operation, status, CKR_MECHANISM_PARAM_INVALID);
}

/* "The truncation removes bytes from the leading end of the secret value." */
static CK_RV cut(struct kc_view made, size_t len, struct secret *ret_secret)
{
	if (len > made.len)
		return CKR_KEY_SIZE_RANGE;
	if (len > 0)
		made = view_slice(made, made.len - len, len);
	return secret_init(ret_secret, made) == KC_OK ? CKR_OK : CKR_HOST_MEMORY;
}

static CK_RV derive(const struct p11_operation *operation, size_t len, struct secret *ret_secret)
{
	CLEANUP(kc_bytes_free) struct kc_bytes made = {0};
	struct kc_view point;
	CK_RV result = find_point(operation->key, bytes_view(&operation->how.public_key), &point);

	if (result == CKR_OK)
		result = ask(operation, point, len, &made);
	return result == CKR_OK ? cut(kc_view_of_bytes(&made), len, ret_secret) : result;
}

/* A derivation gives as much as it is asked for, so it has to be told. */
static CK_RV find_size(const struct p11_parameters *how, const CK_ATTRIBUTE *template, CK_ULONG n,
		       size_t *ret_len)
{
	CK_RV result = p11_session_key_check_secret(template, n);

	if (result == CKR_OK)
		result = p11_secret_size_find(template, n, ret_len);
	if (result == CKR_OK && *ret_len == 0 && how->hash != P11_NO_HASH)
		result = CKR_TEMPLATE_INCOMPLETE;
	return result;
}

static CK_RV derive_object(const struct p11_session *session, const struct p11_operation *operation,
			   const CK_ATTRIBUTE *template, CK_ULONG n, CK_OBJECT_HANDLE *ret_handle)
{
	struct secret secret = {0};
	size_t len = 0;
	CK_RV result = find_size(&operation->how, template, n, &len);

	if (result == CKR_OK)
		result = derive(operation, len, &secret);
	if (result == CKR_OK)
		result = p11_session_key_add_secret(session, template, n, &secret, ret_handle);
	secret_done(&secret);
	return result;
}

CK_RV C_DeriveKey(CK_SESSION_HANDLE handle, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base_key,
		  CK_ATTRIBUTE *template, CK_ULONG n, CK_OBJECT_HANDLE *key)
{
	CLEANUP(p11_session_givep) struct p11_session *session = NULL;
	CLEANUP(p11_operation_done) struct p11_operation operation = {0};
	CK_RV result = p11_session_take(handle, &session);

	if (result == CKR_OK && (!mechanism || !key || (!template && n > 0)))
		result = CKR_ARGUMENTS_BAD;
	if (result == CKR_OK)
		result = p11_operation_take_whole(session, &derivation, mechanism, base_key,
						  &operation);
	return result == CKR_OK ? derive_object(session, &operation, template, n, key) : result;
}
