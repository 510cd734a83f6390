/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attributes: written, read by the rules of 5.7.5, compared; and what templates may say. */
#include <string.h>

#include "base/bytes.h"
#include "frontends/pkcs11/p11_attributes.h"
#include "frontends/pkcs11/p11_template.h"
#include "harness/test.h"

#define ROW(type, value)                                                                           \
	{                                                                                          \
		(type), (value), sizeof(value)                                                     \
	}

static struct p11_attributes *scene(void)
{
	struct p11_attributes *attributes = p11_attributes_new();

	p11_attributes_put_number(attributes, CKA_CLASS, CKO_PRIVATE_KEY);
	p11_attributes_put_flag(attributes, CKA_TOKEN, true);
	p11_attributes_put_text(attributes, CKA_LABEL, "mine");
	p11_attributes_put(attributes, CKA_SUBJECT, view_of(NULL, 0));
	p11_attributes_hide(attributes, CKA_VALUE);
	return attributes;
}

TEST(all_of_a_template_is_gone_through)
{
	CLEANUP(p11_attributes_freep) struct p11_attributes *attributes = scene();
	CK_OBJECT_CLASS object_class = 0;
	char label[3] = "~~~";
	char value[8] = "~~~~~~~";
	CK_ATTRIBUTE template[] = {
		{CKA_VALUE, value, sizeof(value)},
		{CKA_LABEL, label, sizeof(label)},
		{CKA_MODULUS, value, sizeof(value)},
		{CKA_LABEL, NULL, 999},
		{CKA_SUBJECT, value, sizeof(value)},
		{CKA_CLASS, &object_class, sizeof(object_class)},
	};
	CK_RV status = p11_attributes_read(attributes, template, ARRAY_LEN(template));

	CHECK(status == CKR_ATTRIBUTE_SENSITIVE || status == CKR_ATTRIBUTE_TYPE_INVALID);
	CHECK(template[0].ulValueLen == (CK_ULONG)-1);
	CHECK(template[1].ulValueLen == (CK_ULONG)-1);
	CHECK(template[2].ulValueLen == (CK_ULONG)-1);
	CHECK(template[3].ulValueLen == 4);
	CHECK(template[4].ulValueLen == 0);
	CHECK(template[5].ulValueLen == sizeof(object_class));
	CHECK(object_class == CKO_PRIVATE_KEY);
	CHECK(memcmp(label, "~~~", 3) == 0 && memcmp(value, "~~~~~~~", 7) == 0);
}

TEST(each_thing_that_is_wrong_has_its_name)
{
	CLEANUP(p11_attributes_freep) struct p11_attributes *attributes = scene();
	char value[8];
	CK_ATTRIBUTE hidden = {CKA_VALUE, NULL, 0};
	CK_ATTRIBUTE absent = {CKA_MODULUS, NULL, 0};
	CK_ATTRIBUTE small = {CKA_LABEL, value, 1};
	CK_ATTRIBUTE both[] = {{CKA_LABEL, value, 1}, {CKA_MODULUS, NULL, 0}};

	CHECK(p11_attributes_read(attributes, &hidden, 1) == CKR_ATTRIBUTE_SENSITIVE);
	CHECK(p11_attributes_read(attributes, &absent, 1) == CKR_ATTRIBUTE_TYPE_INVALID);
	CHECK(p11_attributes_read(attributes, &small, 1) == CKR_BUFFER_TOO_SMALL);
	CHECK(p11_attributes_read(attributes, both, 2) == CKR_ATTRIBUTE_TYPE_INVALID);
	CHECK(p11_attributes_read(attributes, NULL, 0) == CKR_OK);
}

TEST(what_matches)
{
	CLEANUP(p11_attributes_freep) struct p11_attributes *attributes = scene();
	char label[] = {'m', 'i', 'n', 'e'};
	CK_BBOOL yes = CK_TRUE;
	const CK_ATTRIBUTE both[] = {ROW(CKA_LABEL, label), {CKA_TOKEN, &yes, 1}};
	const CK_ATTRIBUTE longer = {CKA_LABEL, label, 3};
	const CK_ATTRIBUTE nowhere = {CKA_LABEL, NULL, 4};
	const CK_ATTRIBUTE empty = {CKA_SUBJECT, NULL, 0};
	const CK_ATTRIBUTE hidden = {CKA_VALUE, NULL, 0};
	const CK_ATTRIBUTE absent = {CKA_MODULUS, NULL, 0};

	CHECK(p11_attributes_match(attributes, NULL, 0));
	CHECK(p11_attributes_match(attributes, both, 2));
	CHECK(p11_attributes_match(attributes, &empty, 1));
	CHECK(!p11_attributes_match(attributes, &longer, 1));
	CHECK(!p11_attributes_match(attributes, &nowhere, 1));
	CHECK(!p11_attributes_match(attributes, &hidden, 1));
	CHECK(!p11_attributes_match(attributes, &absent, 1));
}

