/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How programs that know PKCS#11 call an item. The token's label and CKA_ID are those that the
 * module gives (keycask-pkcs11(7)); CKA_LABEL is left out, since a card's certificate and its key
 * have labels of their own, and programs look for both by one address.
 */
#include "frontends/cli/pkcs11_uri.h"

#include <stdlib.h>
#include <string.h>

#include <keycask/names.h>
#include <keycask/token.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "frontends/cli/inventory.h"
#include "frontends/owned.h"

#define SCHEME	 "pkcs11:"
#define KEYCHAIN "keycask"
#define OWN_ID	 "pkcs11:id=" /* an alias that is an application's CKA_ID, encoded already */

enum {
	URI_MAX = 4096,
	TOKEN_LABEL_MAX = 32, /* PKCS #11 3.0 §3.4, CK_TOKEN_INFO */
};

/* RFC 3986 §2.3. */
static bool is_unreserved(uint8_t byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || (byte && strchr("-._~", byte));
}

/* RFC 7512 §2.3: an id is percent-encoded as a whole, as others write it. */
static enum kc_status encode(struct bytes *uri, struct kc_view from, bool in_full)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < from.len; i++) {
		if (!in_full && is_unreserved(from.data[i])) {
			TRY(bytes_append_byte(uri, from.data[i]));
			continue;
		}
		TRY(bytes_append_byte(uri, '%'));
		TRY(bytes_append_byte(uri, (uint8_t)digits[from.data[i] >> 4]));
		TRY(bytes_append_byte(uri, (uint8_t)digits[from.data[i] & 0xF]));
	}
	return KC_OK;
}

/* A label that the module has to cut is not in it: the id finds the item all the same. */
static enum kc_status add_token(struct bytes *uri, const char *token_id)
{
	CLEANUP(kc_value_freep) struct kc_value *tokens = NULL;
	const char *label = token_id ? NULL : KEYCHAIN;

	if (token_id)
		TRY(kc_token_list(&tokens));
	for (size_t i = 0; token_id && i < kc_value_count(tokens); i++) {
		const struct kc_dictionary *token = kc_value_dictionary(kc_value_at(tokens, i));
		const char *id = kc_dictionary_text(token, KC_TOKEN_ID);

		if (id && strcmp(id, token_id) == 0)
			label = kc_dictionary_text(token, KC_TOKEN_LABEL);
	}
	if (!label || !*label || strlen(label) > TOKEN_LABEL_MAX)
		return KC_OK;
	TRY(bytes_append(uri, view_of_text("token=")));
	TRY(encode(uri, view_of_text(label), false));
	return bytes_append_byte(uri, ';');
}

static enum kc_status add_id(struct bytes *uri, const struct kc_dictionary *item)
{
	const char *alias = kc_dictionary_text(item, KC_ATTR_ALIAS);
	struct kc_view hash = inventory_hash(item);

	TRY(bytes_append(uri, view_of_text("id=")));
	if (alias && strncmp(alias, OWN_ID, strlen(OWN_ID)) == 0)
		return bytes_append(uri, view_of_text(alias + strlen(OWN_ID)));
	REQUIRE(hash.len > 0, KC_ERR_PARAM, "programs do not see this item by PKCS#11");
	return encode(uri, hash, true);
}

enum kc_status pkcs11_uri_of_item(const struct kc_dictionary *item, char **ret_uri)
{
	CLEANUP(bytes_done) struct bytes uri = BYTES_INIT(URI_MAX);

	REQUIRE(inventory_is_class(item, KC_CLASS_IDENTITY) ||
			inventory_is_class(item, KC_CLASS_CERTIFICATE) || inventory_is_key(item),
		KC_ERR_PARAM, "programs do not see passwords by PKCS#11");
	TRY(bytes_append(&uri, view_of_text(SCHEME)));
	TRY(add_token(&uri, kc_dictionary_text(item, KC_ATTR_TOKEN_ID)));
	TRY(add_id(&uri, item));
	*ret_uri = view_copy_text(bytes_view(&uri));
	REQUIRE(*ret_uri, KC_ERR_ALLOCATE, "out of memory");
	return KC_OK;
}
