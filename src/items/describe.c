/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Attributes from a certificate that keycask-x509 has read (reference/keychain.md 1.5, 1.6). A
 * key's application label is the hash of its public key: the same value as its certificate's
 * public_key_hash, by which they find each other.
 */
#include "items/describe.h"

#include "base/try.h"

struct rename {
	const char *from;
	const char *to;
};

static enum kc_status copy_fields(struct json_object *from, const struct rename *names, size_t n,
				  struct json_object *to)
{
	for (size_t i = 0; i < n; i++) {
		struct json_object *value = field_get(from, names[i].from);

		if (value)
			TRY(field_put(to, names[i].to, json_object_get(value)));
	}
	return KC_OK;
}

bool describe_is_fact(const char *name)
{
	static const char *const facts[] = {DESCRIBE_EMAIL_ADDRESSES, DESCRIBE_SUBJECT_TEXT,
					    DESCRIBE_SUBJECT_SUMMARY, DESCRIBE_SUBJECT_KEY_TYPE};

	for (size_t i = 0; i < ARRAY_LEN(facts); i++)
		if (strcmp(facts[i], name) == 0)
			return true;
	return false;
}

static enum kc_status put_label(struct json_object *attributes, struct json_object *inspected,
				const char *label)
{
	bool has_label = label && label[0] != '\0';

	return field_put_text(attributes, "label",
			      has_label ? label : field_text(inspected, "summary"));
}

enum kc_status describe_certificate(struct json_object *inspected, const char *label,
				    struct json_object **ret_attributes)
{
	static const struct rename names[] = {
		{"version", "certificate_type"},
		{"subject", "subject"},
		{"issuer", "issuer"},
		{"subject_raw", "subject_raw"},
		{"issuer_raw", "issuer_raw"},
		{"serial_number", "serial_number"},
		{"subject_key_id", "subject_key_id"},
		{"public_key_hash", "public_key_hash"},
		{"not_valid_before", "not_valid_before"},
		{"not_valid_after", "not_valid_after"},
		{"email_addresses", DESCRIBE_EMAIL_ADDRESSES},
		{"subject_text", DESCRIBE_SUBJECT_TEXT},
		{"summary", DESCRIBE_SUBJECT_SUMMARY},
		{"key_type", DESCRIBE_SUBJECT_KEY_TYPE},
	};
	CLEANUP(field_free) struct json_object *attributes = NULL;

	TRY(field_new_object(&attributes));
	TRY(put_label(attributes, inspected, label));
	TRY(copy_fields(inspected, names, ARRAY_LEN(names), attributes));
	*ret_attributes = take(attributes);
	return KC_OK;
}

enum kc_status describe_key(struct json_object *inspected, const char *label,
			    struct describe_usage usage, struct json_object **ret_attributes)
{
	static const struct rename names[] = {
		{"public_key_hash", "application_label"},
		{"key_type", "key_type"},
		{"key_size_in_bits", "key_size_in_bits"},
	};
	CLEANUP(field_free) struct json_object *attributes = NULL;

	TRY(field_new_object(&attributes));
	TRY(put_label(attributes, inspected, label));
	TRY(copy_fields(inspected, names, ARRAY_LEN(names), attributes));
	TRY(field_put_flag(attributes, "can_sign", usage.can_sign));
	TRY(field_put_flag(attributes, "can_decrypt", usage.can_decrypt));
	TRY(field_put_flag(attributes, "can_derive", usage.can_derive));
	*ret_attributes = take(attributes);
	return KC_OK;
}

enum kc_status describe_public_key(struct json_object *inspected, struct bytes *bytes)
{
	return field_data(inspected, "public_key", bytes);
}
