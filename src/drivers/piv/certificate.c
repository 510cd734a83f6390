/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From the container of a certificate to its DER and to the key it certifies. Only as much X.509
 * is read as it takes to reach subjectPublicKeyInfo (RFC 5280 4.1): what a certificate says is for
 * keycask-x509 to find out, whether it is true for whoever asks.
 */
#include "drivers/piv/piv.h"

#include <stdlib.h>

/* next_in points to const: zlib only reads there. */
#define ZLIB_CONST
#include <zlib.h>

#include "base/cleanup.h"
#include "base/try.h"
#include "codec/tlv.h"

enum {
	TAG_CERTIFICATE = 0x70,
	TAG_CERTIFICATE_INFO = 0x71,
	INFO_COMPRESSED = 0x01,
	INFLATE_GZIP_OR_ZLIB = 15 + 32, /* zlib: largest window, header found out */
	CERTIFICATE_MAX = 16 * 1024,

	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OID = 0x06,
	DER_SEQUENCE = 0x30,
	DER_VERSION = 0xA0,
	FIELDS_BEFORE_KEY = 5, /* serialNumber signature issuer validity subject */

	POINT_UNCOMPRESSED = 0x04,
};

/* --- the container ---------------------------------------------------------------------------- */

static void inflate_done(z_stream *stream)
{
	ignore(inflateEnd(stream));
}

/* A certificate that unfolds to more than CERTIFICATE_MAX is a bomb, or useless. */
static enum kc_status inflate_certificate(struct kc_view packed, struct bytes *der)
{
	CLEANUP(inflate_done) z_stream stream = {0};
	int result = 0;

	TRY(bytes_reserve(der, CERTIFICATE_MAX));
	stream.next_in = packed.data;
	stream.avail_in = (uInt)packed.len;
	stream.next_out = der->data;
	stream.avail_out = CERTIFICATE_MAX;
	REQUIRE(inflateInit2(&stream, INFLATE_GZIP_OR_ZLIB) == Z_OK, KC_ERR_ALLOCATE,
		"out of memory");
	result = inflate(&stream, Z_FINISH);
	REQUIRE(result == Z_STREAM_END, KC_ERR_CORRUPTED_DATA,
		"a compressed certificate that is damaged or longer than %d bytes",
		CERTIFICATE_MAX);
	der->len = CERTIFICATE_MAX - stream.avail_out;
	return KC_OK;
}

/* Exactly one SEQUENCE: what stands around it is no certificate. */
static enum kc_status require_sequence(struct kc_view der)
{
	struct tlv tlv = {0};

	TRY(tlv_read(&der, &tlv));
	REQUIRE(tlv.tag == DER_SEQUENCE && der.len == 0, KC_ERR_CORRUPTED_DATA,
		"a certificate that is not one SEQUENCE");
	return KC_OK;
}

/* SP 800-73-5 part 1, table 10 ff.: 70 certificate, 71 CertInfo, FE error detection code. */
enum kc_status piv_get_certificate(struct kc_view object, struct kc_bytes *ret_der)
{
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(CERTIFICATE_MAX);
	struct kc_view content = {NULL, 0};
	struct kc_view value = {NULL, 0};
	struct kc_view info = {NULL, 0};

	TRY(piv_unwrap(object, &content));
	TRY(tlv_find(content, TAG_CERTIFICATE, &value));
	REQUIRE(value.len > 0 && value.len <= CERTIFICATE_MAX, KC_ERR_CORRUPTED_DATA,
		"a certificate of %zu bytes", value.len);
	if (tlv_has(content, TAG_CERTIFICATE_INFO, &info) && info.len == 1 &&
	    (info.data[0] & INFO_COMPRESSED))
		TRY(inflate_certificate(value, &der));
	else
		TRY(bytes_append(&der, value));
	TRY(require_sequence(bytes_view(&der)));
	*ret_der = bytes_take(&der);
	return KC_OK;
}

/* --- the public key --------------------------------------------------------------------------- */

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

static enum kc_status set_algorithm(enum kc_key_type type, unsigned size_in_bits,
				    struct piv_key *ret_key)
{
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
		if (algorithms[i].type == type && algorithms[i].size_in_bits == size_in_bits) {
			*ret_key = (struct piv_key){.type = type,
						    .size_in_bits = size_in_bits,
						    .algorithm = algorithms[i].algorithm};
			return KC_OK;
		}
	}
	return fail(KC_ERR_NOT_IMPLEMENTED, "no PIV algorithm for a key of %u bits", size_in_bits);
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
static enum kc_status read_rsa(struct kc_view bits, struct piv_key *ret_key)
{
	struct kc_view numbers = {NULL, 0};
	struct kc_view modulus = {NULL, 0};
	struct kc_view exponent = {NULL, 0};

	TRY(expect(&bits, DER_SEQUENCE, &numbers));
	TRY(expect(&numbers, DER_INTEGER, &modulus));
	TRY(expect(&numbers, DER_INTEGER, &exponent));
	REQUIRE(modulus.len > 0 && !(modulus.data[0] & 0x80) && exponent.len > 0,
		KC_ERR_CORRUPTED_DATA, "an RSA key with a negative modulus");
	return set_algorithm(KC_KEY_TYPE_RSA, bit_length(modulus), ret_key);
}

/* RFC 5480 2.2: ECPoint, uncompressed 04 X Y. */
static enum kc_status read_ec(const struct public_key *key, struct piv_key *ret_key)
{
	unsigned size = 0;

	if (view_equal(key->curve, VIEW_OF(oid_p256)))
		size = 256;
	else if (view_equal(key->curve, VIEW_OF(oid_p384)))
		size = 384;
	REQUIRE(size != 0, KC_ERR_NOT_IMPLEMENTED, "a curve that PIV does not know");
	REQUIRE(key->bits.len == 1 + 2 * size / 8 && key->bits.data[0] == POINT_UNCOMPRESSED,
		KC_ERR_CORRUPTED_DATA, "an EC key whose point does not fit its curve");
	return set_algorithm(KC_KEY_TYPE_EC, size, ret_key);
}

enum kc_status piv_read_public_key(struct kc_view der, struct piv_key *ret_key)
{
	struct public_key key = {0};
	struct kc_view info = {NULL, 0};

	TRY(find_public_key(der, &info));
	TRY(split_public_key(info, &key));
	if (view_equal(key.oid, VIEW_OF(oid_rsa)))
		return read_rsa(key.bits, ret_key);
	REQUIRE(view_equal(key.oid, VIEW_OF(oid_ec)), KC_ERR_NOT_IMPLEMENTED,
		"a public key that is neither RSA nor EC");
	return read_ec(&key, ret_key);
}
