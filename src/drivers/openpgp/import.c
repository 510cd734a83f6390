/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keys that are brought: PUT DATA with the odd instruction DB and an extended header list 4D
 * (OpenPGP card 3.4, 4.4.3.12): which key, in 7F48 the tags and lengths of its parts, in 5F48 the
 * parts themselves. Which parts an RSA key has, the card's algorithm attributes say (4.4.3.9).
 */
#include "drivers/openpgp/openpgp.h"

#include "base/cleanup.h"
#include "base/try.h"
#include "codec/tlv.h"

enum {
	INS_PUT_DATA_ODD = 0xDB,
	TAG_HEADER_LIST = 0x4D,
	TAG_LENGTHS = 0x7F48,
	TAG_PARTS = 0x5F48,
	TAG_ATTRIBUTES = 0xC0, /* and the reference of the key: C1, C2, C3 */
	PART_EXPONENT = 0x91,
	PART_PRIME1 = 0x92,
	PART_PRIME2 = 0x93,
	PART_COEFFICIENT = 0x94,
	PART_EXPONENT1 = 0x95,
	PART_EXPONENT2 = 0x96,
	PART_MODULUS = 0x97,
	PART_SCALAR = 0x92,
	PART_POINT = 0x99,

	/* 4.4.3.9: the last byte of an RSA key's attributes. */
	FORMAT_WITH_MODULUS = 0x01,
	FORMAT_CRT = 0x02,
	RSA_ATTRIBUTES_BYTES = 6,
	WITH_PUBLIC_KEY = 0xFF, /* 4.4.3.10: behind an OID */

	PARTS_MAX = 4096,
	COMMAND_MAX = PARTS_MAX + 128,
	ATTRIBUTES_MAX = 64,
	APPLICATION_MAX = 4096,
	X25519_BYTES = 32,
};

struct parts {
	struct bytes lengths;
	struct bytes values; /* secret; bytes_done() wipes */
};

static void parts_done(struct parts *parts)
{
	bytes_done(&parts->lengths);
	bytes_done(&parts->values);
}

/* With zeros in front, as long as @width. */
static enum kc_status put_part(struct parts *parts, uint32_t tag, struct kc_view number,
			       size_t width)
{
	REQUIRE(number.len <= width, KC_ERR_BAD_PARAMETER,
		"a key with a number of %zu bytes where %zu belong", number.len, width);
	TRY(tlv_put_header(&parts->lengths, tag, width));
	for (size_t i = number.len; i < width; i++)
		TRY(bytes_append_byte(&parts->values, 0));
	return bytes_append(&parts->values, number);
}

static enum kc_status put_crt(struct parts *parts, const struct kc_private_key *key)
{
	const size_t half = key->size_in_bits / 16;

	TRY(put_part(parts, PART_COEFFICIENT, key->coefficient, half));
	TRY(put_part(parts, PART_EXPONENT1, key->exponent1, half));
	return put_part(parts, PART_EXPONENT2, key->exponent2, half);
}

/* Attributes: 01, bits of the modulus, bits of the exponent, format. */
static enum kc_status put_rsa(struct parts *parts, const struct kc_private_key *key,
			      struct kc_view attributes)
{
	const size_t half = key->size_in_bits / 16;
	uint8_t format = 0;
	size_t width = 0;

	REQUIRE(attributes.len == RSA_ATTRIBUTES_BYTES, KC_ERR_CORRUPTED_DATA,
		"the card does not say how it takes RSA keys");
	format = attributes.data[5];
	width = ((size_t)attributes.data[3] * 256 + attributes.data[4] + 7) / 8;
	TRY(put_part(parts, PART_EXPONENT, key->public_exponent, width));
	TRY(put_part(parts, PART_PRIME1, key->prime1, half));
	TRY(put_part(parts, PART_PRIME2, key->prime2, half));
	if (format & FORMAT_CRT)
		TRY(put_crt(parts, key));
	if (format & FORMAT_WITH_MODULUS)
		TRY(put_part(parts, PART_MODULUS, key->modulus, 2 * half));
	return KC_OK;
}

static enum kc_status put_curve(struct parts *parts, const struct kc_private_key *key,
				struct kc_view scalar, struct kc_view attributes)
{
	TRY(put_part(parts, PART_SCALAR, scalar, scalar.len));
	if (attributes.len == 0 || attributes.data[attributes.len - 1] != WITH_PUBLIC_KEY)
		return KC_OK;
	return put_part(parts, PART_POINT, key->public_key, key->public_key.len);
}

static enum kc_status read_attributes(struct kc_token *token, enum openpgp_index index,
				      struct bytes *attributes)
{
	CLEANUP(bytes_done) struct bytes application = BYTES_INIT(APPLICATION_MAX);

	TRY(openpgp_get_application(token, &application));
	return openpgp_find_or_get(token, bytes_view(&application),
				   TAG_ATTRIBUTES + openpgp_places[index].reference, attributes);
}

static enum kc_status put_list(const struct openpgp_place *place, const struct parts *parts,
			       struct bytes *data)
{
	CLEANUP(bytes_done) struct bytes list = BYTES_INIT(COMMAND_MAX);

	TRY(tlv_put(&list, place->crt, (struct kc_view){NULL, 0}));
	TRY(tlv_put(&list, TAG_LENGTHS, bytes_view(&parts->lengths)));
	TRY(tlv_put(&list, TAG_PARTS, bytes_view(&parts->values)));
	return tlv_put(data, TAG_HEADER_LIST, bytes_view(&list));
}

