/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * C_WrapKey and C_UnwrapKey: a session's secret key, encrypted to an RSA key and decrypted by it.
 * (3.0, 5.18.3, 5.18.4.) Private keys are not wrapped: what may leave the keychain leaves it by
 * `keycask export`.
 */
#include <stddef.h>

#include "frontends/pkcs11/p11_decrypt.h"
#include "frontends/pkcs11/p11_encrypt.h"
#include "frontends/pkcs11/p11_secret_size.h"
#include "frontends/pkcs11/p11_session_key.h"
#include "frontends/pkcs11/p11_use.h"

static const struct p11_verb wrapping = {CKF_WRAP, CKA_WRAP, 0};
static const struct p11_verb unwrapping = {CKF_UNWRAP, CKA_UNWRAP, 0};

enum {
	NOISE_BYTES = 32, /* as long as an AES key may be */
};

/* --- wrapping ----------------------------------------------------------------------------- */

static CK_RV put(const struct p11_operation *operation, const struct p11_object *secret,
		 CK_BYTE *wrapped, CK_ULONG *len)
{
	CLEANUP(kc_bytes_free) struct kc_bytes made = {0};
	size_t needed = p11_use_modulus_bytes(operation->key);
	bool has_room = wrapped && *len >= needed;
	CK_RV result = CKR_OK;

	if (has_room)
		result = p11_encrypt_data(operation->key, &operation->how,
					  secret_view(secret->secret), &made);
	if (result == CKR_DATA_LEN_RANGE)
		return CKR_KEY_SIZE_RANGE;
	if (result != CKR_OK)
		return result;
	*len = needed;
	if (!has_room)
		return wrapped ? CKR_BUFFER_TOO_SMALL : CKR_OK;
	memcpy(wrapped, made.data, made.len < needed ? made.len : needed);
	return CKR_OK;
}

static CK_RV check_secret(const struct p11_object *key)
{
	if (!key->secret)
		return key->object_class == CKO_PRIVATE_KEY ? CKR_KEY_NOT_WRAPPABLE
							    : CKR_KEY_HANDLE_INVALID;
	return p11_object_is(key, CKA_EXTRACTABLE) ? CKR_OK : CKR_KEY_UNEXTRACTABLE;
}

static CK_RV wrap(const struct p11_session *session, const struct p11_operation *operation,
		  CK_OBJECT_HANDLE handle, CK_BYTE *wrapped, CK_ULONG *len)
{
	CLEANUP(p11_object_givep) struct p11_object *secret = NULL;
	CK_RV result = p11_object_take_key(session->slot, handle, &secret);

	if (result == CKR_OK)
		result = check_secret(secret);
	return result == CKR_OK ? put(operation, secret, wrapped, len) : result;
}

/* The key that wraps is called another name when it is the wrong one. */
static CK_RV named(CK_RV result, CK_RV invalid, CK_RV inconsistent)
{
	if (result == CKR_KEY_HANDLE_INVALID)
		return invalid;
	return result == CKR_KEY_TYPE_INCONSISTENT ? inconsistent : result;
}

CK_RV C_WrapKey(CK_SESSION_HANDLE handle, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE wrapping_key,
		CK_OBJECT_HANDLE key, CK_BYTE *wrapped_key, CK_ULONG *wrapped_key_len)
{
	CLEANUP(p11_session_givep) struct p11_session *session = NULL;
	CLEANUP(p11_operation_done) struct p11_operation operation = {0};
	CK_RV result = p11_session_take(handle, &session);

	if (result == CKR_OK && (!mechanism || !wrapped_key_len))
		result = CKR_ARGUMENTS_BAD;
	if (result == CKR_OK)
		result = named(p11_operation_take_whole(session, &wrapping, mechanism, wrapping_key,
							&operation),
			       CKR_WRAPPING_KEY_HANDLE_INVALID, CKR_WRAPPING_KEY_TYPE_INCONSISTENT);
	return result == CKR_OK ? wrap(session, &operation, key, wrapped_key, wrapped_key_len)
				: result;
}

/* --- unwrapping --------------------------------------------------------------------------- */

/*
 * What PKCS#1 v1.5 leaves of something that was not encrypted so is noise of any length. Were it
 * refused because of its length, a program could find out which ciphertexts are well formed, and
 * with that decrypt any (Bleichenbacher 1998). So it becomes a key all the same, the same one each
 * time, which fits nothing: as many bytes as were wanted, hashed from the noise, which nobody
 * knows.
 */
