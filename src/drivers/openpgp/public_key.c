/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The public keys: OpenPGP card 3.4, 7.2.14, GENERATE ASYMMETRIC KEY PAIR with P1 81 reads one:
 * 7F49 with 81 modulus and 82 exponent, or 86 point. A point does not say on which curve it lies;
 * the daemon finds that out, and the point's size is that of the curve.
 */
#include "base/cleanup.h"
#include "base/try.h"
#include "codec/tlv.h"
#include "drivers/openpgp/openpgp.h"

enum {
	INS_GENERATE = 0x47,
	P1_READ = 0x81,
	TAG_PUBLIC_KEY = 0x7F49,
	TAG_MODULUS = 0x81,
	TAG_EXPONENT = 0x82,
	TAG_POINT = 0x86,
	POINT_UNCOMPRESSED = 0x04,
	MODULUS_BITS_MIN = 1024,
	MODULUS_BITS_MAX = 4096,
	EXPONENT_BYTES_MAX = 8,
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
	key->is_there = true;
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

	/* Curve25519: 32 bytes, or 33 that begin with 40. */
	REQUIRE(point.len % 2 == 1 && point.data[0] == POINT_UNCOMPRESSED && bits > 0,
		KC_ERR_NOT_IMPLEMENTED, "a key of a kind that keycask does not know");
	key->type = KC_KEY_TYPE_EC;
	key->size_in_bits = bits;
	return keep(point, key);
}

static enum kc_status read_records(struct kc_view records, struct openpgp_key *key)
{
	struct kc_view modulus = {NULL, 0};
	struct kc_view exponent = {NULL, 0};
	struct kc_view point = {NULL, 0};

	if (tlv_has(records, TAG_POINT, &point) && point.len > 0)
		return read_point(point, key);
	TRY(tlv_find(records, TAG_MODULUS, &modulus));
	TRY(tlv_find(records, TAG_EXPONENT, &exponent));
	return read_rsa(modulus, exponent, key);
}

enum kc_status openpgp_read_public_key(struct kc_token *token, const struct openpgp_place *place,
				       struct openpgp_key *key)
{
	CLEANUP(openpgp_bytes_done) struct kc_bytes answer = {NULL, 0};
	const uint8_t crt[] = {place->crt, 0x00};
	const struct kc_apdu apdu = {
		.ins = INS_GENERATE, .p1 = P1_READ, .data = VIEW_OF(crt), .le = OPENPGP_LE_ALL};
	struct kc_view records = {NULL, 0};

	TRY(openpgp_command(token, &apdu, "the public key", &answer));
	REQUIRE(answer.len > 0, KC_ERR_OBJECT_NOT_FOUND, "the card has no such key");
	records = openpgp_view(&answer);
	if (tlv_has(openpgp_view(&answer), TAG_PUBLIC_KEY, &records))
		return read_records(records, key);
	error_clear();
	return read_records(openpgp_view(&answer), key);
}
