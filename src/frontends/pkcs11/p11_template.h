/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_TEMPLATE_H
#define PKCS11_P11_TEMPLATE_H

/*
 * Templates: what an application says of an object that it wants to have (3.0, 4.1). They are
 * checked once, as a whole, by the rules of one table; whoever reads them afterwards finds values
 * of the size that their type has.
 */

#include <stdbool.h>

#include <keycask/bytes.h>

#include "frontends/pkcs11/p11_standard.h"

/* What for. */
enum p11_template_use {
	P11_TEMPLATE_MAKE = 1,	   /* C_CreateObject */
	P11_TEMPLATE_GENERATE = 2, /* C_GenerateKey, C_GenerateKeyPair */
	P11_TEMPLATE_DERIVE = 4,   /* C_DeriveKey, C_UnwrapKey */
	P11_TEMPLATE_COPY = 8,	   /* C_CopyObject */
	P11_TEMPLATE_SET = 16,	   /* C_SetAttributeValue */
};

/*
 * May @template say that of an object of @object_class?
 * Expected: CKR_ARGUMENTS_BAD              @template is NULL, and @n is not 0
 *           CKR_ATTRIBUTE_TYPE_INVALID     no such attribute
 *           CKR_ATTRIBUTE_READ_ONLY        which is the token's to say
 *           CKR_ATTRIBUTE_VALUE_INVALID    of another size than its type
 *           CKR_TEMPLATE_INCONSISTENT      an attribute of another class, or one twice
 */
CK_RV p11_template_check(const CK_ATTRIBUTE *template, CK_ULONG n, CK_OBJECT_CLASS object_class,
			 enum p11_template_use use);

/* Is it a class of objects that there are here? */
bool p11_template_is_class(CK_OBJECT_CLASS object_class);

/* NULL: @template has no @type. */
const CK_ATTRIBUTE *p11_template_find(const CK_ATTRIBUTE *template, CK_ULONG n,
				      CK_ATTRIBUTE_TYPE type);

/* Empty, or @fallback, when it has no such attribute, or one of another size. */
struct kc_view p11_template_view(const CK_ATTRIBUTE *template, CK_ULONG n, CK_ATTRIBUTE_TYPE type);
CK_ULONG p11_template_number(const CK_ATTRIBUTE *template, CK_ULONG n, CK_ATTRIBUTE_TYPE type,
			     CK_ULONG fallback);
bool p11_template_flag(const CK_ATTRIBUTE *template, CK_ULONG n, CK_ATTRIBUTE_TYPE type,
		       bool fallback);

#endif
