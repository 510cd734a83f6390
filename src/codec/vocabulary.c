/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables of docs/vocabulary.md. Nothing else in the tree lists attributes: schema, checks and
 * the client's idea of what is binary all follow from here. An identity has no attributes of its
 * own but those of its certificate and of its key (reference/keychain.md 1.7).
 */
#include "codec/vocabulary.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/nearest.h"

#define IN(class_) (1U << VOCABULARY_##class_)
#define GENERIC	   IN(GENERIC_PASSWORD)
#define INTERNET   IN(INTERNET_PASSWORD)
#define PASSWORDS  (GENERIC | INTERNET)
#define CERT	   (IN(CERTIFICATE) | IN(IDENTITY))
#define KEY	   (IN(KEY) | IN(IDENTITY))
#define ALL	   (PASSWORDS | CERT | KEY)

static const char *const class_names[VOCABULARY_N_CLASSES] = {
	[VOCABULARY_GENERIC_PASSWORD] = "generic_password",
	[VOCABULARY_INTERNET_PASSWORD] = "internet_password",
	[VOCABULARY_CERTIFICATE] = "certificate",
	[VOCABULARY_KEY] = "key",
	[VOCABULARY_IDENTITY] = "identity",
};

static const struct vocabulary_attribute attributes[] = {
	{"label", VOCABULARY_TEXT, ALL},
	{"token_id", VOCABULARY_TEXT, ALL},
	{"access_group", VOCABULARY_TEXT, ALL},
	{"accessible", VOCABULARY_TEXT, ALL},
	{"access_control", VOCABULARY_OBJECT, ALL},
	{"synchronizable", VOCABULARY_FLAG, ALL},
	{"creation_date", VOCABULARY_DATE, ALL},
	{"modification_date", VOCABULARY_DATE, ALL},

	{"account", VOCABULARY_TEXT, PASSWORDS},
	{"service", VOCABULARY_TEXT, GENERIC},
	{"generic", VOCABULARY_DATA, GENERIC},
	{"security_domain", VOCABULARY_TEXT, INTERNET},
	{"server", VOCABULARY_TEXT, INTERNET},
	{"protocol", VOCABULARY_TEXT, INTERNET},
	{"authentication_type", VOCABULARY_TEXT, INTERNET},
	{"port", VOCABULARY_NUMBER, INTERNET},
	{"path", VOCABULARY_TEXT, INTERNET},
	{"description", VOCABULARY_TEXT, PASSWORDS},
	{"comment", VOCABULARY_TEXT, PASSWORDS},
	{"creator", VOCABULARY_NUMBER, PASSWORDS},
	{"type", VOCABULARY_NUMBER, PASSWORDS},
	{"is_invisible", VOCABULARY_FLAG, PASSWORDS},
	{"is_negative", VOCABULARY_FLAG, PASSWORDS},
	{"script_code", VOCABULARY_NUMBER, PASSWORDS},
	{"has_custom_icon", VOCABULARY_FLAG, PASSWORDS},
	{"protected_data", VOCABULARY_DATA, PASSWORDS},
	{"alias", VOCABULARY_TEXT, ALL},

	{"certificate_type", VOCABULARY_NUMBER, CERT},
	{"certificate_encoding", VOCABULARY_NUMBER, CERT},
	{"subject", VOCABULARY_DATA, CERT},
	{"issuer", VOCABULARY_DATA, CERT},
	{"serial_number", VOCABULARY_DATA, CERT},
	{"subject_key_id", VOCABULARY_DATA, CERT},
	{"public_key_hash", VOCABULARY_DATA, CERT},
	{"not_valid_before", VOCABULARY_DATE, CERT},
	{"not_valid_after", VOCABULARY_DATE, CERT},

	{"key_class", VOCABULARY_TEXT, KEY},
	{"application_label", VOCABULARY_DATA, KEY},
	{"application_tag", VOCABULARY_DATA, KEY},
	{"key_type", VOCABULARY_TEXT, KEY},
	{"key_creator", VOCABULARY_NUMBER, KEY},
	{"key_size_in_bits", VOCABULARY_NUMBER, KEY},
	{"effective_key_size", VOCABULARY_NUMBER, KEY},
	{"start_date", VOCABULARY_DATE, KEY},
	{"end_date", VOCABULARY_DATE, KEY},
	{"is_permanent", VOCABULARY_FLAG, KEY},
	{"is_private", VOCABULARY_FLAG, KEY},
	{"is_modifiable", VOCABULARY_FLAG, KEY},
	{"is_sensitive", VOCABULARY_FLAG, KEY},
	{"was_always_sensitive", VOCABULARY_FLAG, KEY},
	{"is_extractable", VOCABULARY_FLAG, KEY},
	{"was_never_extractable", VOCABULARY_FLAG, KEY},
	{"can_encrypt", VOCABULARY_FLAG, KEY},
	{"can_decrypt", VOCABULARY_FLAG, KEY},
	{"can_derive", VOCABULARY_FLAG, KEY},
	{"can_sign", VOCABULARY_FLAG, KEY},
	{"can_verify", VOCABULARY_FLAG, KEY},
	{"can_wrap", VOCABULARY_FLAG, KEY},
	{"can_unwrap", VOCABULARY_FLAG, KEY},
	{"can_sign_recover", VOCABULARY_FLAG, KEY},
	{"can_verify_recover", VOCABULARY_FLAG, KEY},
};

