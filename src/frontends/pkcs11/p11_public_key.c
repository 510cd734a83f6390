/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Public keys in DER and in attributes. CKA_EC_PARAMS of EC keys is the curve's OID as the key has
 * it; that of Ed25519 and its siblings their OID of RFC 8410, as OpenSSH, GnuTLS and 3.1 have it.
 * CKA_EC_POINT is always in an OCTET STRING: 3.0 says so of EC keys (2.3.3), and of the others two
 * things at once, where all programs take this one.
 */
#include "frontends/pkcs11/p11_public_key.h"

#include <string.h>

#include "base/try.h"
#include "frontends/pkcs11/p11_der.h"
#include "frontends/pkcs11/p11_template.h"

enum {
	INFO_MAX = 64 * 1024,
};

static const struct p11_key_kind kinds[] = {
	{"rsa", CKK_RSA, 0},
	{"ec", CKK_EC, 0},
	{"ed25519", CKK_EC_EDWARDS, 256},
	{"ed448", CKK_EC_EDWARDS, 456},
	{"x25519", CKK_EC_MONTGOMERY, 256},
	{"x448", CKK_EC_MONTGOMERY, 448},
};

const struct p11_key_kind *p11_public_key_kind(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_LEN(kinds); i++) {
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	}
	return NULL;
}

/* --- DER ------------------------------------------------------------------------------------- */

static const uint8_t algorithm_of_rsa[] = {
	0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00,
};
static const uint8_t oid_ec[] = {0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01};

enum {
	OID_RSA_BYTES = sizeof(algorithm_of_rsa) - 2, /* behind it is NULL */
};

struct kc_view p11_public_key_algorithm_of_rsa(void)
{
	return VIEW_OF(algorithm_of_rsa);
}

struct kc_view p11_public_key_oid_of_ec(void)
{
	return VIEW_OF(oid_ec);
}

#define CURVE(kind, size_in_bits, params)                                                          \
	{                                                                                          \
		kind, size_in_bits,                                                                \
		{                                                                                  \
			(const uint8_t *)(params), sizeof(params) - 1                              \
		}                                                                                  \
	}
#define RFC_8410(last)		  "\x06\x03\x2B\x65" last
#define SEC_2(last)		  "\x06\x05\x2B\x81\x04\x00" last
#define CALLED(tag_and_len, name) "\x13" tag_and_len name

/* What CKA_EC_PARAMS may be; the first of each curve is how the keychain has it. Behind the OIDs of
 * RFC 8410 are those that GnuPG made up before there were any. */
static const struct p11_curve curves[] = {
	CURVE("ec", 256, "\x06\x08\x2A\x86\x48\xCE\x3D\x03\x01\x07"),
	CURVE("ec", 256, CALLED("\x09", "secp256r1")),
	CURVE("ec", 256, CALLED("\x0A", "prime256v1")),
	CURVE("ec", 384, SEC_2("\x22")),
	CURVE("ec", 384, CALLED("\x09", "secp384r1")),
	CURVE("ec", 521, SEC_2("\x23")),
	CURVE("ec", 521, CALLED("\x09", "secp521r1")),
	CURVE("ed25519", 256, RFC_8410("\x70")),
	CURVE("ed25519", 256, CALLED("\x0C", "edwards25519")),
	CURVE("ed25519", 256, "\x06\x09\x2B\x06\x01\x04\x01\xDA\x47\x0F\x01"),
	CURVE("ed448", 456, RFC_8410("\x71")),
	CURVE("ed448", 456, CALLED("\x0A", "edwards448")),
	CURVE("x25519", 256, RFC_8410("\x6E")),
	CURVE("x25519", 256, CALLED("\x0A", "curve25519")),
	CURVE("x25519", 256, CALLED("\x0B", "curve25519")), /* as pkcs11-tool counts */
	CURVE("x25519", 256, "\x06\x0A\x2B\x06\x01\x04\x01\x97\x55\x01\x05\x01"),
	CURVE("x448", 448, RFC_8410("\x6F")),
	CURVE("x448", 448, CALLED("\x08", "curve448")),
};

static const struct p11_curve *first_of(const struct p11_curve *curve)
{
	while (curve > curves && curve[-1].kind == curve->kind &&
	       curve[-1].size_in_bits == curve->size_in_bits)
		curve--;
	return curve;
}

