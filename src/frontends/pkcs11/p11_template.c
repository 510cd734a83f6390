/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Templates, and the table of what applications may say of objects: the footnotes of 3.0's tables
 * (4.1.3, Table 10: "MUST be specified", "MUST not be specified", "may be modified") as bits.
 */
#include "frontends/pkcs11/p11_template.h"

#include <string.h>

#include "base/bytes.h"

enum kind {
	KIND_BYTES,
	KIND_FLAG,
	KIND_NUMBER,
	KIND_DATE, /* a CK_DATE, or empty */
	KIND_LIST, /* of CK_MECHANISM_TYPE */
};

enum class_bit {
	DATA = 1,
	CERTIFICATE = 2,
	PUBLIC = 4,
	PRIVATE = 8,
	SECRET = 16,
	PAIR = PUBLIC | PRIVATE,
	HIDDEN = PRIVATE | SECRET,
	KEYS = PAIR | SECRET,
	ALL = DATA | CERTIFICATE | KEYS,
};

enum use_bit {
	NEVER = 0,
	MAKE = P11_TEMPLATE_MAKE,
	GENERATE = P11_TEMPLATE_GENERATE,
	NEW = MAKE | GENERATE | P11_TEMPLATE_DERIVE,
	COPY = NEW | P11_TEMPLATE_COPY,
	SET = COPY | P11_TEMPLATE_SET,
	BY_TOKEN = GENERATE | P11_TEMPLATE_DERIVE, /* not of what comes with its value */
};

/* NSS sends along the public value of an EC key that it brings (its own database wants it). */
#define CKA_NSS_DB 0xD5A0DB00UL

