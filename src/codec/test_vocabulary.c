/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table's promises, and suggestions. */
#include "base/nearest.h"
#include "codec/vocabulary.h"
#include "harness/test.h"

#include <string.h>

TEST(vocabulary_names_classes)
{
	enum vocabulary_class found = VOCABULARY_KEY;

	for (int i = 0; i < VOCABULARY_N_CLASSES; i++) {
		CHECK(vocabulary_find_class(vocabulary_class_name((enum vocabulary_class)i),
					    &found));
		CHECK_INT(found, i);
	}
	CHECK(!vocabulary_find_class("keys", &found));
	CHECK(!vocabulary_find_class("", &found));
}

TEST(vocabulary_has_attributes_by_class)
{
	CHECK(vocabulary_has(vocabulary_find("label"), VOCABULARY_GENERIC_PASSWORD));
	CHECK(vocabulary_has(vocabulary_find("issuer"), VOCABULARY_IDENTITY));
	CHECK(vocabulary_has(vocabulary_find("can_sign"), VOCABULARY_IDENTITY));
	CHECK(!vocabulary_has(vocabulary_find("application_tag"), VOCABULARY_CERTIFICATE));
	CHECK(!vocabulary_has(vocabulary_find("service"), VOCABULARY_INTERNET_PASSWORD));
	CHECK_INT(vocabulary_find("application_label")->type, VOCABULARY_DATA);
	CHECK(!vocabulary_find("Label"));
	CHECK(!vocabulary_find("class"));
}

TEST(vocabulary_has_each_name_once)
{
	for (size_t i = 0; i < vocabulary_count(); i++) {
		CHECK(vocabulary_find(vocabulary_at(i)->name) == vocabulary_at(i));
		CHECK(!vocabulary_find_key(vocabulary_at(i)->name));
		CHECK(vocabulary_at(i)->classes != 0);
	}
}

/* An identity is a certificate and a key: it has what either has, and nothing else. */
TEST(vocabulary_identity_is_the_union)
{
	for (size_t i = 0; i < vocabulary_count(); i++) {
		const struct vocabulary_attribute *attribute = vocabulary_at(i);
		bool in_part = vocabulary_has(attribute, VOCABULARY_CERTIFICATE) ||
			       vocabulary_has(attribute, VOCABULARY_KEY);

		CHECK_INT(vocabulary_has(attribute, VOCABULARY_IDENTITY), in_part);
	}
}

TEST(vocabulary_tells_keys_apart)
{
	CHECK_INT(vocabulary_find_key("match_limit")->kind, VOCABULARY_KIND_MATCH);
	CHECK_INT(vocabulary_find_key("value_ref")->kind, VOCABULARY_KIND_VALUE);
	CHECK(!vocabulary_find_key("match_nothing"));
	CHECK(!vocabulary_find_key("label"));
}

TEST(vocabulary_suggests)
{
	CHECK_TEXT(vocabulary_nearest("lable", VOCABULARY_KEY), "label");
	CHECK_TEXT(vocabulary_nearest("serialnumber", VOCABULARY_CERTIFICATE), "serial_number");
	CHECK_TEXT(vocabulary_nearest("return_attribute", VOCABULARY_KEY), "return_attributes");
	CHECK(!vocabulary_nearest("zebra", VOCABULARY_KEY));
	CHECK(!vocabulary_nearest("", VOCABULARY_KEY));
}

TEST(nearest_knows_swapped_letters)
{
	struct nearest nearest = nearest_begin(view_of_text("sha265"));

	nearest_offer(&nearest, "sha224");
	nearest_offer(&nearest, "sha256");
	nearest_offer(&nearest, "sha384");
	CHECK_TEXT(nearest.best, "sha256");
}

TEST(nearest_gives_up_on_long_names)
{
	char name[NEAREST_NAME_MAX + 2];
	struct nearest nearest;

	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	nearest = nearest_begin(view_of_text(name));
	nearest_offer(&nearest, name);
	CHECK(!nearest.best);
	name[NEAREST_NAME_MAX] = '\0';
	nearest = nearest_begin(view_of_text(name));
	nearest_offer(&nearest, name);
	CHECK(nearest.best == name);
}
