/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What key it is: from a certificate, of which only as much is read as it takes to reach
 * subjectPublicKeyInfo (RFC 5280 4.1), and from the records in which a card tells a public key.
 */
#include "drivers/piv/piv.h"

#include "base/cleanup.h"
#include "base/try.h"
#include "codec/tlv.h"

enum {
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OID = 0x06,
	DER_SEQUENCE = 0x30,
	DER_VERSION = 0xA0,
	FIELDS_BEFORE_KEY = 5, /* serialNumber signature issuer validity subject */

	/* SP 800-73-5 part 2, table 11 */
	TAG_MODULUS = 0x81,
	TAG_EXPONENT = 0x82,
	TAG_POINT = 0x86,

	POINT_UNCOMPRESSED = 0x04,
	MODULUS_MAX = 4096 / 8,
};

/* --- from a certificate ------------------------------------------------------------------- */

/* The next record of @input, which must have @tag. */
static enum kc_status expect(struct kc_view *input, uint32_t tag, struct kc_view *ret_value)
{
	struct tlv tlv = {0};

	TRY(tlv_read(input, &tlv));
	REQUIRE(tlv.tag == tag, KC_ERR_CORRUPTED_DATA, "a certificate with %X where %X belongs",
		(unsigned)tlv.tag, (unsigned)tag);
	*ret_value = tlv.value;
	return KC_OK;
}

/* Certificate → tbsCertificate → subjectPublicKeyInfo */
static enum kc_status find_public_key(struct kc_view der, struct kc_view *ret_info)
{
	struct kc_view certificate = {NULL, 0};
	struct kc_view body = {NULL, 0};
	struct tlv skipped = {0};

	TRY(expect(&der, DER_SEQUENCE, &certificate));
	TRY(expect(&certificate, DER_SEQUENCE, &body));
	if (body.len > 0 && body.data[0] == DER_VERSION)
		TRY(tlv_read(&body, &skipped));
	for (int i = 0; i < FIELDS_BEFORE_KEY; i++)
		TRY(tlv_read(&body, &skipped));
	return expect(&body, DER_SEQUENCE, ret_info);
}

struct public_key {
	struct kc_view oid;
	struct kc_view curve; /* OID, empty without parameters or with other ones */
	struct kc_view bits;  /* of the BIT STRING, which holds whole bytes */
};

static enum kc_status split_public_key(struct kc_view info, struct public_key *ret_key)
{
	struct public_key key = {.curve = {NULL, 0}};
	struct kc_view algorithm = {NULL, 0};

	TRY(expect(&info, DER_SEQUENCE, &algorithm));
	TRY(expect(&algorithm, DER_OID, &key.oid));
	ignore(!tlv_has(algorithm, DER_OID, &key.curve));
	TRY(expect(&info, DER_BIT_STRING, &key.bits));
	REQUIRE(key.bits.len > 1 && key.bits.data[0] == 0, KC_ERR_CORRUPTED_DATA,
		"a public key without content");
	key.bits = view_slice(key.bits, 1, key.bits.len);
	*ret_key = key;
	return KC_OK;
}

/* rsaEncryption 1.2.840.113549.1.1.1, id-ecPublicKey 1.2.840.10045.2.1 */
static const uint8_t oid_rsa[] = {0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01};
static const uint8_t oid_ec[] = {0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01};
/* secp256r1 1.2.840.10045.3.1.7, secp384r1 1.3.132.0.34 */
static const uint8_t oid_p256[] = {0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
static const uint8_t oid_p384[] = {0x2B, 0x81, 0x04, 0x00, 0x22};

/* SP 800-78-5 table 9; 06 was RSA 1024 in older editions, 16 is what cards use for RSA 4096. */
static const struct {
	enum kc_key_type type;
	unsigned size_in_bits;
	uint8_t algorithm;
} algorithms[] = {
	{KC_KEY_TYPE_RSA, 1024, 0x06}, {KC_KEY_TYPE_RSA, 2048, 0x07}, {KC_KEY_TYPE_RSA, 3072, 0x05},
	{KC_KEY_TYPE_RSA, 4096, 0x16}, {KC_KEY_TYPE_EC, 256, 0x11},   {KC_KEY_TYPE_EC, 384, 0x14},
};

enum kc_status piv_set_algorithm(enum kc_key_type type, unsigned size_in_bits, struct piv_key *key)
{
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
		if (algorithms[i].type == type && algorithms[i].size_in_bits == size_in_bits) {
			key->type = type;
			key->size_in_bits = size_in_bits;
			key->algorithm = algorithms[i].algorithm;
			return KC_OK;
		}
	}
	return fail(KC_ERR_NOT_IMPLEMENTED, "no PIV algorithm for a key of %u bits", size_in_bits);
}

/* @bits is the key's external representation: what the BIT STRING of a certificate holds. */
static enum kc_status keep(struct kc_view bits, struct piv_key *key)
{
	REQUIRE(bits.len <= sizeof(key->public_key), KC_ERR_CORRUPTED_DATA,
		"a public key of %zu bytes", bits.len);
	memcpy(key->public_key, bits.data, bits.len);
	key->public_key_len = bits.len;
	return KC_OK;
}

