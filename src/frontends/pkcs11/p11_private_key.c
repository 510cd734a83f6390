/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PKCS#8: PrivateKeyInfo ::= SEQUENCE { version INTEGER 0, algorithm, privateKey OCTET STRING }.
 * What is inside: RSAPrivateKey (RFC 8017, A.1.2), ECPrivateKey (RFC 5915), or the bytes in an
 * OCTET STRING (RFC 8410, 7). Whether the parts belong together the keychain finds out.
 */
#include "frontends/pkcs11/p11_private_key.h"

#include "base/try.h"
#include "frontends/pkcs11/p11_der.h"
#include "frontends/pkcs11/p11_public_key.h"
#include "frontends/pkcs11/p11_template.h"

enum {
	EC_VERSION = 1,
	SCALAR_MAX = 66, /* of P-521 */
};

static const uint8_t zero[] = {0};

static enum kc_status put_info(struct kc_view algorithm, struct kc_view key, struct bytes *ret_key)
{
	CLEANUP(bytes_done) struct bytes content = BYTES_INIT(P11_PRIVATE_KEY_MAX);

	TRY(p11_der_put_unsigned(&content, VIEW_OF(zero)));
	TRY(p11_der_put(&content, P11_DER_SEQUENCE, algorithm));
	TRY(p11_der_put(&content, P11_DER_OCTET_STRING, key));
	return p11_der_put(ret_key, P11_DER_SEQUENCE, bytes_view(&content));
}

/* --- RSA ------------------------------------------------------------------------------------- */

static const CK_ATTRIBUTE_TYPE parts_of_rsa[] = {
	CKA_MODULUS, CKA_PUBLIC_EXPONENT, CKA_PRIVATE_EXPONENT, CKA_PRIME_1,
	CKA_PRIME_2, CKA_EXPONENT_1,	  CKA_EXPONENT_2,	CKA_COEFFICIENT,
};

static enum kc_status put_rsa(const CK_ATTRIBUTE *template, CK_ULONG n, struct bytes *ret_key)
{
	CLEANUP(bytes_done) struct bytes numbers = BYTES_INIT(P11_PRIVATE_KEY_MAX);
	CLEANUP(bytes_done) struct bytes key = BYTES_INIT(P11_PRIVATE_KEY_MAX);

	TRY(p11_der_put_unsigned(&numbers, VIEW_OF(zero)));
	for (size_t i = 0; i < ARRAY_LEN(parts_of_rsa); i++)
		TRY(p11_der_put_unsigned(&numbers,
					 p11_template_view(template, n, parts_of_rsa[i])));
	TRY(p11_der_put(&key, P11_DER_SEQUENCE, bytes_view(&numbers)));
	return put_info(p11_public_key_algorithm_of_rsa(), bytes_view(&key), ret_key);
}

static CK_RV build_rsa(const CK_ATTRIBUTE *template, CK_ULONG n, struct bytes *ret_key)
{
	for (size_t i = 0; i < ARRAY_LEN(parts_of_rsa); i++) {
		if (p11_template_view(template, n, parts_of_rsa[i]).len == 0)
			return CKR_TEMPLATE_INCOMPLETE;
	}
	return put_rsa(template, n, ret_key) == KC_OK ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
}

/* --- on curves ------------------------------------------------------------------------------- */

/* CKA_VALUE is a number, which may be shorter than the curve; RFC 5915 wants all of its bytes. */
static enum kc_status put_scalar(const struct p11_curve *curve, struct kc_view value,
				 struct bytes *key)
{
	CLEANUP(bytes_done) struct bytes scalar = BYTES_INIT(SCALAR_MAX);
	size_t width = ((size_t)curve->size_in_bits + 7) / 8;

	value = p11_der_unsigned(value);
	REQUIRE(value.len <= width, KC_ERR_PARAM, "a number that is too large for the curve");
	while (scalar.len + value.len < width)
		TRY(bytes_append_byte(&scalar, 0));
	TRY(bytes_append(&scalar, value));
	return p11_der_put(key, P11_DER_OCTET_STRING, bytes_view(&scalar));
}

/* ECPrivateKey ::= SEQUENCE { version INTEGER 1, privateKey OCTET STRING, … }, its public half left
 * to be computed. */
static enum kc_status put_ec(const struct p11_curve *curve, struct kc_view value,
			     struct bytes *ret_key)
{
	static const uint8_t version[] = {EC_VERSION};
	CLEANUP(bytes_done) struct bytes content = BYTES_INIT(P11_PRIVATE_KEY_MAX);
	CLEANUP(bytes_done) struct bytes key = BYTES_INIT(P11_PRIVATE_KEY_MAX);
	CLEANUP(bytes_done) struct bytes algorithm = BYTES_INIT(P11_PRIVATE_KEY_MAX);

	TRY(p11_der_put_unsigned(&content, VIEW_OF(version)));
	TRY(put_scalar(curve, value, &content));
	TRY(p11_der_put(&key, P11_DER_SEQUENCE, bytes_view(&content)));
	TRY(bytes_append(&algorithm, p11_public_key_oid_of_ec()));
	TRY(bytes_append(&algorithm, curve->params));
	return put_info(bytes_view(&algorithm), bytes_view(&key), ret_key);
}

static enum kc_status put_bytes(const struct p11_curve *curve, struct kc_view value,
				struct bytes *ret_key)
{
	CLEANUP(bytes_done) struct bytes key = BYTES_INIT(P11_PRIVATE_KEY_MAX);

	TRY(p11_der_put(&key, P11_DER_OCTET_STRING, value));
	return put_info(curve->params, bytes_view(&key), ret_key);
}

static CK_RV build_on_curve(const CK_ATTRIBUTE *template, CK_ULONG n, CK_KEY_TYPE key_type,
			    struct bytes *ret_key)
{
	struct kc_view params = p11_template_view(template, n, CKA_EC_PARAMS);
	struct kc_view value = p11_template_view(template, n, CKA_VALUE);
	const struct p11_curve *curve = p11_public_key_curve(params);
	enum kc_status status = KC_OK;

	if (params.len == 0 || value.len == 0)
		return CKR_TEMPLATE_INCOMPLETE;
	if (!curve || p11_public_key_kind(curve->kind)->key_type != key_type)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	status = key_type == CKK_EC ? put_ec(curve, value, ret_key)
				    : put_bytes(curve, value, ret_key);
	return status == KC_OK ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
}

CK_RV p11_private_key_build(const CK_ATTRIBUTE *template, CK_ULONG n, struct bytes *ret_key)
{
	CK_KEY_TYPE key_type = p11_template_number(template, n, CKA_KEY_TYPE, (CK_KEY_TYPE)-1);

	switch (key_type) {
	case CKK_RSA:
		return build_rsa(template, n, ret_key);
	case CKK_EC:
	case CKK_EC_EDWARDS:
	case CKK_EC_MONTGOMERY:
		return build_on_curve(template, n, key_type, ret_key);
	case (CK_KEY_TYPE)-1:
		return CKR_TEMPLATE_INCOMPLETE;
	default:
		return CKR_ATTRIBUTE_VALUE_INVALID;
	}
}
