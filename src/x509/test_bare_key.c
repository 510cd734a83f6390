/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Public keys as a driver hands them out: those of OpenSSL's making, and what is none. */
#include "x509/bare_key_impl.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include "base/try.h"
#include "harness/test.h"

enum {
	KEY_MAX = 1024,
};

/* PKCS#1 RSAPublicKey, the uncompressed point, or the raw bytes. */
static struct kc_view representation(EVP_PKEY *pkey, uint8_t *room)
{
	uint8_t *at = room;
	size_t raw_len = KEY_MAX;
	int len = 0;

	CHECK(pkey);
	if (EVP_PKEY_get_raw_public_key(pkey, room, &raw_len) == 1)
		return view_of(room, raw_len);
	len = i2d_PublicKey(pkey, &at);
	CHECK(len > 0 && len <= KEY_MAX);
	return view_of(room, (size_t)len);
}

static void check_key(EVP_PKEY *pkey, const char *key_type, int size, const char *summary)
{
	CLEANUP(field_free) struct json_object *fields = NULL;
	CLEANUP(bytes_done) struct bytes again = BYTES_INIT(KEY_MAX);
	CLEANUP(bytes_done) struct bytes hash = BYTES_INIT(SHA_DIGEST_LENGTH);
	uint8_t room[KEY_MAX];
	uint8_t expected[SHA_DIGEST_LENGTH];
	struct kc_view public_key = representation(pkey, room);

	CHECK_OK(bare_key_inspect(key_type, public_key, &fields));
	CHECK_TEXT(field_text(fields, "key_type"), key_type);
	CHECK_INT(field_number(fields, "key_size_in_bits", 0), size);
	CHECK_TEXT(field_text(fields, "summary"), summary);
	CHECK_OK(field_data(fields, "public_key", &again));
	CHECK(view_equal(bytes_view(&again), public_key));
	CHECK_OK(field_data(fields, "public_key_hash", &hash));
	CHECK(SHA1(public_key.data, public_key.len, expected));
	CHECK(view_equal(bytes_view(&hash), VIEW_OF(expected)));
	EVP_PKEY_free(pkey);
}

TEST(bare_key_knows_its_kinds)
{
	check_key(EVP_RSA_gen(1024), "rsa", 1024, "RSA key of 1024 bits");
	check_key(EVP_RSA_gen(2047), "rsa", 2047, "RSA key of 2047 bits");
	check_key(EVP_EC_gen("P-256"), "ec", 256, "EC key of 256 bits");
	check_key(EVP_EC_gen("P-384"), "ec", 384, "EC key of 384 bits");
	check_key(EVP_EC_gen("P-521"), "ec", 521, "EC key of 521 bits");
	check_key(EVP_EC_gen("secp256k1"), "ec", 256, "EC key of 256 bits");
	check_key(EVP_EC_gen("brainpoolP512r1"), "ec", 512, "EC key of 512 bits");
	check_key(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), "ed25519", 256, "ed25519 key");
	check_key(EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), "x25519", 256, "x25519 key");
	check_key(EVP_PKEY_Q_keygen(NULL, NULL, "ED448"), "ed448", 456, "ed448 key");
	check_key(EVP_PKEY_Q_keygen(NULL, NULL, "X448"), "x448", 448, "x448 key");
}

static void check_refused(const char *key_type, struct kc_view public_key)
{
	struct json_object *fields = NULL;

	error_clear();
	CHECK_STATUS(bare_key_inspect(key_type, public_key, &fields), KC_ERR_DECODE);
	CHECK(!fields);
	CHECK(strstr(error_get()->message, "public key"));
}

TEST(bare_key_refuses_what_is_none)
{
	EVP_PKEY *ec = EVP_EC_gen("P-256");
	uint8_t room[KEY_MAX];
	struct kc_view point = representation(ec, room);

	check_refused("rsa", point);
	check_refused("ed25519", point);
	check_refused("dsa", point);
	check_refused("", point);
	check_refused("ec", view_of(NULL, 0));
	check_refused("rsa", view_of(NULL, 0));
	check_refused("ed25519", view_of(NULL, 0));
	check_refused("ec", view_slice(point, 0, point.len - 1));
	check_refused("ec", view_of(room, point.len + 1));
	check_refused("ec", view_of("\0", 1)); /* the point at infinity */
	room[40] ^= 1;
	check_refused("ec", point); /* off the curve */
	EVP_PKEY_free(ec);
}

/* One key, one encoding: BER, a long form, a trailing byte or a compressed point have another hash.
 */
TEST(bare_key_has_one_encoding)
{
	EVP_PKEY *rsa = EVP_RSA_gen(1024);
	EVP_PKEY *ec = EVP_EC_gen("P-256");
	uint8_t room[KEY_MAX] = {0};
	uint8_t longer[KEY_MAX] = {0x30, 0x82, 0x00};
	struct kc_view der = representation(rsa, room);
	struct kc_view point;

	CHECK_HEX(view_slice(der, 0, 2), "3081"); /* 128 bytes and more */
	check_refused("rsa", view_of(room, der.len + 1));
	check_refused("rsa", view_slice(der, 0, der.len - 1));
	memcpy(longer + 3, room + 2, der.len - 2);
	check_refused("rsa", view_of(longer, der.len + 1));
	point = representation(ec, room);
	room[0] = (uint8_t)(0x02 | (room[64] & 1));
	check_refused("ec", view_slice(point, 0, 33)); /* compressed */
	room[0] |= 0x04;
	check_refused("ec", point); /* hybrid */
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ec);
}

TEST(bare_key_refuses_sizes_that_nobody_uses)
{
	/* SEQUENCE { INTEGER 0xC5, INTEGER 3 } */
	check_refused("rsa", view_of("\x30\x07\x02\x02\x00\xC5\x02\x01\x03", 9));
	CHECK_TEXT(error_get()->message, "a public key of a size that nobody uses");
}
