/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keycask: URIs. RFC 3986 gives the form (a scheme, then pchar and ';'), we give the parts. Strict
 * in what it reads: a part that is unknown, comes twice or is empty is an error.
 */
#include <stdlib.h>

#include <keycask/item.h>

#include "base/bytes.h"
#include "base/try.h"
#include "client/typed_impl.h"
#include "codec/hex.h"
#include "codec/utf8.h"
#include "codec/vocabulary.h"

enum {
	URI_MAX = 4096,
};

#define SCHEME "keycask:"

/* --- reading ------------------------------------------------------------------------------- */

/* Everything up to @end, with %XX resolved. */
static enum kc_status decode_percent(const char *from, const char *end, struct bytes *bytes)
{
	while (from < end) {
		char digits[3] = {0};

		if (*from != '%') {
			TRY(bytes_append_byte(bytes, (uint8_t)*from++));
			continue;
		}
		REQUIRE(end - from >= 3, KC_ERR_PARAM, "a %% without two hexadecimal digits");
		memcpy(digits, from + 1, 2);
		if (hex_decode(digits, bytes) != KC_OK)
			return error_remap(KC_ERR_PARAM);
		from += 3;
	}
	return KC_OK;
}

static enum kc_status put_hash(struct kc_dictionary *query, const char *text)
{
	CLEANUP(bytes_done) struct bytes hash = BYTES_INIT(URI_MAX);

	if (hex_decode(text, &hash) != KC_OK)
		return error_remap(KC_ERR_PARAM);
	return kc_dictionary_set(query, KC_ATTR_PUBLIC_KEY_HASH, KC_DATA(bytes_view(&hash)));
}

static enum kc_status put_class(struct kc_dictionary *query, const char *text)
{
	enum vocabulary_class item_class;

	REQUIRE(vocabulary_find_class(text, &item_class), KC_ERR_PARAM, "no item class '%s'", text);
	return kc_dictionary_set(query, KC_CLASS, KC_TEXT(text));
}

static enum kc_status put_part(struct kc_dictionary *query, const char *name, const char *text)
{
	REQUIRE(*text, KC_ERR_PARAM, "nothing after '%s='", name);
	if (strcmp(name, "token") == 0)
		return kc_dictionary_set(query, KC_ATTR_TOKEN_ID, KC_TEXT(text));
	if (strcmp(name, "label") == 0)
		return kc_dictionary_set(query, KC_ATTR_LABEL, KC_TEXT(text));
	if (strcmp(name, "class") == 0)
		return put_class(query, text);
	if (strcmp(name, "hash") == 0)
		return put_hash(query, text);
	return fail(KC_ERR_PARAM, "a keycask: URI has no part '%s' (token, class, label, hash)",
		    name);
}

/* "name=value" */
static enum kc_status read_part(struct kc_dictionary *query, const char *from, const char *end)
{
	CLEANUP(bytes_done) struct bytes text = BYTES_INIT(URI_MAX);
	CLEANUP(freep) char *name = NULL;
	const char *equals = memchr(from, '=', (size_t)(end - from));
	size_t n_before = kc_dictionary_count(query);

	REQUIRE(equals, KC_ERR_PARAM, "a part without '=' in a keycask: URI");
	name = strndup(from, (size_t)(equals - from));
	REQUIRE(name, KC_ERR_ALLOCATE, "out of memory");
	TRY(decode_percent(equals + 1, end, &text));
	REQUIRE(utf8_is_text(bytes_view(&text)), KC_ERR_PARAM, "'%s' is not UTF-8", name);
	TRY(bytes_append_byte(&text, '\0'));
	TRY(put_part(query, name, (const char *)text.data));
	REQUIRE(kc_dictionary_count(query) > n_before, KC_ERR_PARAM, "'%s' comes twice", name);
	return KC_OK;
}

/* A key has its hash under another name than a certificate (reference/keychain.md 1.6). */
static enum kc_status name_hash_for_class(struct kc_dictionary *query)
{
	const char *item_class = kc_dictionary_text(query, KC_CLASS);
	struct kc_value *hash = NULL;

