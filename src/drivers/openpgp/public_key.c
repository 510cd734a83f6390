/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The public keys: OpenPGP card 3.4, 7.2.14, GENERATE ASYMMETRIC KEY PAIR with P1 81 reads one:
 * 7F49 with 81 modulus and 82 exponent, or 86 point. A point does not say on which curve it lies;
 * the daemon finds that out, and the point's size is that of the curve. Whether the 32 bytes of a
 * Curve25519 key sign or agree is in the algorithm attributes (4.4.3.10).
 */
#include "base/cleanup.h"
#include "base/try.h"
#include "codec/tlv.h"
#include "drivers/openpgp/openpgp.h"

enum {
	INS_GENERATE = 0x47,
	P1_MAKE = 0x80,
	P1_READ = 0x81,
	TAG_PUBLIC_KEY = 0x7F49,
	TAG_MODULUS = 0x81,
	TAG_EXPONENT = 0x82,
	TAG_POINT = 0x86,
	POINT_UNCOMPRESSED = 0x04,
	MODULUS_BITS_MIN = 1024,
	MODULUS_BITS_MAX = 4096,
	EXPONENT_BYTES_MAX = 8,
	TAG_ATTRIBUTES = 0xC0, /* and the reference of the key: C1, C2, C3 */
	ATTRIBUTES_MAX = 64,
	APPLICATION_MAX = 4096,
	CURVE25519_PREFIX = 0x40, /* RFC 9580, 11.2.2: "native" */
	CURVE25519_BYTES = 32,
	CURVE25519_BITS = 256,
};

static struct kc_view without_zeros(struct kc_view number)
{
	while (number.len > 0 && number.data[0] == 0)
		number = view_slice(number, 1, number.len);
	return number;
}

static unsigned bits_of(struct kc_view number)
{
	unsigned bits = (unsigned)number.len * 8;

	for (uint8_t first = number.data[0]; !(first & 0x80); first = (uint8_t)(first << 1))
		bits--;
	return bits;
}

static enum kc_status keep(struct kc_view public_key, struct openpgp_key *key)
{
	REQUIRE(public_key.len <= sizeof(key->public_key), KC_ERR_CORRUPTED_DATA,
		"a public key of %zu bytes", public_key.len);
	memcpy(key->public_key, public_key.data, public_key.len);
	key->public_key_len = public_key.len;
	return KC_OK;
}

static enum kc_status read_rsa(struct kc_view modulus, struct kc_view exponent,
			       struct openpgp_key *key)
{
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(OPENPGP_PUBLIC_KEY_MAX);

	modulus = without_zeros(modulus);
	exponent = without_zeros(exponent);
	REQUIRE(modulus.len >= MODULUS_BITS_MIN / 8 && modulus.len <= MODULUS_BITS_MAX / 8 &&
			exponent.len > 0 && exponent.len <= EXPONENT_BYTES_MAX,
		KC_ERR_CORRUPTED_DATA, "an RSA key of a wrong form");
	key->type = KC_KEY_TYPE_RSA;
	key->size_in_bits = bits_of(modulus);
	TRY(openpgp_put_pair(&der, modulus, exponent));
	return keep(bytes_view(&der), key);
}

/* Bytes of a coordinate of the curves that cards have. */
static unsigned bits_of_curve(size_t width)
{
	switch (width) {
	case 32:
	case 48:
	case 64:
		return (unsigned)width * 8;
	case 66:
		return 521;
	default:
		return 0;
	}
}

static enum kc_status read_point(struct kc_view point, struct openpgp_key *key)
{
	unsigned bits = bits_of_curve(point.len / 2);

	if (point.len == CURVE25519_BYTES)
		return keep(point, key);
	REQUIRE(point.len % 2 == 1 && point.data[0] == POINT_UNCOMPRESSED && bits > 0,
		KC_ERR_NOT_IMPLEMENTED, "a key of a kind that keycask does not know");
	key->type = KC_KEY_TYPE_EC;
	key->size_in_bits = bits;
	return keep(point, key);
}

/*
 * An algorithm, 16 for EdDSA or 12 for ECDH, and the OID of its curve. The specification names
 * other curves; these are what GnuPG writes (RFC 9580, 9.2), and the names of RFC 8410.
 */