static const struct rule {
	CK_ATTRIBUTE_TYPE type;
	enum kind kind;
	int classes;
	int uses;
} rules[] = {
	{CKA_CLASS, KIND_NUMBER, ALL, NEW},
	{CKA_TOKEN, KIND_FLAG, ALL, COPY},
	{CKA_PRIVATE, KIND_FLAG, ALL, COPY},
	{CKA_MODIFIABLE, KIND_FLAG, ALL, COPY},
	{CKA_COPYABLE, KIND_FLAG, ALL, SET},
	{CKA_DESTROYABLE, KIND_FLAG, ALL, COPY},
	{CKA_LABEL, KIND_BYTES, ALL, SET},
	{CKA_UNIQUE_ID, KIND_BYTES, ALL, NEVER},

	{CKA_APPLICATION, KIND_BYTES, DATA, SET},
	{CKA_OBJECT_ID, KIND_BYTES, DATA, SET},
	{CKA_VALUE, KIND_BYTES, ALL & ~PUBLIC, MAKE},

	{CKA_CERTIFICATE_TYPE, KIND_NUMBER, CERTIFICATE, MAKE},
	{CKA_TRUSTED, KIND_FLAG, CERTIFICATE | PUBLIC | SECRET, SET},
	{CKA_CERTIFICATE_CATEGORY, KIND_NUMBER, CERTIFICATE, MAKE},
	{CKA_CHECK_VALUE, KIND_BYTES, CERTIFICATE | SECRET, NEW},
	{CKA_ISSUER, KIND_BYTES, CERTIFICATE, SET},
	{CKA_SERIAL_NUMBER, KIND_BYTES, CERTIFICATE, SET},
	{CKA_URL, KIND_BYTES, CERTIFICATE, MAKE},
	{CKA_HASH_OF_SUBJECT_PUBLIC_KEY, KIND_BYTES, CERTIFICATE, MAKE},
	{CKA_HASH_OF_ISSUER_PUBLIC_KEY, KIND_BYTES, CERTIFICATE, MAKE},
	{CKA_JAVA_MIDP_SECURITY_DOMAIN, KIND_NUMBER, CERTIFICATE, MAKE},
	{CKA_NAME_HASH_ALGORITHM, KIND_NUMBER, CERTIFICATE, MAKE},
	{CKA_SUBJECT, KIND_BYTES, CERTIFICATE | PAIR, SET},
	{CKA_START_DATE, KIND_DATE, CERTIFICATE | KEYS, SET},
	{CKA_END_DATE, KIND_DATE, CERTIFICATE | KEYS, SET},
	{CKA_ID, KIND_BYTES, CERTIFICATE | KEYS, SET},
	{CKA_PUBLIC_KEY_INFO, KIND_BYTES, CERTIFICATE | PAIR, MAKE},

	{CKA_KEY_TYPE, KIND_NUMBER, KEYS, NEW},
	{CKA_DERIVE, KIND_FLAG, KEYS, SET},
	{CKA_ENCRYPT, KIND_FLAG, PUBLIC | SECRET, SET},
	{CKA_VERIFY, KIND_FLAG, PUBLIC | SECRET, SET},
	{CKA_VERIFY_RECOVER, KIND_FLAG, PUBLIC, SET},
	{CKA_WRAP, KIND_FLAG, PUBLIC | SECRET, SET},
	{CKA_DECRYPT, KIND_FLAG, HIDDEN, SET},
	{CKA_SIGN, KIND_FLAG, HIDDEN, SET},
	{CKA_SIGN_RECOVER, KIND_FLAG, PRIVATE, SET},
	{CKA_UNWRAP, KIND_FLAG, HIDDEN, SET},
	{CKA_SENSITIVE, KIND_FLAG, HIDDEN, SET},
	{CKA_EXTRACTABLE, KIND_FLAG, HIDDEN, SET},
	{CKA_WRAP_WITH_TRUSTED, KIND_FLAG, HIDDEN, SET},
	{CKA_ALWAYS_AUTHENTICATE, KIND_FLAG, PRIVATE, NEW},
	{CKA_ALLOWED_MECHANISMS, KIND_LIST, KEYS, NEW},
	{CKA_LOCAL, KIND_FLAG, KEYS, NEVER},
	{CKA_KEY_GEN_MECHANISM, KIND_NUMBER, KEYS, NEVER},
	{CKA_ALWAYS_SENSITIVE, KIND_FLAG, HIDDEN, NEVER},
	{CKA_NEVER_EXTRACTABLE, KIND_FLAG, HIDDEN, NEVER},

	{CKA_MODULUS, KIND_BYTES, PAIR, MAKE},
	{CKA_MODULUS_BITS, KIND_NUMBER, PUBLIC, GENERATE},
	{CKA_PUBLIC_EXPONENT, KIND_BYTES, PAIR, MAKE | GENERATE},
	{CKA_PRIVATE_EXPONENT, KIND_BYTES, PRIVATE, MAKE},
	{CKA_PRIME_1, KIND_BYTES, PRIVATE, MAKE},
	{CKA_PRIME_2, KIND_BYTES, PRIVATE, MAKE},
	{CKA_EXPONENT_1, KIND_BYTES, PRIVATE, MAKE},
	{CKA_EXPONENT_2, KIND_BYTES, PRIVATE, MAKE},
	{CKA_COEFFICIENT, KIND_BYTES, PRIVATE, MAKE},
	/* of private keys some programs say it too, and mean it well */
	{CKA_EC_PARAMS, KIND_BYTES, PAIR, MAKE | GENERATE},
	{CKA_EC_POINT, KIND_BYTES, PAIR, MAKE},
	{CKA_NSS_DB, KIND_BYTES, PRIVATE, MAKE},
	{CKA_VALUE_LEN, KIND_NUMBER, SECRET, BY_TOKEN},
};

static const struct rule *rule_of(CK_ATTRIBUTE_TYPE type)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		if (rules[i].type == type)
			return &rules[i];
	}
	return NULL;
}