	if (!item_class || strcmp(item_class, KC_CLASS_KEY) != 0)
		return KC_OK;
	hash = dictionary_take(query, KC_ATTR_PUBLIC_KEY_HASH);
	return hash ? dictionary_put(query, KC_ATTR_APPLICATION_LABEL, hash) : KC_OK;
}

enum kc_status kc_item_query_from_uri(const char *uri, struct kc_dictionary **ret_query)
{
	CLEANUP(dictionary_freep) struct kc_dictionary *query = kc_dictionary_new(NULL, 0);
	const char *from = NULL;

	error_clear();
	REQUIRE(query, KC_ERR_ALLOCATE, "out of memory");
	REQUIRE(uri && strncmp(uri, SCHEME, strlen(SCHEME)) == 0, KC_ERR_PARAM,
		"not a keycask: URI");
	REQUIRE(strlen(uri) < URI_MAX, KC_ERR_PARAM, "a URI of more than %d bytes", URI_MAX - 1);
	from = uri + strlen(SCHEME);
	REQUIRE(*from, KC_ERR_PARAM, "a keycask: URI that names nothing");
	for (;;) {
		const char *end = strchrnul(from, ';');

		TRY(read_part(query, from, end));
		if (*end == '\0')
			break;
		from = end + 1;
	}
	TRY(name_hash_for_class(query));
	*ret_query = take(query);
	return KC_OK;
}

/* --- writing ------------------------------------------------------------------------------- */

/* RFC 3986 unreserved, and what reads well and separates nothing here. */
static bool stands_for_itself(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-._~:@", c));
}

static enum kc_status append_encoded(struct bytes *uri, struct kc_view text)
{
	for (size_t i = 0; i < text.len; i++) {
		CLEANUP(freep) char *digits = NULL;

		if (stands_for_itself(text.data[i])) {
			TRY(bytes_append_byte(uri, text.data[i]));
			continue;
		}
		digits = hex_encode(view_of(text.data + i, 1), HEX_UPPER);
		REQUIRE(digits, KC_ERR_ALLOCATE, "out of memory");
		TRY(bytes_append_byte(uri, '%'));
		TRY(bytes_append(uri, view_of_text(digits)));
	}
	return KC_OK;
}

static enum kc_status append_part(struct bytes *uri, const char *name, const char *text)
{
	if (!text || !*text)
		return KC_OK;
	if (uri->len > strlen(SCHEME))
		TRY(bytes_append_byte(uri, ';'));
	TRY(bytes_append(uri, view_of_text(name)));
	TRY(bytes_append_byte(uri, '='));
	return append_encoded(uri, view_of_text(text));
}

static enum kc_status append_hash(struct bytes *uri, const struct kc_dictionary *attributes)
{
	CLEANUP(freep) char *text = NULL;
	struct kc_view hash = kc_dictionary_data(attributes, KC_ATTR_PUBLIC_KEY_HASH);

	if (hash.len == 0)
		hash = kc_dictionary_data(attributes, KC_ATTR_APPLICATION_LABEL);
	text = hex_encode(hash, HEX_LOWER);
	REQUIRE(text, KC_ERR_ALLOCATE, "out of memory");
	return append_part(uri, "hash", text);
}

enum kc_status kc_item_uri(const struct kc_dictionary *attributes, char **ret_uri)
{
	CLEANUP(bytes_done) struct bytes uri = BYTES_INIT(URI_MAX);

	error_clear();
	REQUIRE(attributes, KC_ERR_PARAM, "no attributes");
	TRY(bytes_append(&uri, view_of_text(SCHEME)));
	TRY(append_part(&uri, "token", kc_dictionary_text(attributes, KC_ATTR_TOKEN_ID)));
	TRY(append_part(&uri, "class", kc_dictionary_text(attributes, KC_CLASS)));
	TRY(append_hash(&uri, attributes));
	TRY(append_part(&uri, "label", kc_dictionary_text(attributes, KC_ATTR_LABEL)));
	REQUIRE(uri.len > strlen(SCHEME), KC_ERR_PARAM, "nothing that would name this item");
	TRY(bytes_append_byte(&uri, '\0'));
	*ret_uri = (char *)bytes_take(&uri).data;
	return KC_OK;
}
