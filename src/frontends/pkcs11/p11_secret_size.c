/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Types that have a length of their own, or three. All others are as long as somebody says. */
#include "frontends/pkcs11/p11_secret_size.h"

#include "base/cleanup.h"
#include "base/secret.h"
#include "frontends/pkcs11/p11_template.h"

static const struct {
	CK_KEY_TYPE type;
	size_t lens[3];
} types[] = {
	{CKK_AES, {16, 24, 32}},
	{CKK_DES, {8}},
	{CKK_DES2, {16}},
	{CKK_DES3, {24}},
};

/* NULL: any length. */
static const size_t *lens_of(const CK_ATTRIBUTE *template, CK_ULONG n)
{
	CK_KEY_TYPE type = p11_template_number(template, n, CKA_KEY_TYPE, CKK_GENERIC_SECRET);

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i].type == type)
			return types[i].lens;
	return NULL;
}

bool p11_secret_size_fits(const CK_ATTRIBUTE *template, CK_ULONG n, size_t len)
{
	const size_t *lens = lens_of(template, n);

	return len > 0 && (!lens || len == lens[0] || len == lens[1] || len == lens[2]);
}

CK_RV p11_secret_size_find(const CK_ATTRIBUTE *template, CK_ULONG n, size_t *ret_len)
{
	const CK_ATTRIBUTE *given = p11_template_find(template, n, CKA_VALUE_LEN);
	const size_t *lens = lens_of(template, n);
	CK_ULONG len = p11_template_number(template, n, CKA_VALUE_LEN, 0);

	if (!given) {
		*ret_len = lens && lens[1] == 0 ? lens[0] : 0;
		return CKR_OK;
	}
	if (len == 0)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (len > SECRET_MAX)
		return CKR_KEY_SIZE_RANGE;
	if (!p11_secret_size_fits(template, n, len))
		return CKR_TEMPLATE_INCONSISTENT;
	*ret_len = len;
	return CKR_OK;
}