TEST(what_is_written_again_is_replaced)
{
	CLEANUP(p11_attributes_freep) struct p11_attributes *attributes = scene();
	CLEANUP(p11_attributes_freep) struct p11_attributes *other = p11_attributes_new();

	p11_attributes_put_text(attributes, CKA_LABEL, "yours");
	CHECK(view_equal(p11_attributes_view(attributes, CKA_LABEL), view_of_text("yours")));
	p11_attributes_put_text(other, CKA_LABEL, "theirs");
	p11_attributes_inherit(other, attributes);
	CHECK(view_equal(p11_attributes_view(other, CKA_LABEL), view_of_text("theirs")));
	CHECK(p11_attributes_view(other, CKA_CLASS).len == sizeof(CK_ULONG));
	CHECK(p11_attributes_flag(other, CKA_TOKEN) && !p11_attributes_flag(other, CKA_PRIVATE));
	CHECK(p11_attributes_view(other, CKA_VALUE).len == 0);
	CHECK(p11_attributes_size(other) == sizeof(CK_ULONG) + 1 + 6);
	p11_attributes_lend(other, CKA_VALUE, view_of_text("lent"));
	CHECK(view_equal(p11_attributes_view(other, CKA_VALUE), view_of_text("lent")));
	CHECK(p11_attributes_are_whole(other));
}

TEST(what_has_no_room_is_noticed)
{
	CLEANUP(p11_attributes_freep) struct p11_attributes *attributes = scene();

	for (CK_ATTRIBUTE_TYPE type = 0x10000; type < 0x10100; type++)
		p11_attributes_put_flag(attributes, type, true);
	CHECK(!p11_attributes_are_whole(attributes));
	CHECK(!p11_attributes_are_whole(NULL));
	p11_attributes_put_flag(NULL, CKA_TOKEN, true);
	CHECK(p11_attributes_size(NULL) == 0);
}

/* --- templates ------------------------------------------------------------------------------- */

static CK_RV check_one(CK_ATTRIBUTE_TYPE type, void *value, CK_ULONG len,
		       CK_OBJECT_CLASS object_class, enum p11_template_use use)
{
	const CK_ATTRIBUTE template = {type, value, len};

	return p11_template_check(&template, 1, object_class, use);
}

TEST(templates_say_what_they_may)
{
	CK_BBOOL flag = CK_TRUE;
	CK_ULONG number = 1;
	CK_DATE date = {"2026", "11", "23"};
	CK_MECHANISM_TYPE list[2] = {CKM_ECDSA, CKM_EDDSA};

	CHECK(check_one(CKA_TOKEN, &flag, 1, CKO_DATA, P11_TEMPLATE_MAKE) == CKR_OK);
	CHECK(check_one(CKA_TOKEN, &flag, 1, CKO_DATA, P11_TEMPLATE_COPY) == CKR_OK);
	CHECK(check_one(CKA_TOKEN, &flag, 1, CKO_DATA, P11_TEMPLATE_SET) ==
	      CKR_ATTRIBUTE_READ_ONLY);
	CHECK(check_one(CKA_LOCAL, &flag, 1, CKO_SECRET_KEY, P11_TEMPLATE_MAKE) ==
	      CKR_ATTRIBUTE_READ_ONLY);
	CHECK(check_one(CKA_LABEL, NULL, 0, CKO_PUBLIC_KEY, P11_TEMPLATE_SET) == CKR_OK);
	CHECK(check_one(CKA_VALUE_LEN, &number, sizeof(number), CKO_SECRET_KEY,
			P11_TEMPLATE_DERIVE) == CKR_OK);
	CHECK(check_one(CKA_VALUE_LEN, &number, sizeof(number), CKO_SECRET_KEY,
			P11_TEMPLATE_MAKE) == CKR_ATTRIBUTE_READ_ONLY);
	CHECK(check_one(CKA_START_DATE, &date, sizeof(date), CKO_CERTIFICATE, P11_TEMPLATE_MAKE) ==
	      CKR_OK);
	CHECK(check_one(CKA_START_DATE, NULL, 0, CKO_CERTIFICATE, P11_TEMPLATE_MAKE) == CKR_OK);
	CHECK(check_one(CKA_ALLOWED_MECHANISMS, list, sizeof(list), CKO_PRIVATE_KEY,
			P11_TEMPLATE_GENERATE) == CKR_OK);
	CHECK(p11_template_check(NULL, 0, CKO_DATA, P11_TEMPLATE_MAKE) == CKR_OK);
	CHECK(p11_template_check(NULL, 1, CKO_DATA, P11_TEMPLATE_MAKE) == CKR_ARGUMENTS_BAD);
}

