/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Persistent references in bytes. They come back from applications, files and other machines, so
 * the reader takes nothing but the one form that the writer gives: equal items, equal bytes.
 */
#include "items/reference.h"

#include "base/try.h"
#include "codec/tlv.h"
#include "codec/utf8.h"

/* X.690: universal tags. */
enum {
	TAG_OCTET_STRING = 0x04,
	TAG_UTF8_STRING = 0x0C,
	TAG_SEQUENCE = 0x30,
};

static const uint8_t magic[] = {'k', 'c', 't', '1'};

static const char tags[][5] = {
	[VOCABULARY_GENERIC_PASSWORD] = "genp", [VOCABULARY_INTERNET_PASSWORD] = "inet",
	[VOCABULARY_CERTIFICATE] = "cert",	[VOCABULARY_KEY] = "keys",
	[VOCABULARY_IDENTITY] = "idnt",
};

enum {
	TAG_BYTES = 4,
};

static bool has_class(enum vocabulary_class item_class)
{
	return item_class == VOCABULARY_CERTIFICATE || item_class == VOCABULARY_KEY ||
	       item_class == VOCABULARY_IDENTITY;
}

static enum kc_status check_parts(const struct reference *reference)
{
	REQUIRE(has_class(reference->item_class), KC_ERR_PARAM,
		"not a persistent reference of a token item");
	REQUIRE(reference->token_id.len > 0 && reference->token_id.len <= REFERENCE_TOKEN_MAX &&
			utf8_is_text(reference->token_id),
		KC_ERR_PARAM, "a token ID is 1 to %d bytes of UTF-8", REFERENCE_TOKEN_MAX);
	REQUIRE(reference->object_id.len > 0 && reference->object_id.len <= REFERENCE_OBJECT_MAX,
		KC_ERR_PARAM, "an object ID is 1 to %d bytes", REFERENCE_OBJECT_MAX);
	return KC_OK;
}

static enum kc_status put_item(const struct reference *reference, struct bytes *bytes)
{
	REQUIRE(reference->item_id.len == REFERENCE_ITEM_BYTES, KC_ERR_PARAM,
		"an item ID is %d bytes", REFERENCE_ITEM_BYTES);
	TRY(bytes_append(bytes, view_of(tags[reference->item_class], TAG_BYTES)));
	return bytes_append(bytes, reference->item_id);
}

enum kc_status reference_put(const struct reference *reference, struct bytes *bytes)
{
	CLEANUP(bytes_done) struct bytes content = BYTES_INIT(REFERENCE_MAX);

	if (!reference_is_of_token(reference))
		return put_item(reference, bytes);
	TRY(check_parts(reference));
	TRY(tlv_put(&content, TAG_UTF8_STRING,
		    view_of_text(vocabulary_class_name(reference->item_class))));
	TRY(tlv_put(&content, TAG_UTF8_STRING, reference->token_id));
	TRY(tlv_put(&content, TAG_OCTET_STRING, reference->object_id));
	TRY(bytes_append(bytes, VIEW_OF(magic)));
	return tlv_put(bytes, TAG_SEQUENCE, bytes_view(&content));
}

static bool class_from_view(struct kc_view name, enum vocabulary_class *ret_class)
{
	for (int i = 0; i < VOCABULARY_N_CLASSES; i++) {
		enum vocabulary_class item_class = (enum vocabulary_class)i;

		if (view_equal(name, view_of_text(vocabulary_class_name(item_class)))) {
			*ret_class = item_class;
			return true;
		}
	}
	return false;
}

static bool read_item(struct kc_view view, struct reference *ret_reference)
{
	if (view.len != TAG_BYTES + REFERENCE_ITEM_BYTES)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(tags); i++)
		if (memcmp(view.data, tags[i], TAG_BYTES) == 0) {
			*ret_reference = (struct reference){
				.item_class = (enum vocabulary_class)i,
				.item_id = view_slice(view, TAG_BYTES, REFERENCE_ITEM_BYTES)};
			return true;
		}
	return false;
}

static bool read_parts(struct kc_view view, struct reference *ret_reference)
{
	struct kc_view content;
	struct kc_view name;

	if (!view_equal(view_slice(view, 0, sizeof(magic)), VIEW_OF(magic)))
		return false;
	view = view_slice(view, sizeof(magic), view.len);
	if (!tlv_take(&view, TAG_SEQUENCE, &content) || view.len > 0)
		return false;
	return tlv_take(&content, TAG_UTF8_STRING, &name) &&
	       class_from_view(name, &ret_reference->item_class) &&
	       tlv_take(&content, TAG_UTF8_STRING, &ret_reference->token_id) &&
	       tlv_take(&content, TAG_OCTET_STRING, &ret_reference->object_id) && content.len == 0;
}

enum kc_status reference_get(struct kc_view view, struct reference *ret_reference)
{
	CLEANUP(bytes_done) struct bytes again = BYTES_INIT(REFERENCE_MAX);
	struct error_record before = *error_get();
	struct reference reference = {.item_class = VOCABULARY_N_CLASSES};
	bool is_read = read_item(view, &reference) || read_parts(view, &reference);

	/* What the TLV reader says of its bytes is of no use to whoever passed a wrong reference.
	 */
	error_adopt(&before);
	REQUIRE(is_read, KC_ERR_PARAM, "not a persistent reference");
	TRY(reference_put(&reference, &again));
	REQUIRE(view_equal(bytes_view(&again), view), KC_ERR_PARAM,
		"not a persistent reference in its one form");
	*ret_reference = reference;
	return KC_OK;
}
