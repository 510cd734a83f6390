/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What GnuPG knows a key by: the fingerprint of a version 4 key (RFC 9580, 5.5.4.2), a SHA-1 over
 * creation time, algorithm and public key as an OpenPGP packet has them. A card stores it and the
 * time because it cannot tell them from the key (OpenPGP card 3.4, 4.3.2 and 4.4.3.1: C7 to C9, CE
 * to D0).
 */
#include "base/cleanup.h"
#include "base/try.h"
#include "codec/sha1.h"
#include "codec/tlv.h"
#include "drivers/openpgp/openpgp.h"

enum {
	PACKET_START = 0x99,
	KEY_VERSION = 4,
	ALGORITHM_RSA = 1, /* RFC 9580, 9.1 */
	ALGORITHM_ECDH = 18,
	ALGORITHM_ECDSA = 19,
	ALGORITHM_EDDSA = 22,
	CURVE25519_PREFIX = 0x40,
	DER_INTEGER = 0x02,
	DER_SEQUENCE = 0x30,
	MATERIAL_MAX = 1024,
};

/* RFC 9580, 3.2: a length in bits, and the number without leading zeros. */
static enum kc_status put_number(struct bytes *out, struct kc_view number)
{
	size_t bits = 0;

	while (number.len > 0 && number.data[0] == 0)
		number = view_slice(number, 1, number.len);
	if (number.len == 0)
		return fail(KC_ERR_CORRUPTED_DATA, "a public key of nothing");
	bits = number.len * 8;
	for (uint8_t first = number.data[0]; !(first & 0x80); first = (uint8_t)(first << 1))
		bits--;
	TRY(bytes_append_byte(out, (uint8_t)(bits >> 8)));
	TRY(bytes_append_byte(out, (uint8_t)bits));
	return bytes_append(out, number);
}

static enum kc_status put_rsa(struct bytes *out, struct kc_view der)
{
	struct kc_view numbers = {NULL, 0};
	struct tlv modulus = {0};
	struct tlv exponent = {0};

	TRY(tlv_find(der, DER_SEQUENCE, &numbers));
	TRY(tlv_read(&numbers, &modulus));
	TRY(tlv_read(&numbers, &exponent));
	REQUIRE(modulus.tag == DER_INTEGER && exponent.tag == DER_INTEGER, KC_ERR_CORRUPTED_DATA,
		"an RSA key of a wrong form");
	TRY(put_number(out, modulus.value));
	return put_number(out, exponent.value);
}

/* RFC 9580, 11.5: with which hash and cipher a session key is wrapped; GnuPG's choice by size. */
static enum kc_status put_ecdh_terms(struct bytes *out, unsigned size_in_bits)
{
	static const uint8_t small[] = {3, 1, 8, 7};  /* SHA-256, AES-128 */
	static const uint8_t medium[] = {3, 1, 9, 9}; /* SHA-384, AES-256 */
	static const uint8_t large[] = {3, 1, 10, 9}; /* SHA-512, AES-256 */

	if (size_in_bits <= 256)
		return bytes_append(out, VIEW_OF(small));
	return bytes_append(out, size_in_bits <= 384 ? VIEW_OF(medium) : VIEW_OF(large));
}

static enum kc_status put_curve(struct bytes *out, enum openpgp_index index,
				const struct openpgp_key *key)
{
	CLEANUP(bytes_done) struct bytes point = BYTES_INIT(OPENPGP_PUBLIC_KEY_MAX + 1);
	struct kc_view oid = openpgp_curve_oid(key->type, key->size_in_bits);

	if (key->type != KC_KEY_TYPE_EC)
		TRY(bytes_append_byte(&point, CURVE25519_PREFIX));
	TRY(bytes_append(&point, view_of(key->public_key, key->public_key_len)));
	TRY(bytes_append_byte(out, (uint8_t)oid.len));
	TRY(bytes_append(out, oid));
	TRY(put_number(out, bytes_view(&point)));
	return index == OPENPGP_DECRYPTION ? put_ecdh_terms(out, key->size_in_bits) : KC_OK;
}

static uint8_t algorithm_of(enum openpgp_index index, const struct openpgp_key *key)
{
	if (key->type == KC_KEY_TYPE_RSA)
		return ALGORITHM_RSA;
	if (key->type == KC_KEY_TYPE_ED25519)
		return ALGORITHM_EDDSA;
	return index == OPENPGP_DECRYPTION ? ALGORITHM_ECDH : ALGORITHM_ECDSA;
}

static enum kc_status put_packet(struct bytes *packet, struct kc_view body)
{
	TRY(bytes_append_byte(packet, PACKET_START));
	TRY(bytes_append_byte(packet, (uint8_t)(body.len >> 8)));
	TRY(bytes_append_byte(packet, (uint8_t)body.len));
	return bytes_append(packet, body);
}

enum kc_status openpgp_fingerprint(enum openpgp_index index, const struct openpgp_key *key,
				   const uint8_t created[OPENPGP_TIME_BYTES],
				   uint8_t fingerprint[OPENPGP_FINGERPRINT_BYTES])
{
	CLEANUP(bytes_done) struct bytes body = BYTES_INIT(MATERIAL_MAX);
	CLEANUP(bytes_done) struct bytes packet = BYTES_INIT(MATERIAL_MAX + 3);
	const struct kc_view public_key = view_of(key->public_key, key->public_key_len);

	TRY(bytes_append_byte(&body, KEY_VERSION));
	TRY(bytes_append(&body, view_of(created, OPENPGP_TIME_BYTES)));
	TRY(bytes_append_byte(&body, algorithm_of(index, key)));
	if (key->type == KC_KEY_TYPE_RSA)
		TRY(put_rsa(&body, public_key));
	else
		TRY(put_curve(&body, index, key));
	TRY(put_packet(&packet, bytes_view(&body)));
	sha1_digest(bytes_view(&packet), fingerprint);
	return KC_OK;
}