static CK_RV put_noise(struct kc_view noise, size_t len, struct secret *ret_secret)
{
	uint8_t digest[P11_DIGEST_MAX];

	if (secret_reserve(ret_secret, len) != KC_OK)
		return CKR_HOST_MEMORY;
	for (uint32_t i = 0; ret_secret->len < len; i++) {
		const uint8_t counter[4] = {(uint8_t)(i >> 24), (uint8_t)(i >> 16),
					    (uint8_t)(i >> 8), (uint8_t)i};
		size_t n = len - ret_secret->len;
		struct p11_hash hash;

		p11_hash_init(&hash, P11_SHA256);
		p11_hash_update(&hash, VIEW_OF(counter));
		p11_hash_update(&hash, noise);
		p11_hash_finish(&hash, digest);
		n = n < p11_hash_bytes(P11_SHA256) ? n : p11_hash_bytes(P11_SHA256);
		memcpy(ret_secret->data + ret_secret->len, digest, n);
		ret_secret->len += n;
	}
	explicit_bzero(digest, sizeof(digest));
	return CKR_OK;
}

/* @len 0: any that fits the type. With PKCS#1 v1.5 the noise is made in any case: it costs the same
 * time whether it is the key or not. */
static CK_RV put_secret(const struct p11_operation *operation, const CK_ATTRIBUTE *template,
			CK_ULONG n, size_t len, struct secret *ret_secret)
{
	struct kc_view plain = kc_view_of_bytes(&operation->result);
	bool fits = len > 0 ? plain.len == len : p11_secret_size_fits(template, n, plain.len);
	CK_RV result = CKR_OK;

	if (!fits && operation->how.mechanism->scheme != P11_RSA_PKCS1)
		return CKR_WRAPPED_KEY_LEN_RANGE;
	if (len == 0)
		len = fits ? plain.len : NOISE_BYTES;
	result = put_noise(plain, len, ret_secret);
	if (result == CKR_OK && fits)
		memcpy(ret_secret->data, plain.data, plain.len);
	return result;
}

static CK_RV named_wrapped(CK_RV result)
{
	if (result == CKR_ENCRYPTED_DATA_LEN_RANGE)
		return CKR_WRAPPED_KEY_LEN_RANGE;
	return result == CKR_ENCRYPTED_DATA_INVALID ? CKR_WRAPPED_KEY_INVALID : result;
}

static CK_RV unwrap(const struct p11_session *session, struct p11_operation *operation,
		    struct kc_view wrapped, const CK_ATTRIBUTE *template, CK_ULONG n,
		    CK_OBJECT_HANDLE *ret_handle)
{
	struct secret secret = {0};
	size_t len = 0;
	CK_RV result = p11_session_key_check_secret(template, n);

	if (result == CKR_OK)
		result = p11_secret_size_find(template, n, &len);
	if (result == CKR_OK)
		result = named_wrapped(p11_decrypt_data(operation, wrapped));
	if (result == CKR_OK)
		result = put_secret(operation, template, n, len, &secret);
	if (result == CKR_OK)
		result = p11_session_key_add_secret(session, template, n, &secret, ret_handle);
	secret_done(&secret);
	return result;
}

CK_RV C_UnwrapKey(CK_SESSION_HANDLE handle, CK_MECHANISM *mechanism,
		  CK_OBJECT_HANDLE unwrapping_key, CK_BYTE *wrapped_key, CK_ULONG wrapped_key_len,
		  CK_ATTRIBUTE *template, CK_ULONG n, CK_OBJECT_HANDLE *key)
{
	CLEANUP(p11_session_givep) struct p11_session *session = NULL;
	CLEANUP(p11_operation_done) struct p11_operation operation = {0};
	struct kc_view wrapped = view_of(wrapped_key, wrapped_key_len);
	CK_RV result = p11_session_take(handle, &session);

	if (result == CKR_OK && (!mechanism || !key || !wrapped_key || (!template && n > 0)))
		result = CKR_ARGUMENTS_BAD;
	if (result == CKR_OK)
		result = named(p11_operation_take_whole(session, &unwrapping, mechanism,
							unwrapping_key, &operation),
			       CKR_UNWRAPPING_KEY_HANDLE_INVALID,
			       CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT);
	return result == CKR_OK ? unwrap(session, &operation, wrapped, template, n, key) : result;
}