static int class_bit_of(CK_OBJECT_CLASS object_class)
{
	switch (object_class) {
	case CKO_DATA:
		return DATA;
	case CKO_CERTIFICATE:
		return CERTIFICATE;
	case CKO_PUBLIC_KEY:
		return PUBLIC;
	case CKO_PRIVATE_KEY:
		return PRIVATE;
	case CKO_SECRET_KEY:
		return SECRET;
	default:
		return 0;
	}
}

bool p11_template_is_class(CK_OBJECT_CLASS object_class)
{
	return class_bit_of(object_class) != 0;
}

static bool has_size(const CK_ATTRIBUTE *attribute, enum kind kind)
{
	CK_ULONG len = attribute->ulValueLen;

	if (!attribute->pValue && len != 0)
		return false;
	switch (kind) {
	case KIND_BYTES:
		return len <= INT32_MAX; /* (CK_ULONG)-1 of a call that failed */
	case KIND_FLAG:
		return len == sizeof(CK_BBOOL);
	case KIND_NUMBER:
		return len == sizeof(CK_ULONG);
	case KIND_DATE:
		return len == 0 || len == sizeof(CK_DATE);
	case KIND_LIST:
		return len <= INT32_MAX && len % sizeof(CK_MECHANISM_TYPE) == 0;
	}
	return false;
}

static CK_RV check_one(const CK_ATTRIBUTE *attribute, CK_OBJECT_CLASS object_class,
		       enum p11_template_use use)
{
	const struct rule *rule = rule_of(attribute->type);

	if (!rule)
		return CKR_ATTRIBUTE_TYPE_INVALID;
	if (!has_size(attribute, rule->kind))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (!(rule->classes & class_bit_of(object_class)))
		return CKR_TEMPLATE_INCONSISTENT;
	return rule->uses & (int)use ? CKR_OK : CKR_ATTRIBUTE_READ_ONLY;
}

CK_RV p11_template_check(const CK_ATTRIBUTE *template, CK_ULONG n, CK_OBJECT_CLASS object_class,
			 enum p11_template_use use)
{
	CK_RV result = CKR_OK;

	if (!template && n > 0)
		return CKR_ARGUMENTS_BAD;
	for (CK_ULONG i = 0; i < n && result == CKR_OK; i++) {
		result = check_one(&template[i], object_class, use);
		if (result == CKR_OK && p11_template_find(template, i, template[i].type))
			result = CKR_TEMPLATE_INCONSISTENT;
	}
	return result;
}

/* A NULL template is p11_template_check()'s to refuse, before which something is looked for. */
const CK_ATTRIBUTE *p11_template_find(const CK_ATTRIBUTE *template, CK_ULONG n,
				      CK_ATTRIBUTE_TYPE type)
{
	for (CK_ULONG i = 0; template && i < n; i++) {
		if (template[i].type == type)
			return &template[i];
	}
	return NULL;
}

struct kc_view p11_template_view(const CK_ATTRIBUTE *template, CK_ULONG n, CK_ATTRIBUTE_TYPE type)
{
	const CK_ATTRIBUTE *attribute = p11_template_find(template, n, type);

	if (!attribute || !attribute->pValue || attribute->ulValueLen > INT32_MAX)
		return view_of(NULL, 0);
	return view_of(attribute->pValue, attribute->ulValueLen);
}

CK_ULONG p11_template_number(const CK_ATTRIBUTE *template, CK_ULONG n, CK_ATTRIBUTE_TYPE type,
			     CK_ULONG fallback)
{
	struct kc_view value = p11_template_view(template, n, type);
	CK_ULONG number = fallback;

	if (value.len == sizeof(number))
		memcpy(&number, value.data, sizeof(number));
	return number;
}

bool p11_template_flag(const CK_ATTRIBUTE *template, CK_ULONG n, CK_ATTRIBUTE_TYPE type,
		       bool fallback)
{
	struct kc_view value = p11_template_view(template, n, type);

	return value.len == sizeof(CK_BBOOL) ? value.data[0] != CK_FALSE : fallback;
}
