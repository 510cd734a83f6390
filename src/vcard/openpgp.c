/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables of the OpenPGP card edge: keys, and algorithm attributes with the OIDs of RFC 5480,
 * and of GnuPG for Curve25519 (OpenPGP card 3.4, 4.4.3.10 names the NIST curves only).
 */
#include "vcard/openpgp.h"

#include "base/try.h"

enum {
	ALGORITHM_RSA = 0x01,
	ALGORITHM_ECDH = 0x12,
	ALGORITHM_ECDSA = 0x13,
	ALGORITHM_EDDSA = 0x16,
	RSA_EXPONENT_BITS = 32,
	RSA_IMPORT_STANDARD = 0, /* e, p, q */
	RSA_ATTRIBUTES_BYTES = 6,
	WITH_PUBLIC_KEY = 0xFF, /* behind an OID: imports bring the public key */
};

static const struct openpgp_slot slots[OPENPGP_N_KEYS] = {
	[OPENPGP_SIGNATURE] = {"sig", 0xB6, 1, 2},
	[OPENPGP_DECRYPTION] = {"dec", 0xB8, 2, 1},
	[OPENPGP_AUTHENTICATION] = {"aut", 0xA4, 3, 0},
};

struct curve_oid {
	size_t len;
	uint8_t bytes[10];
};

static const struct curve_oid curve_oids[KEY_N_TYPES] = {
	[KEY_TYPE_P256] = {8, {0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07}},
	[KEY_TYPE_P384] = {5, {0x2B, 0x81, 0x04, 0x00, 0x22}},
	[KEY_TYPE_P521] = {5, {0x2B, 0x81, 0x04, 0x00, 0x23}},
	[KEY_TYPE_ED25519] = {9, {0x2B, 0x06, 0x01, 0x04, 0x01, 0xDA, 0x47, 0x0F, 0x01}},
	[KEY_TYPE_X25519] = {10, {0x2B, 0x06, 0x01, 0x04, 0x01, 0x97, 0x55, 0x01, 0x05, 0x01}},
};

const struct openpgp_slot *openpgp_slot_at(size_t index)
{
	return &slots[index];
}

size_t openpgp_slot_by_crt(uint32_t crt)
{
	size_t i = 0;

	while (i < OPENPGP_N_KEYS && slots[i].crt != crt)
		i++;
	return i;
}

size_t openpgp_slot_named(const char *name)
{
	size_t i = 0;

	while (i < OPENPGP_N_KEYS && strcmp(slots[i].name, name) != 0)
		i++;
	return i;
}

bool openpgp_takes_type(size_t index, const struct key_type *type)
{
	if (type->family == KEY_MONTGOMERY)
		return index == OPENPGP_DECRYPTION;
	return type->family != KEY_EDWARDS || index != OPENPGP_DECRYPTION;
}

static uint8_t algorithm_of(size_t index, const struct key_type *type)
{
	if (type->family == KEY_EDWARDS)
		return ALGORITHM_EDDSA;
	return index == OPENPGP_DECRYPTION ? ALGORITHM_ECDH : ALGORITHM_ECDSA;
}

enum kc_status openpgp_put_attributes(size_t index, const struct key_type *type,
				      struct bytes *bytes)
{
	const struct curve_oid *oid = &curve_oids[type - key_types];
	const uint8_t rsa[] = {ALGORITHM_RSA,		(uint8_t)(type->rsa_bits >> 8),
			       (uint8_t)type->rsa_bits, 0,
			       RSA_EXPONENT_BITS,	RSA_IMPORT_STANDARD};

	if (type->family == KEY_RSA)
		return bytes_append(bytes, VIEW_OF(rsa));
	TRY(bytes_append_byte(bytes, algorithm_of(index, type)));
	return bytes_append(bytes, view_of(oid->bytes, oid->len));
}

/* RSA: whatever its exponent's size and its import format are; this card takes all of them. */
static bool is_rsa_of(struct kc_view attributes, const struct key_type *type)
{
	return attributes.len == RSA_ATTRIBUTES_BYTES && attributes.data[0] == ALGORITHM_RSA &&
	       (attributes.data[1] << 8 | attributes.data[2]) == type->rsa_bits;
}

static bool is_meant(size_t index, struct kc_view attributes, const struct key_type *type)
{
	CLEANUP(bytes_done) struct bytes ours = BYTES_INIT(OPENPGP_ATTRIBUTES_MAX);

	if (type->family == KEY_RSA)
		return is_rsa_of(attributes, type);
	if (attributes.len > 1 && attributes.data[attributes.len - 1] == WITH_PUBLIC_KEY)
		attributes.len--;
	return openpgp_put_attributes(index, type, &ours) == KC_OK &&
	       view_equal(attributes, bytes_view(&ours));
}

const struct key_type *openpgp_type_for(size_t index, struct kc_view attributes)
{
	for (size_t i = 0; i < KEY_N_TYPES; i++)
		if (openpgp_takes_type(index, &key_types[i]) &&
		    is_meant(index, attributes, &key_types[i]))
			return &key_types[i];
	return NULL;
}