const struct p11_curve *p11_public_key_curve(struct kc_view ec_params)
{
	for (size_t i = 0; i < ARRAY_LEN(curves); i++) {
		if (view_equal(curves[i].params, ec_params))
			return first_of(&curves[i]);
	}
	return NULL;
}

/* --- reading --------------------------------------------------------------------------------- */

struct parts {
	struct kc_view algorithm; /* its OID */
	struct kc_view params;	  /* empty: none */
	struct kc_view bits;
};

/* SubjectPublicKeyInfo ::= SEQUENCE { algorithm AlgorithmIdentifier, subjectPublicKey BIT STRING }
 */
static bool read_info(struct kc_view info, struct parts *ret_parts)
{
	struct kc_tlv record = {0};
	struct kc_view algorithm = {NULL, 0};
	struct parts parts = {{NULL, 0}, {NULL, 0}, {NULL, 0}};

	if (!p11_der_open(info, P11_DER_SEQUENCE, &info) ||
	    !p11_der_next(&info, P11_DER_SEQUENCE, &record))
		return false;
	algorithm = record.value;
	if (!p11_der_next(&algorithm, P11_DER_OBJECT_ID, &record))
		return false;
	parts.algorithm = record.record;
	parts.params = algorithm;
	if (!p11_der_open(info, P11_DER_BIT_STRING, &info) || info.len < 1)
		return false;
	parts.bits = view_slice(info, 1, info.len); /* behind the number of unused bits */
	*ret_parts = parts;
	return true;
}

bool p11_public_key_bits(struct kc_view info, struct kc_view *ret_bits)
{
	struct parts parts = {{NULL, 0}, {NULL, 0}, {NULL, 0}};

	if (!read_info(info, &parts))
		return false;
	*ret_bits = parts.bits;
	return true;
}

static CK_ULONG bits_of(struct kc_view number)
{
	CK_ULONG n = (CK_ULONG)number.len * 8;

	for (uint8_t mask = 0x80; number.len > 0 && mask && !(number.data[0] & mask); mask >>= 1)
		n--;
	return n;
}

/* RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER } */
static void describe_rsa(struct kc_view bits, struct p11_attributes *attributes)
{
	struct kc_tlv modulus = {0};
	struct kc_tlv exponent = {0};

	if (!p11_der_open(bits, P11_DER_SEQUENCE, &bits) ||
	    !p11_der_next(&bits, P11_DER_INTEGER, &modulus) ||
	    !p11_der_next(&bits, P11_DER_INTEGER, &exponent))
		return;
	modulus.value = p11_der_unsigned(modulus.value);
	p11_attributes_put(attributes, CKA_MODULUS, modulus.value);
	p11_attributes_put_number(attributes, CKA_MODULUS_BITS, bits_of(modulus.value));
	p11_attributes_put(attributes, CKA_PUBLIC_EXPONENT, p11_der_unsigned(exponent.value));
}

static void describe_point(struct kc_view params, struct kc_view point,
			   struct p11_attributes *attributes)
{
	CLEANUP(bytes_done) struct bytes record = BYTES_INIT(INFO_MAX);

	if (p11_der_put(&record, P11_DER_OCTET_STRING, point) != KC_OK)
		return;
	p11_attributes_put(attributes, CKA_EC_PARAMS, params);
	p11_attributes_put(attributes, CKA_EC_POINT, bytes_view(&record));
}

void p11_public_key_describe(struct kc_view info, struct p11_attributes *attributes)
{
	struct parts parts = {{NULL, 0}, {NULL, 0}, {NULL, 0}};

	p11_attributes_put(attributes, CKA_PUBLIC_KEY_INFO, info);
	if (!read_info(info, &parts))
		return;
	if (view_equal(parts.algorithm, view_of(algorithm_of_rsa, OID_RSA_BYTES)))
		describe_rsa(parts.bits, attributes);
	else if (view_equal(parts.algorithm, VIEW_OF(oid_ec)))
		describe_point(parts.params, parts.bits, attributes);
	else if (p11_public_key_curve(parts.algorithm))
		describe_point(parts.algorithm, parts.bits, attributes);
}

/* --- building -------------------------------------------------------------------------------- */

