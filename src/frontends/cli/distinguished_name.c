/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Strict in what it reads: a name that was understood only in part would be the name of somebody
 * else. Values become UTF8Strings; whoever compares names makes all string types one (RFC 5280
 * 7.1).
 */
#include "frontends/cli/distinguished_name.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/try.h"

enum {
	PARTS_MAX = 32,
	TAG_OID = 0x06,
	TAG_UTF8_STRING = 0x0C,
	TAG_SEQUENCE = 0x30,
	TAG_SET = 0x31,
};

/* RFC 4514 3, and those that openssl writes. */
struct attribute {
	const char *name;
	const char *oid; /* its content */
	size_t oid_len;
};

#define ROW(name_, oid_)                                                                           \
	{                                                                                          \
		name_, oid_, sizeof(oid_) - 1                                                      \
	}

static const struct attribute attributes[] = {
	ROW("CN", "\x55\x04\x03"),
	ROW("SN", "\x55\x04\x04"),
	ROW("serialNumber", "\x55\x04\x05"),
	ROW("C", "\x55\x04\x06"),
	ROW("L", "\x55\x04\x07"),
	ROW("ST", "\x55\x04\x08"),
	ROW("STREET", "\x55\x04\x09"),
	ROW("O", "\x55\x04\x0A"),
	ROW("OU", "\x55\x04\x0B"),
	ROW("title", "\x55\x04\x0C"),
	ROW("GN", "\x55\x04\x2A"),
	ROW("organizationIdentifier", "\x55\x04\x61"),
	ROW("DC", "\x09\x92\x26\x89\x93\xF2\x2C\x64\x01\x19"),
	ROW("UID", "\x09\x92\x26\x89\x93\xF2\x2C\x64\x01\x01"),
	ROW("emailAddress", "\x2A\x86\x48\x86\xF7\x0D\x01\x09\x01"),
};

/* --- DER ----------------------------------------------------------------------------------- */

static enum kc_status put_element(uint8_t tag, struct kc_view content, struct bytes *der)
{
	uint8_t long_form[] = {0x82, (uint8_t)(content.len >> 8), (uint8_t)content.len};
	size_t skipped = content.len > 0xFF ? 0 : 1;

	TRY(bytes_append_byte(der, tag));
	long_form[skipped] = content.len > 0xFF ? 0x82 : 0x81;
	if (content.len < 0x80)
		TRY(bytes_append_byte(der, (uint8_t)content.len));
	else
		TRY(bytes_append(der, view_of(long_form + skipped, sizeof(long_form) - skipped)));
	return bytes_append(der, content);
}

/* RelativeDistinguishedName: a SET of one attribute. */
static enum kc_status put_part(const struct attribute *attribute, struct kc_view value,
			       struct bytes *der)
{
	CLEANUP(bytes_done) struct bytes pair = BYTES_INIT(DISTINGUISHED_NAME_MAX);
	CLEANUP(bytes_done) struct bytes sequence = BYTES_INIT(DISTINGUISHED_NAME_MAX);

	TRY(put_element(TAG_OID, view_of(attribute->oid, attribute->oid_len), &pair));
	TRY(put_element(TAG_UTF8_STRING, value, &pair));
	TRY(put_element(TAG_SEQUENCE, bytes_view(&pair), &sequence));
	return put_element(TAG_SET, bytes_view(&sequence), der);
}

/* --- text ---------------------------------------------------------------------------------- */

struct part {
	const struct attribute *attribute;
	struct bytes value;
};

struct parts {
	struct part parts[PARTS_MAX];
	size_t n;
};

static void parts_done(struct parts *parts)
{
	for (size_t i = 0; i < parts->n; i++)
		bytes_done(&parts->parts[i].value);
}

static const struct attribute *find(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(attributes); i++)
		if (strlen(attributes[i].name) == len &&
		    strncasecmp(attributes[i].name, name, len) == 0)
			return &attributes[i];
	return NULL;
}

static int digit_of(char c)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;

	if (!at)
		return -1;
	return at - digits < 16 ? (int)(at - digits) : (int)(at - digits - 6);
}