static const struct {
	enum kc_key_type type;
	uint8_t len;
	uint8_t attributes[11];
} kinds[] = {
	{KC_KEY_TYPE_ED25519, 10, {0x16, 0x2B, 0x06, 0x01, 0x04, 0x01, 0xDA, 0x47, 0x0F, 0x01}},
	{KC_KEY_TYPE_ED25519, 4, {0x16, 0x2B, 0x65, 0x70}},
	{KC_KEY_TYPE_X25519,
	 11,
	 {0x12, 0x2B, 0x06, 0x01, 0x04, 0x01, 0x97, 0x55, 0x01, 0x05, 0x01}},
	{KC_KEY_TYPE_X25519, 4, {0x12, 0x2B, 0x65, 0x6E}},
};

/* 4.4.3.10: behind the OID there may be a byte about imports. */
static bool find_kind(struct kc_view attributes, enum kc_key_type *ret_type)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		size_t len = kinds[i].len;

		if (attributes.len >= len && attributes.len <= len + 1 &&
		    memcmp(attributes.data, kinds[i].attributes, len) == 0) {
			*ret_type = kinds[i].type;
			return true;
		}
	}
	return false;
}

/* Cards write the 32 bytes with what OpenPGP has in front of them, or without. */
static struct kc_view without_prefix(struct kc_view point)
{
	if (point.len == 1 + CURVE25519_BYTES && point.data[0] == CURVE25519_PREFIX)
		return view_slice(point, 1, point.len);
	return point;
}

static enum kc_status read_curve25519(struct kc_token *token, struct kc_view application,
				      const struct openpgp_place *place, struct openpgp_key *key)
{
	CLEANUP(bytes_done) struct bytes attributes = BYTES_INIT(ATTRIBUTES_MAX);
	bool is_decryption = place == &openpgp_places[OPENPGP_DECRYPTION];
	enum kc_key_type type = KC_KEY_TYPE_EC;

	TRY(openpgp_find_or_get(token, application, TAG_ATTRIBUTES + place->reference,
				&attributes));
	REQUIRE(find_kind(bytes_view(&attributes), &type) &&
			is_decryption == (type == KC_KEY_TYPE_X25519),
		KC_ERR_NOT_IMPLEMENTED, "a key of a kind that keycask does not know");
	key->type = type;
	key->size_in_bits = CURVE25519_BITS;
	return KC_OK;
}

static enum kc_status read_records(struct kc_view records, struct openpgp_key *key)
{
	struct kc_view modulus = {NULL, 0};
	struct kc_view exponent = {NULL, 0};
	struct kc_view point = {NULL, 0};

	if (tlv_has(records, TAG_POINT, &point) && point.len > 0)
		return read_point(without_prefix(point), key);
	TRY(tlv_find(records, TAG_MODULUS, &modulus));
	TRY(tlv_find(records, TAG_EXPONENT, &exponent));
	return read_rsa(modulus, exponent, key);
}

static enum kc_status ask(struct kc_token *token, uint8_t p1, const struct openpgp_place *place,
			  struct openpgp_key *key)
{
	CLEANUP(openpgp_bytes_done) struct kc_bytes answer = {NULL, 0};
	const uint8_t crt[] = {place->crt, 0x00};
	const struct kc_apdu apdu = {
		.ins = INS_GENERATE, .p1 = p1, .data = VIEW_OF(crt), .le = OPENPGP_LE_ALL};
	struct kc_view records = {NULL, 0};

	TRY(openpgp_command(token, &apdu, "the public key", &answer));
	REQUIRE(answer.len > 0, KC_ERR_OBJECT_NOT_FOUND, "the card has no such key");
	records = openpgp_view(&answer);
	if (tlv_has(openpgp_view(&answer), TAG_PUBLIC_KEY, &records))
		return read_records(records, key);
	error_clear();
	return read_records(openpgp_view(&answer), key);
}

enum kc_status openpgp_read_public_key(struct kc_token *token, struct kc_view application,
				       const struct openpgp_place *place, struct openpgp_key *key)
{
	TRY(ask(token, P1_READ, place, key));
	if (key->public_key_len == CURVE25519_BYTES)
		TRY(read_curve25519(token, application, place, key));
	key->is_there = true;
	return KC_OK;
}

/* The attributes have just been changed: what the card says now. */
enum kc_status openpgp_make_public_key(struct kc_token *token, const struct openpgp_place *place,
				       struct openpgp_key *key)
{
	CLEANUP(bytes_done) struct bytes application = BYTES_INIT(APPLICATION_MAX);

	TRY(ask(token, P1_MAKE, place, key));
	if (key->public_key_len == CURVE25519_BYTES) {
		TRY(openpgp_get_application(token, &application));
		TRY(read_curve25519(token, bytes_view(&application), place, key));
	}
	key->is_there = true;
	return KC_OK;
}