static enum kc_status transmit(struct kc_token *token, const struct openpgp_place *place,
			       const struct parts *parts)
{
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(COMMAND_MAX); /* wiped */
	struct kc_apdu apdu = {.ins = INS_PUT_DATA_ODD, .p1 = 0x3F, .p2 = 0xFF};
	enum kc_status status = KC_OK;
	uint16_t sw = 0;

	TRY(put_list(place, parts, &data));
	apdu.data = bytes_view(&data);
	status = openpgp_command(token, &apdu, "importing the key", NULL);
	sw = (uint16_t)error_get()->sw;
	if (status != KC_ERR_BAD_PARAMETER && status != KC_ERR_NOT_IMPLEMENTED)
		return status;
	error_clear();
	return kc_token_fail(token, KC_ERR_KEY_SIZE_NOT_ALLOWED, sw,
			     "the card takes no keys of this type and size there");
}

static enum kc_status send(struct kc_token *token, enum openpgp_index index,
			   const struct kc_private_key *key, struct kc_view scalar)
{
	CLEANUP(bytes_done) struct bytes attributes = BYTES_INIT(ATTRIBUTES_MAX);
	CLEANUP(parts_done)
	struct parts parts = {.lengths = BYTES_INIT(PARTS_MAX), .values = BYTES_INIT(PARTS_MAX)};

	TRY(read_attributes(token, index, &attributes));
	if (key->type == KC_KEY_TYPE_RSA)
		TRY(put_rsa(&parts, key, bytes_view(&attributes)));
	else
		TRY(put_curve(&parts, key, scalar, bytes_view(&attributes)));
	return transmit(token, &openpgp_places[index], &parts);
}

/* What the card computes of it is the proof that it has understood. */
static enum kc_status read_back(struct kc_token *token, enum openpgp_index index,
				const struct kc_private_key *key, bool *ret_is_same)
{
	CLEANUP(bytes_done) struct bytes application = BYTES_INIT(APPLICATION_MAX);
	struct openpgp_state *state = kc_token_state(token);
	struct openpgp_key *has = &state->keys[index];

	TRY(openpgp_get_application(token, &application));
	TRY(openpgp_read_public_key(token, bytes_view(&application), &openpgp_places[index], has));
	*ret_is_same = has->type == key->type &&
		       view_equal(view_of(has->public_key, has->public_key_len), key->public_key);
	return KC_OK;
}

/* RFC 7748 5: the bits that are fixed, which some cards want fixed already. */
static void clamp(uint8_t scalar[X25519_BYTES])
{
	scalar[0] &= 0xF8;
	scalar[X25519_BYTES - 1] = (uint8_t)((scalar[X25519_BYTES - 1] & 0x7F) | 0x40);
}

static void reverse(uint8_t scalar[X25519_BYTES])
{
	for (size_t i = 0; i < X25519_BYTES / 2; i++) {
		uint8_t byte = scalar[i];

		scalar[i] = scalar[X25519_BYTES - 1 - i];
		scalar[X25519_BYTES - 1 - i] = byte;
	}
}

/*
 * GnuPG has the number of an X25519 key with its highest byte first, so most cards take it so;
 * others as RFC 7748 has it, with the lowest first. The public key tells whether the card is of
 * these.
 */
static enum kc_status send_x25519(struct kc_token *token, enum openpgp_index index,
				  const struct kc_private_key *key)
{
	uint8_t scalar[X25519_BYTES];
	enum kc_status status = KC_OK;
	bool is_same = false;

	REQUIRE(key->scalar.len == sizeof(scalar), KC_ERR_BAD_PARAMETER, "a key of %zu bytes",
		key->scalar.len);
	memcpy(scalar, key->scalar.data, sizeof(scalar));
	clamp(scalar);
	for (int i = 0; i < 2 && status == KC_OK && !is_same; i++) {
		reverse(scalar);
		status = send(token, index, key, VIEW_OF(scalar));
		if (status == KC_OK)
			status = read_back(token, index, key, &is_same);
	}
	explicit_bzero(scalar, sizeof(scalar));
	return status;
}

static enum kc_status import(struct kc_token *token, const struct kc_key_wish *wish,
			     const struct kc_private_key *key, enum openpgp_index index)
{
	struct openpgp_state *state = kc_token_state(token);
	bool needs_touch = state->keys[index].needs_touch;
	bool is_same = false;

	TRY(openpgp_set_attributes(token, index, wish));
	state->keys[index] = (struct openpgp_key){.needs_touch = needs_touch};
	if (key->type == KC_KEY_TYPE_X25519)
		TRY(send_x25519(token, index, key));
	else
		TRY(send(token, index, key, key->scalar));
	TRY(read_back(token, index, key, &is_same));
	REQUIRE(is_same, KC_ERR_CORRUPTED_DATA,
		"the card has made another key of it, which is of no use: replace it");
	return openpgp_describe_key(token, index, &state->keys[index]);
}

enum kc_status openpgp_import_key(struct kc_token *token, const struct kc_key_wish *wish,
				  const struct kc_private_key *key, struct kc_view object_id,
				  struct kc_contents *made)
{
	enum openpgp_index index = OPENPGP_SIGNATURE;

	TRY(openpgp_find_index(object_id, &index));
	TRY(openpgp_end_admin(token, import(token, wish, key, index)));
	return openpgp_add_key(token, made, index);
}