TEST(values_are_of_their_size)
{
	CK_ULONG number = 1;
	CK_DATE date = {"2026", "11", "23"};

	CHECK(check_one(CKA_TOKEN, &number, sizeof(number), CKO_DATA, P11_TEMPLATE_MAKE) ==
	      CKR_ATTRIBUTE_VALUE_INVALID);
	CHECK(check_one(CKA_TOKEN, NULL, 1, CKO_DATA, P11_TEMPLATE_MAKE) ==
	      CKR_ATTRIBUTE_VALUE_INVALID);
	CHECK(check_one(CKA_CLASS, &number, 4, CKO_DATA, P11_TEMPLATE_MAKE) ==
	      CKR_ATTRIBUTE_VALUE_INVALID);
	CHECK(check_one(CKA_END_DATE, &date, 7, CKO_SECRET_KEY, P11_TEMPLATE_MAKE) ==
	      CKR_ATTRIBUTE_VALUE_INVALID);
	CHECK(check_one(CKA_ALLOWED_MECHANISMS, &number, 7, CKO_PRIVATE_KEY, P11_TEMPLATE_MAKE) ==
	      CKR_ATTRIBUTE_VALUE_INVALID);
	CHECK(check_one(CKA_LABEL, &number, (CK_ULONG)-1, CKO_DATA, P11_TEMPLATE_MAKE) ==
	      CKR_ATTRIBUTE_VALUE_INVALID);
}

TEST(templates_agree_with_themselves)
{
	CK_ULONG number = 1;
	CK_ATTRIBUTE twice[] = {{CKA_LABEL, NULL, 0}, {CKA_ID, NULL, 0}, {CKA_LABEL, NULL, 0}};

	CHECK(check_one(CKA_MODULUS, &number, 8, CKO_CERTIFICATE, P11_TEMPLATE_MAKE) ==
	      CKR_TEMPLATE_INCONSISTENT);
	CHECK(check_one(CKA_VALUE, &number, 8, CKO_PUBLIC_KEY, P11_TEMPLATE_MAKE) ==
	      CKR_TEMPLATE_INCONSISTENT);
	CHECK(check_one(CKA_VENDOR_DEFINED, &number, 8, CKO_DATA, P11_TEMPLATE_MAKE) ==
	      CKR_ATTRIBUTE_TYPE_INVALID);
	CHECK(p11_template_check(twice, 3, CKO_SECRET_KEY, P11_TEMPLATE_MAKE) ==
	      CKR_TEMPLATE_INCONSISTENT);
	CHECK(p11_template_is_class(CKO_DATA) && !p11_template_is_class(CKO_HW_FEATURE));
}

TEST(reading_a_template)
{
	CK_BBOOL no = CK_FALSE;
	CK_ULONG number = 4711;
	const CK_ATTRIBUTE template[] = {
		{CKA_TOKEN, &no, 1}, {CKA_KEY_TYPE, &number, sizeof(number)}, {CKA_ID, NULL, 5}};

	CHECK(!p11_template_flag(template, 3, CKA_TOKEN, true));
	CHECK(p11_template_flag(template, 3, CKA_PRIVATE, true));
	CHECK(p11_template_flag(template, 3, CKA_KEY_TYPE, true));
	CHECK(p11_template_number(template, 3, CKA_KEY_TYPE, 1) == 4711);
	CHECK(p11_template_number(template, 3, CKA_TOKEN, 1) == 1);
	CHECK(p11_template_view(template, 3, CKA_ID).len == 0);
	CHECK(p11_template_find(template, 3, CKA_ID) == &template[2]);
	CHECK(!p11_template_find(template, 2, CKA_ID));
}