static unsigned bit_length(struct kc_view number)
{
	unsigned bits = 0;

	while (number.len > 0 && number.data[0] == 0)
		number = view_slice(number, 1, number.len);
	if (number.len == 0)
		return 0;
	for (uint8_t first = number.data[0]; first != 0; first >>= 1)
		bits++;
	return bits + 8 * (unsigned)(number.len - 1);
}

/* RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER } */
static enum kc_status read_rsa(struct kc_view bits, struct piv_key *key)
{
	struct kc_view rest = bits;
	struct kc_view numbers = {NULL, 0};
	struct kc_view modulus = {NULL, 0};
	struct kc_view exponent = {NULL, 0};

	TRY(expect(&rest, DER_SEQUENCE, &numbers));
	TRY(expect(&numbers, DER_INTEGER, &modulus));
	TRY(expect(&numbers, DER_INTEGER, &exponent));
	REQUIRE(modulus.len > 0 && !(modulus.data[0] & 0x80) && exponent.len > 0,
		KC_ERR_CORRUPTED_DATA, "an RSA key with a negative modulus");
	TRY(piv_set_algorithm(KC_KEY_TYPE_RSA, bit_length(modulus), key));
	return keep(bits, key);
}

/* RFC 5480 2.2: ECPoint, uncompressed 04 X Y. */
static enum kc_status read_point(struct kc_view point, unsigned size, struct piv_key *key)
{
	REQUIRE(point.len == 1 + 2 * size / 8 && point.data[0] == POINT_UNCOMPRESSED,
		KC_ERR_CORRUPTED_DATA, "an EC key whose point does not fit its curve");
	TRY(piv_set_algorithm(KC_KEY_TYPE_EC, size, key));
	return keep(point, key);
}

static enum kc_status read_ec(const struct public_key *public_key, struct piv_key *key)
{
	unsigned size = 0;

	if (view_equal(public_key->curve, VIEW_OF(oid_p256)))
		size = 256;
	else if (view_equal(public_key->curve, VIEW_OF(oid_p384)))
		size = 384;
	REQUIRE(size != 0, KC_ERR_NOT_IMPLEMENTED, "a curve that PIV does not know");
	return read_point(public_key->bits, size, key);
}

enum kc_status piv_read_public_key(struct kc_view der, struct piv_key *key)
{
	struct public_key public_key = {0};
	struct kc_view info = {NULL, 0};

	TRY(find_public_key(der, &info));
	TRY(split_public_key(info, &public_key));
	if (view_equal(public_key.oid, VIEW_OF(oid_rsa)))
		return read_rsa(public_key.bits, key);
	REQUIRE(view_equal(public_key.oid, VIEW_OF(oid_ec)), KC_ERR_NOT_IMPLEMENTED,
		"a public key that is neither RSA nor EC");
	return read_ec(&public_key, key);
}

/* --- from the card ------------------------------------------------------------------------ */

/* An unsigned number as DER has it: without needless zeros, with the one that makes it positive. */
static enum kc_status put_number(struct kc_view number, struct bytes *der)
{
	bool needs_zero = false;

	while (number.len > 1 && number.data[0] == 0)
		number = view_slice(number, 1, number.len);
	REQUIRE(number.len > 0 && number.len <= MODULUS_MAX, KC_ERR_CORRUPTED_DATA,
		"an RSA key with a number of %zu bytes", number.len);
	needs_zero = number.data[0] & 0x80;
	TRY(tlv_put_header(der, DER_INTEGER, number.len + needs_zero));
	if (needs_zero)
		TRY(bytes_append_byte(der, 0));
	return bytes_append(der, number);
}

static enum kc_status read_rsa_records(struct kc_view records, struct piv_key *key)
{
	CLEANUP(bytes_done) struct bytes numbers = BYTES_INIT(2 * PIV_PUBLIC_KEY_MAX);
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(2 * PIV_PUBLIC_KEY_MAX + 8);
	struct kc_view modulus = {NULL, 0};
	struct kc_view exponent = {NULL, 0};

	TRY(tlv_find(records, TAG_MODULUS, &modulus));
	TRY(tlv_find(records, TAG_EXPONENT, &exponent));
	TRY(put_number(modulus, &numbers));
	TRY(put_number(exponent, &numbers));
	TRY(tlv_put(&der, DER_SEQUENCE, bytes_view(&numbers)));
	return read_rsa(bytes_view(&der), key);
}

static unsigned size_of(uint8_t algorithm, enum kc_key_type *ret_type)
{
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
		if (algorithms[i].algorithm == algorithm) {
			*ret_type = algorithms[i].type;
			return algorithms[i].size_in_bits;
		}
	}
	return 0;
}

enum kc_status piv_read_public_records(struct kc_view records, uint8_t algorithm,
				       struct piv_key *key)
{
	enum kc_key_type type = KC_KEY_TYPE_RSA;
	unsigned size = size_of(algorithm, &type);
	struct kc_view point = {NULL, 0};

	REQUIRE(size > 0, KC_ERR_NOT_IMPLEMENTED, "a key of the unknown algorithm %02X", algorithm);
	if (type == KC_KEY_TYPE_EC) {
		TRY(tlv_find(records, TAG_POINT, &point));
		return read_point(point, size, key);
	}
	TRY(read_rsa_records(records, key));
	REQUIRE(key->size_in_bits == size, KC_ERR_CORRUPTED_DATA,
		"an RSA key of %u bits where %u belong", key->size_in_bits, size);
	return KC_OK;
}