static enum kc_status put_info(struct kc_view oid, struct kc_view params, struct kc_view bits,
			       struct kc_bytes *ret_info)
{
	CLEANUP(bytes_done) struct bytes algorithm = BYTES_INIT(INFO_MAX);
	CLEANUP(bytes_done) struct bytes bit_string = BYTES_INIT(INFO_MAX);
	CLEANUP(bytes_done) struct bytes content = BYTES_INIT(INFO_MAX);
	CLEANUP(bytes_done) struct bytes info = BYTES_INIT(INFO_MAX);

	TRY(bytes_append(&algorithm, oid));
	TRY(bytes_append(&algorithm, params));
	TRY(bytes_append_byte(&bit_string, 0));
	TRY(bytes_append(&bit_string, bits));
	TRY(p11_der_put(&content, P11_DER_SEQUENCE, bytes_view(&algorithm)));
	TRY(p11_der_put(&content, P11_DER_BIT_STRING, bytes_view(&bit_string)));
	TRY(p11_der_put(&info, P11_DER_SEQUENCE, bytes_view(&content)));
	*ret_info = bytes_take(&info);
	return KC_OK;
}

static enum kc_status put_rsa(struct kc_view modulus, struct kc_view exponent,
			      struct kc_bytes *ret_info)
{
	CLEANUP(bytes_done) struct bytes numbers = BYTES_INIT(INFO_MAX);
	CLEANUP(bytes_done) struct bytes key = BYTES_INIT(INFO_MAX);

	TRY(p11_der_put_unsigned(&numbers, modulus));
	TRY(p11_der_put_unsigned(&numbers, exponent));
	TRY(p11_der_put(&key, P11_DER_SEQUENCE, bytes_view(&numbers)));
	return put_info(VIEW_OF(algorithm_of_rsa), kc_view_of(NULL, 0), bytes_view(&key), ret_info);
}

static CK_RV build_rsa(const CK_ATTRIBUTE *template, CK_ULONG n, struct kc_bytes *ret_info)
{
	struct kc_view modulus = p11_template_view(template, n, CKA_MODULUS);
	struct kc_view exponent = p11_template_view(template, n, CKA_PUBLIC_EXPONENT);

	if (modulus.len == 0 || exponent.len == 0)
		return CKR_TEMPLATE_INCOMPLETE;
	if (put_rsa(modulus, exponent, ret_info) != KC_OK)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	return CKR_OK;
}

struct kc_view p11_public_key_point(struct kc_view ec_point)
{
	struct kc_view point = {NULL, 0};

	return p11_der_open(ec_point, P11_DER_OCTET_STRING, &point) ? point : ec_point;
}

/* A curve on which no keys are made here may yet be one on which they are used. */
static enum kc_status put_point(CK_KEY_TYPE key_type, struct kc_view params, struct kc_view point,
				struct kc_bytes *ret_info)
{
	const struct p11_curve *curve = p11_public_key_curve(params);

	if (curve)
		params = curve->params;
	REQUIRE(params.data[0] == P11_DER_OBJECT_ID, KC_ERR_PARAM, "a curve without an OID");
	if (key_type == CKK_EC)
		return put_info(VIEW_OF(oid_ec), params, point, ret_info);
	return put_info(params, kc_view_of(NULL, 0), point, ret_info);
}

static CK_RV build_point(const CK_ATTRIBUTE *template, CK_ULONG n, CK_KEY_TYPE key_type,
			 struct kc_bytes *ret_info)
{
	struct kc_view params = p11_template_view(template, n, CKA_EC_PARAMS);
	struct kc_view point = p11_template_view(template, n, CKA_EC_POINT);

	if (params.len == 0 || point.len == 0)
		return CKR_TEMPLATE_INCOMPLETE;
	if (put_point(key_type, params, p11_public_key_point(point), ret_info) != KC_OK)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	return CKR_OK;
}

CK_RV p11_public_key_build(const CK_ATTRIBUTE *template, CK_ULONG n, CK_KEY_TYPE key_type,
			   struct kc_bytes *ret_info)
{
	switch (key_type) {
	case CKK_RSA:
		return build_rsa(template, n, ret_info);
	case CKK_EC:
	case CKK_EC_EDWARDS:
	case CKK_EC_MONTGOMERY:
		return build_point(template, n, key_type, ret_info);
	default:
		return CKR_ATTRIBUTE_VALUE_INVALID;
	}
}
