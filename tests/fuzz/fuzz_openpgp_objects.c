/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The OpenPGP driver on a card with any content: the input is a list of data objects, each a tag of
 * two bytes, a length of two bytes, both big-endian, and its content; 00 B6, 00 B8 and 00 A4 are
 * what the card answers when it is asked for a public key. What is then published must be
 * well-formed, and any of its keys and the PIN must survive being used. Whatever is neither is
 * answered with the whole input.
 */
#include <stdlib.h>

#include "base/try.h"
#include "driverkit/session.h"
#include "drivers/openpgp/openpgp.h"

enum {
	ENTRY_HEADER = 4,
	INS_VERIFY = 0x20,
	INS_GENERATE = 0x47,
	INS_SELECT_DATA = 0xA5,
	INS_GET_DATA = 0xCA,
	CRT_OFFSET = 5, /* in 00 47 81 00 02 B6 00 00 */
	ANSWER_MAX = 65536 - 2,
};

static const uint8_t sw_ok[] = {0x90, 0x00};
static const uint8_t sw_not_found[] = {0x6A, 0x88};

static unsigned pair_at(struct kc_view view, size_t offset)
{
	return (unsigned)view.data[offset] << 8 | view.data[offset + 1];
}

static struct kc_view find_object(struct kc_view input, unsigned tag)
{
	while (input.len >= ENTRY_HEADER) {
		size_t len = pair_at(input, 2);

		if (pair_at(input, 0) == tag)
			return view_slice(input, ENTRY_HEADER, len);
		input = view_slice(input, ENTRY_HEADER + len, input.len);
	}
	return (struct kc_view){NULL, 0};
}

static struct kc_view content_for(struct kc_view input, struct kc_view command)
{
	if (command.len >= ENTRY_HEADER && command.data[1] == INS_GET_DATA)
		return find_object(input, pair_at(command, 2));
	if (command.len > CRT_OFFSET && command.data[1] == INS_GENERATE)
		return find_object(input, command.data[CRT_OFFSET]);
	return input;
}

static enum kc_status answer(void *context, struct kc_view command, struct bytes *response)
{
	const struct kc_view *input = context;
	struct kc_view content = content_for(*input, command);

	if (command.len > 1 &&
	    (command.data[1] == INS_VERIFY || command.data[1] == INS_SELECT_DATA))
		return bytes_append(response, VIEW_OF(sw_ok));
	if (content.len > ANSWER_MAX)
		content.len = ANSWER_MAX;
	if (content.len == 0)
		return bytes_append(response, VIEW_OF(sw_not_found));
	if (bytes_append(response, content) != KC_OK)
		return KC_ERR_ALLOCATE;
	return bytes_append(response, VIEW_OF(sw_ok));
}

static void check_object(const struct contents_object *object)
{
	if (object->object_id.len != (object->is_key ? 1U : (size_t)OPENPGP_CERTIFICATE_ID_BYTES))
		abort();
	if (!object->is_key && (object->data.len == 0 || object->data.data[0] != 0x30))
		abort();
	if (object->is_key && (object->size_in_bits < 256 || object->size_in_bits > 4096))
		abort();
}

static void use_key(struct kc_token *token, const struct contents_object *key)
{
	static const uint8_t point[1024] = {0x04};
	struct kc_view object_id = view_of(key->object_id.data, key->object_id.len);
	size_t size = (key->size_in_bits + 7) / 8;
	struct kc_bytes result = {NULL, 0};
	enum kc_status status = KC_OK;

	if (key->can_sign)
		status = openpgp_sign(token, object_id, key->algorithms[0], view_of(point, 32),
				      &result);
	else if (key->can_decrypt)
		status = openpgp_decrypt(token, object_id, key->algorithms[0], view_of(point, size),
					 &result);
	else
		status = openpgp_exchange(
			token, object_id, key->algorithms[0],
			view_of(point, key->type == KC_KEY_TYPE_X25519 ? size : 1 + 2 * size),
			&result);
	if (status != KC_OK && result.data)
		abort(); /* untouched on failure */
	kc_bytes_free(&result);
}