/* What a backslash stands before: two digits, or a character for itself. */
static enum kc_status read_escape(const char **text, struct bytes *value)
{
	const char *at = *text + 1;

	REQUIRE(*at, KC_ERR_PARAM, "a name that ends with a backslash");
	if (digit_of(at[0]) >= 0 && digit_of(at[1]) >= 0) {
		*text = at + 2;
		return bytes_append_byte(value, (uint8_t)(digit_of(at[0]) * 16 + digit_of(at[1])));
	}
	*text = at + 1;
	return bytes_append_byte(value, (uint8_t)*at);
}

static void drop_trailing_space(struct bytes *value, size_t n_escaped)
{
	while (value->len > n_escaped && value->data[value->len - 1] == ' ')
		value->len--;
}

/* Up to @separator, or the end. */
static enum kc_status read_value(const char **text, char separator, struct bytes *value)
{
	size_t n_kept = 0; /* bytes that stay, as a space that was escaped does */

	while (**text && **text != separator) {
		REQUIRE(separator == '/' || **text != '+', KC_ERR_PARAM,
			"a name with '+' in it: name a file with the certificate");
		REQUIRE(separator == '/' || !strchr("\";<>", **text), KC_ERR_PARAM,
			"'%c' in a name needs a backslash before it", **text);
		if (**text == '\\') {
			TRY(read_escape(text, value));
			n_kept = value->len;
			continue;
		}
		TRY(bytes_append_byte(value, (uint8_t) * (*text)++));
	}
	drop_trailing_space(value, n_kept);
	return KC_OK;
}

static enum kc_status read_part(const char **text, char separator, struct parts *parts)
{
	struct part *part = &parts->parts[parts->n];
	size_t len = 0;

	while (**text == ' ')
		(*text)++;
	len = strcspn(*text, "=,/+");
	REQUIRE((*text)[len] == '=', KC_ERR_PARAM, "'%.40s' is not of the form CN=NAME", *text);
	REQUIRE(parts->n < PARTS_MAX, KC_ERR_PARAM, "a name of more than %d parts", PARTS_MAX);
	part->attribute = find(*text, len);
	REQUIRE(part->attribute, KC_ERR_PARAM,
		"no part of a name is called '%.*s' (CN, O, OU, C, L, ST, DC, …)", (int)len, *text);
	part->value = BYTES_INIT(DISTINGUISHED_NAME_MAX);
	parts->n++;
	*text += len + 1;
	while (separator != '/' && **text == ' ')
		(*text)++;
	REQUIRE(**text != '#' || separator == '/', KC_ERR_PARAM,
		"a value in hexadecimal: name a file with the certificate");
	TRY(read_value(text, separator, &part->value));
	REQUIRE(part->value.len > 0, KC_ERR_PARAM, "nothing behind '%s='", part->attribute->name);
	return KC_OK;
}

static enum kc_status read_parts(const char *text, char separator, struct parts *parts)
{
	for (;;) {
		TRY(read_part(&text, separator, parts));
		if (!*text)
			return KC_OK;
		text++;
	}
}

bool distinguished_name_is_one(const char *text)
{
	const char *name = text[0] == '/' ? text + 1 : text;
	size_t len = strcspn(name, "=/. ");

	return name[len] == '=' && len > 0;
}

enum kc_status distinguished_name_parse(const char *text, struct bytes *der)
{
	CLEANUP(bytes_done) struct bytes name = BYTES_INIT(DISTINGUISHED_NAME_MAX);
	CLEANUP(parts_done) struct parts parts = {.n = 0};
	bool is_forward = text[0] == '/';

	REQUIRE(strlen(text) < DISTINGUISHED_NAME_MAX / 2, KC_ERR_PARAM,
		"a name of more than %d bytes", DISTINGUISHED_NAME_MAX / 2 - 1);
	TRY(read_parts(is_forward ? text + 1 : text, is_forward ? '/' : ',', &parts));
	for (size_t i = 0; i < parts.n; i++) {
		struct part *part = &parts.parts[is_forward ? i : parts.n - 1 - i];

		TRY(put_part(part->attribute, bytes_view(&part->value), &name));
	}
	return put_element(TAG_SEQUENCE, bytes_view(&name), der);
}
