/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * References to public keys in bytes. They come back from anywhere, so nothing is taken but the one
 * form that is given, of a key that would be taken by itself.
 */
#include "keys/public_reference.h"

#include "base/try.h"
#include "codec/tlv.h"

/* X.690: universal tags. */
enum {
	TAG_OCTET_STRING = 0x04,
	TAG_UTF8_STRING = 0x0C,
	TAG_SEQUENCE = 0x30,
};

enum {
	KEY_TYPE_MAX = 32,
};

static const uint8_t magic[] = {'k', 'c', 'p', 'k'};

bool public_reference_is(struct kc_view view)
{
	return view_equal(view_slice(view, 0, sizeof(magic)), VIEW_OF(magic));
}

enum kc_status public_reference_put(const char *key_type, struct kc_view public_key,
				    struct bytes *bytes)
{
	CLEANUP(bytes_done) struct bytes content = BYTES_INIT(PUBLIC_REFERENCE_MAX);

	TRY(tlv_put(&content, TAG_UTF8_STRING, view_of_text(key_type)));
	TRY(tlv_put(&content, TAG_OCTET_STRING, public_key));
	TRY(bytes_append(bytes, VIEW_OF(magic)));
	return tlv_put(bytes, TAG_SEQUENCE, bytes_view(&content));
}

static bool read_parts(struct kc_view view, struct kc_view *ret_type, struct kc_view *ret_key)
{
	struct kc_view rest = view_slice(view, sizeof(magic), view.len);
	struct kc_view content;

	return public_reference_is(view) && tlv_take(&rest, TAG_SEQUENCE, &content) &&
	       rest.len == 0 && tlv_take(&content, TAG_UTF8_STRING, ret_type) &&
	       tlv_take(&content, TAG_OCTET_STRING, ret_key) && content.len == 0 &&
	       ret_type->len > 0 && ret_type->len < KEY_TYPE_MAX;
}

/* What a reference is made of is no news to whoever passed a wrong one. */
static enum kc_status read_key(struct kc_view type, struct kc_view public_key,
			       struct private_key *ret_key)
{
	char key_type[KEY_TYPE_MAX] = {0};
	struct private_key_claim claim = {.key_class = "public", .key_type = key_type};

	memcpy(key_type, type.data, type.len);
	if (private_key_read(claim, public_key, ret_key) == KC_OK)
		return KC_OK;
	error_clear();
	return fail(KC_ERR_PARAM, "the key in this reference is no public key of type \"%s\"",
		    key_type);
}

enum kc_status public_reference_get(struct kc_view view, struct private_key *ret_key)
{
	CLEANUP(bytes_done) struct bytes again = BYTES_INIT(PUBLIC_REFERENCE_MAX);
	CLEANUP(private_key_done) struct private_key key = {.key_class = NULL};
	struct kc_view public_key;
	struct kc_view type;
	bool is_read = read_parts(view, &type, &public_key);

	error_clear();
	REQUIRE(is_read, KC_ERR_PARAM, "not a reference to a public key");
	TRY(read_key(type, public_key, &key));
	TRY(public_reference_put(key.key_type, public_key, &again));
	REQUIRE(view_equal(bytes_view(&again), view), KC_ERR_PARAM,
		"not a reference to a public key in its one form");
	*ret_key = key;
	key = (struct private_key){.key_class = NULL};
	return KC_OK;
}
