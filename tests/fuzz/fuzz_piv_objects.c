/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The PIV driver on a card with any content: the input is a list of data objects, each the three
 * bytes of its tag, a length (two bytes, big-endian) and its content. What is then published must
 * be well-formed, and any of its keys must survive being used. Whatever is no data object, metadata
 * among it, is answered with the whole input.
 */
#include <stdlib.h>

#include "base/try.h"
#include "driverkit/session.h"
#include "drivers/piv/piv.h"

enum {
	TAG_OFFSET = 7, /* in 00 CB 3F FF 05 5C 03 TT TT TT 00 */
	ENTRY_HEADER = 5,
};

static const uint8_t sw_ok[] = {0x90, 0x00};
static const uint8_t sw_not_found[] = {0x6A, 0x82};

static struct kc_view find_object(struct kc_view input, struct kc_view tag)
{
	while (input.len >= ENTRY_HEADER) {
		size_t len = (size_t)input.data[3] << 8 | input.data[4];
		struct kc_view content = view_slice(input, ENTRY_HEADER, len);

		if (view_equal(view_slice(input, 0, PIV_TAG_BYTES), tag))
			return content;
		input = view_slice(input, ENTRY_HEADER + len, input.len);
	}
	return (struct kc_view){NULL, 0};
}

/* GET DATA finds an object; everything else is answered with the whole input. */
static enum kc_status answer(void *context, struct kc_view command, struct bytes *response)
{
	const struct kc_view *input = context;
	struct kc_view content = *input;

	if (command.len > TAG_OFFSET + PIV_TAG_BYTES && command.data[1] == 0xCB)
		content = find_object(*input, view_slice(command, TAG_OFFSET, PIV_TAG_BYTES));
	if (content.len > 65536 - 2)
		content.len = 65536 - 2;
	if (content.len == 0)
		return bytes_append(response, VIEW_OF(sw_not_found));
	if (bytes_append(response, content) != KC_OK)
		return KC_ERR_ALLOCATE;
	return bytes_append(response, VIEW_OF(sw_ok));
}

static void check_object(const struct contents_object *object)
{
	if (object->object_id.len != (object->is_key ? 1U : (size_t)PIV_TAG_BYTES))
		abort();
	if (!object->is_key && (object->data.len == 0 || object->data.data[0] != 0x30))
		abort();
	if (object->is_key && (object->size_in_bits < 256 || object->size_in_bits > 4096))
		abort();
}

static void use_key(struct kc_token *token, const struct contents_object *key)
{
	static const uint8_t point[512] = {0x04};
	struct kc_view object_id = view_of(key->object_id.data, key->object_id.len);
	struct kc_view data = view_of(point, key->size_in_bits / 8);
	struct kc_bytes result = {NULL, 0};
	enum kc_status status = KC_OK;

	if (key->can_sign)
		status = piv_sign(token, object_id, key->algorithms[0], data, &result);
	else if (key->can_decrypt)
		status = piv_decrypt(token, object_id, key->algorithms[0], data, &result);
	else
		status = piv_exchange(token, object_id, key->algorithms[0],
				      view_of(point, 1 + 2 * data.len), &result);
	if (status != KC_OK && result.data)
		abort(); /* untouched on failure */
	kc_bytes_free(&result);
}

/* The certificate that is there, or another, is put again; what is there is deleted. */
static void write_certificate(struct kc_token *token, const struct contents_object *object)
{
	static const uint8_t none[] = {0x30, 0x03, 0x02, 0x01, 0x00};
	CLEANUP(contents_done) struct kc_contents made = {0};
	CLEANUP(kc_bytes_free) struct kc_bytes id = {NULL, 0};
	const struct kc_certificate_wish wish = {
		.place = object ? NULL : "9a",
		.der = object ? view_of(object->data.data, object->data.len) : VIEW_OF(none),
		.type = KC_KEY_TYPE_EC,
		.public_key = VIEW_OF(none),
		.may_replace = true,
		.may_mismatch = true};
	const struct kc_deletion_wish deletion = {
		.object_id = {(const uint8_t *)"\x5F\xC1\x05", 3}};

	error_clear();
	if (piv_plan_certificate(token, &wish, &id) == KC_OK) {
		if (id.len != PIV_TAG_BYTES)
			abort();
		ignore(piv_put_certificate(token, &wish, view_of(id.data, id.len), &made));
	}
	error_clear();
	if (piv_plan_deletion(token, &deletion) == KC_OK)
		ignore(piv_delete_object(token, &deletion));
	error_clear();
}

static void write_key(struct kc_token *token)
{
	static const uint8_t point[65] = {0x04};
	CLEANUP(contents_done) struct kc_contents made = {0};
	CLEANUP(kc_bytes_free) struct kc_bytes id = {NULL, 0};
	const struct kc_key_wish wish = {
		.type = KC_KEY_TYPE_EC, .size_in_bits = 256, .is_import = true};
	const struct kc_private_key key = {.type = KC_KEY_TYPE_EC,
					   .size_in_bits = 256,
					   .public_key = VIEW_OF(point),
					   .scalar = view_of(point, 32)};
	struct kc_deletion_wish deletion = {.is_key = true};

	if (piv_plan_key(token, &wish, &id) != KC_OK)
		return;
	deletion.object_id = view_of(id.data, id.len);
	error_clear();
	if (piv_import_key(token, &wish, &key, deletion.object_id, &made) == KC_OK &&
	    made.n_objects != 1)
		abort();
	error_clear();
	if (piv_plan_deletion(token, &deletion) == KC_OK)
		ignore(piv_delete_object(token, &deletion));
	error_clear();
}

static void write_all(struct kc_token *token)
{
	write_certificate(token, NULL);
	for (size_t i = 0; i < token->contents.n_objects; i++) {
		if (!token->contents.objects[i].is_key)
			write_certificate(token, &token->contents.objects[i]);
	}
	write_key(token);
}

static void check_contents(struct kc_token *token)
{
	for (size_t i = 0; i < token->contents.n_objects; i++) {
		check_object(&token->contents.objects[i]);
		if (token->contents.objects[i].is_key)
			use_key(token, &token->contents.objects[i]);
	}
}

static void use(struct kc_token *token)
{
	const struct session_turn turn = {.transaction = 1, .is_selected = true};
	struct kc_token_identity identity = {NULL, NULL};

	if (session_open(token, &turn, &identity) == KC_OK && !token->token_id)
		abort();
	free(identity.instance_id);
	free(identity.label);
	error_clear();
	if (session_enumerate(token, &turn) != KC_OK)
		return;
	check_contents(token);
	error_clear();
	if (session_detail(token, &turn) == KC_OK)
		check_contents(token);
	error_clear();
	write_all(token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kc_view input = view_of(data, size);
	struct kc_token token = {0};

	error_clear();
	if (token_init(&token, &piv_driver, answer, &input) != KC_OK)
		return 0;
	use(&token);
	token_done(&token);
	return 0;
}