static const struct vocabulary_key keys[] = {
	{"class", VOCABULARY_KIND_CLASS, VOCABULARY_TEXT},

	{"match_limit", VOCABULARY_KIND_MATCH, VOCABULARY_ANY},
	{"match_issuers", VOCABULARY_KIND_MATCH, VOCABULARY_ANY},
	{"match_policy", VOCABULARY_KIND_MATCH, VOCABULARY_ANY},
	{"match_valid_on_date", VOCABULARY_KIND_MATCH, VOCABULARY_DATE},
	{"match_trusted_only", VOCABULARY_KIND_MATCH, VOCABULARY_FLAG},
	{"match_email_address_if_present", VOCABULARY_KIND_MATCH, VOCABULARY_TEXT},
	{"match_host_or_subdomain_of_host", VOCABULARY_KIND_MATCH, VOCABULARY_TEXT},
	{"match_subject_contains", VOCABULARY_KIND_MATCH, VOCABULARY_TEXT},
	{"match_subject_starts_with", VOCABULARY_KIND_MATCH, VOCABULARY_TEXT},
	{"match_subject_ends_with", VOCABULARY_KIND_MATCH, VOCABULARY_TEXT},
	{"match_subject_whole_string", VOCABULARY_KIND_MATCH, VOCABULARY_TEXT},
	{"match_case_insensitive", VOCABULARY_KIND_MATCH, VOCABULARY_FLAG},
	{"match_diacritic_insensitive", VOCABULARY_KIND_MATCH, VOCABULARY_FLAG},
	{"match_width_insensitive", VOCABULARY_KIND_MATCH, VOCABULARY_FLAG},
	{"match_item_list", VOCABULARY_KIND_MATCH, VOCABULARY_ANY},
	{"match_search_list", VOCABULARY_KIND_MATCH, VOCABULARY_ANY},

	{"return_data", VOCABULARY_KIND_RETURN, VOCABULARY_FLAG},
	{"return_attributes", VOCABULARY_KIND_RETURN, VOCABULARY_FLAG},
	{"return_ref", VOCABULARY_KIND_RETURN, VOCABULARY_FLAG},
	{"return_persistent_ref", VOCABULARY_KIND_RETURN, VOCABULARY_FLAG},

	{"value_data", VOCABULARY_KIND_VALUE, VOCABULARY_DATA},
	{"value_ref", VOCABULARY_KIND_VALUE, VOCABULARY_DATA},
	{"value_persistent_ref", VOCABULARY_KIND_VALUE, VOCABULARY_DATA},

	{"use_authentication_ui", VOCABULARY_KIND_USE, VOCABULARY_TEXT},
	{"use_authentication_context", VOCABULARY_KIND_USE, VOCABULARY_ANY},
	{"use_operation_prompt", VOCABULARY_KIND_USE, VOCABULARY_TEXT},
	{"use_token_raw_items", VOCABULARY_KIND_USE, VOCABULARY_FLAG},
};

static const char *const type_names[] = {
	[VOCABULARY_TEXT] = "text",
	[VOCABULARY_NUMBER] = "a whole number",
	[VOCABULARY_FLAG] = "true or false",
	[VOCABULARY_DATA] = "base64 text",
	[VOCABULARY_DATE] = "a date such as 2024-02-29T12:00:00Z",
	[VOCABULARY_OBJECT] = "an object",
	[VOCABULARY_ANY] = "a value",
};

const char *vocabulary_class_name(enum vocabulary_class item_class)
{
	return class_names[item_class];
}

bool vocabulary_find_class(const char *name, enum vocabulary_class *ret_class)
{
	for (int i = 0; i < VOCABULARY_N_CLASSES; i++)
		if (strcmp(class_names[i], name) == 0) {
			*ret_class = (enum vocabulary_class)i;
			return true;
		}
	return false;
}

/* Tables are gone through for each name of each query: most differ in the first letter. */
static bool is_same(const char *one, const char *other)
{
	return one[0] == other[0] && strcmp(one, other) == 0;
}

const struct vocabulary_attribute *vocabulary_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(attributes); i++)
		if (is_same(attributes[i].name, name))
			return &attributes[i];
	return NULL;
}

bool vocabulary_has(const struct vocabulary_attribute *attribute, enum vocabulary_class item_class)
{
	return (attribute->classes & 1U << item_class) != 0;
}

size_t vocabulary_count(void)
{
	return ARRAY_LEN(attributes);
}

const struct vocabulary_attribute *vocabulary_at(size_t index)
{
	return &attributes[index];
}

const struct vocabulary_key *vocabulary_find_key(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (is_same(keys[i].name, name))
			return &keys[i];
	return NULL;
}

const char *vocabulary_type_name(enum vocabulary_type type)
{
	return type_names[type];
}

const char *vocabulary_nearest(const char *name, enum vocabulary_class item_class)
{
	struct nearest nearest = nearest_begin(view_of_text(name));

	for (size_t i = 0; i < ARRAY_LEN(attributes); i++)
		if (vocabulary_has(&attributes[i], item_class))
			nearest_offer(&nearest, attributes[i].name);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		nearest_offer(&nearest, keys[i].name);
	return nearest.best;
}
