/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_ATTRIBUTES_H
#define PKCS11_P11_ATTRIBUTES_H

/*
 * The attributes of one object, as C_GetAttributeValue tells them and C_FindObjectsInit compares
 * them. Written while the object is made, and by nobody afterwards, so that they are read without
 * the module's lock. Writing cannot fail half-way: whoever has written all asks once whether
 * p11_attributes_are_whole().
 */

#include <stdbool.h>

#include <keycask/bytes.h>

#include "base/cleanup.h"
#include "frontends/pkcs11/p11_standard.h"

struct p11_attributes;

/* NULL when out of memory; the others take NULL, too, and then are not whole. */
struct p11_attributes *p11_attributes_new(void);
/* NULL is fine. Always returns NULL. */
struct p11_attributes *p11_attributes_free(struct p11_attributes *attributes);
DEFINE_FREEP(p11_attributes)

/* Each sets @type, and replaces what it had. */
void p11_attributes_put(struct p11_attributes *attributes, CK_ATTRIBUTE_TYPE type,
			struct kc_view value);
void p11_attributes_put_number(struct p11_attributes *attributes, CK_ATTRIBUTE_TYPE type,
			       CK_ULONG number);
void p11_attributes_put_flag(struct p11_attributes *attributes, CK_ATTRIBUTE_TYPE type, bool flag);
void p11_attributes_put_text(struct p11_attributes *attributes, CK_ATTRIBUTE_TYPE type,
			     const char *text);
/* @value stays where it is, in memory that outlives @attributes: secrets have no copies. */
void p11_attributes_lend(struct p11_attributes *attributes, CK_ATTRIBUTE_TYPE type,
			 struct kc_view value);
/* The object has @type, and tells nobody: CKR_ATTRIBUTE_SENSITIVE. */
void p11_attributes_hide(struct p11_attributes *attributes, CK_ATTRIBUTE_TYPE type);
/* All that @from has and @attributes has not. What was lent is lent on. */
void p11_attributes_inherit(struct p11_attributes *attributes, const struct p11_attributes *from);

bool p11_attributes_are_whole(const struct p11_attributes *attributes);

/* False: it has no such attribute, or does not tell it. The view is borrowed from @attributes. */
bool p11_attributes_get(const struct p11_attributes *attributes, CK_ATTRIBUTE_TYPE type,
			struct kc_view *ret_value);
bool p11_attributes_flag(const struct p11_attributes *attributes, CK_ATTRIBUTE_TYPE type);
/* Empty when there is none. */
struct kc_view p11_attributes_view(const struct p11_attributes *attributes, CK_ATTRIBUTE_TYPE type);

/*
 * C_GetAttributeValue (3.0, 5.7.5). All of @template is gone through, whatever is wrong with one.
 * Expected: CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID, CKR_BUFFER_TOO_SMALL
 */
CK_RV p11_attributes_read(const struct p11_attributes *attributes, CK_ATTRIBUTE *template,
			  CK_ULONG n);

/* C_FindObjectsInit (3.0, 5.7.7): is each of @template there, and the same byte for byte? What is
 * not told matches nothing, or else guessing would find it out. */
bool p11_attributes_match(const struct p11_attributes *attributes, const CK_ATTRIBUTE *template,
			  CK_ULONG n);

/* C_GetObjectSize (3.0, 5.7.4), of which no two modules have the same idea: bytes of all values. */
CK_ULONG p11_attributes_size(const struct p11_attributes *attributes);

#endif