static void write_certificate(struct kc_token *token, const char *place)
{
	static const uint8_t none[] = {0x30, 0x03, 0x02, 0x01, 0x00};
	CLEANUP(contents_done) struct kc_contents made = {0};
	CLEANUP(kc_bytes_free) struct kc_bytes id = {NULL, 0};
	const struct kc_certificate_wish wish = {.place = place,
						 .der = VIEW_OF(none),
						 .type = KC_KEY_TYPE_EC,
						 .public_key = VIEW_OF(none),
						 .may_replace = true,
						 .may_mismatch = true};
	struct kc_deletion_wish deletion = {.is_key = false};

	error_clear();
	if (openpgp_plan_certificate(token, &wish, &id) != KC_OK)
		return;
	deletion.object_id = view_of(id.data, id.len);
	ignore(openpgp_put_certificate(token, &wish, deletion.object_id, &made));
	error_clear();
	if (openpgp_plan_deletion(token, &deletion) == KC_OK)
		ignore(openpgp_delete_object(token, &deletion));
	error_clear();
}

/* Whatever the card's attributes say, and whatever it says of the key then. */
static void write_key(struct kc_token *token, enum kc_key_type type, const char *place)
{
	static const uint8_t number[256] = {0x80, 0x01};
	CLEANUP(contents_done) struct kc_contents made = {0};
	CLEANUP(kc_bytes_free) struct kc_bytes id = {NULL, 0};
	const struct kc_key_wish wish = {.place = place,
					 .type = type,
					 .size_in_bits = type == KC_KEY_TYPE_RSA ? 2048 : 256,
					 .may_replace = true,
					 .is_import = true};
	const struct kc_private_key key = {.type = type,
					   .size_in_bits = wish.size_in_bits,
					   .public_key = view_of(number, 65),
					   .modulus = view_of(number, 256),
					   .public_exponent = view_of(number, 3),
					   .prime1 = view_of(number, 128),
					   .prime2 = view_of(number, 128),
					   .exponent1 = view_of(number, 128),
					   .exponent2 = view_of(number, 128),
					   .coefficient = view_of(number, 127),
					   .scalar = view_of(number, 32)};

	if (openpgp_plan_key(token, &wish, &id) == KC_OK &&
	    openpgp_import_key(token, &wish, &key, view_of(id.data, id.len), &made) == KC_OK &&
	    made.n_objects != 1)
		abort();
	error_clear();
}

static void write_all(struct kc_token *token)
{
	static const char *const places[] = {"sign", "decrypt", "authenticate"};

	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		write_certificate(token, places[i]);
	write_key(token, KC_KEY_TYPE_RSA, "sign");
	write_key(token, KC_KEY_TYPE_X25519, "decrypt");
	write_key(token, KC_KEY_TYPE_EC, "authenticate");
}

/* Hashing by a large count is the card's right, and takes its time: not here. */
static bool would_hash_long(struct kc_view input)
{
	static const uint8_t count[] = {0x83, 0x04};

	for (size_t i = 0; i + 3 < input.len; i++)
		if (memcmp(input.data + i, count, sizeof(count)) == 0 &&
		    (input.data[i + 2] | input.data[i + 3]) != 0)
			return true;
	return false;
}

static void authenticate(struct kc_token *token, struct kc_view input)
{
	const struct kc_authentication authentication = {.pin = view_of_text("123456")};
	int tries_left = 0;

	if (!would_hash_long(input))
		ignore(openpgp_authenticate(token, &authentication));
	error_clear();
	ignore(openpgp_pin_status(token, "admin", &tries_left));
	error_clear();
}

static void use(struct kc_token *token, struct kc_view input)
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
	for (size_t i = 0; i < token->contents.n_objects; i++) {
		check_object(&token->contents.objects[i]);
		if (token->contents.objects[i].is_key)
			use_key(token, &token->contents.objects[i]);
	}
	authenticate(token, input);
	write_all(token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kc_view input = view_of(data, size);
	struct kc_token token = {0};

	error_clear();
	if (token_init(&token, &openpgp_driver, answer, &input) != KC_OK)
		return 0;
	use(&token, input);
	token_done(&token);
	return 0;
}
