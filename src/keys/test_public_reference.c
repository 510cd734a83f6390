/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* References that contain a public key: there and back, and what is none. */
#include "keys/public_reference.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>

#include "base/try.h"
#include "harness/test.h"
#include "keys/private_pkey_impl.h"
#include "keys/public_key_impl.h"

/* Take out of @pkey, which is freed. */
static struct bytes public_of(EVP_PKEY *pkey)
{
	struct bytes public_key = BYTES_INIT(PRIVATE_KEY_PUBLIC_MAX);

	CHECK(pkey);
	CHECK_OK(private_pkey_put_public(pkey, &public_key));
	EVP_PKEY_free(pkey);
	return public_key;
}

static void check_there_and_back(const char *key_type, unsigned size_in_bits, EVP_PKEY *pkey)
{
	CLEANUP(bytes_done) struct bytes public_key = public_of(pkey);
	CLEANUP(bytes_done) struct bytes reference = BYTES_INIT(PUBLIC_REFERENCE_MAX);
	CLEANUP(private_key_done) struct private_key key = {.key_class = NULL};

	CHECK_OK(public_reference_put(key_type, bytes_view(&public_key), &reference));
	CHECK(public_reference_is(bytes_view(&reference)));
	CHECK_OK(public_reference_get(bytes_view(&reference), &key));
	CHECK_TEXT(key.key_class, "public");
	CHECK_TEXT(key.key_type, key_type);
	CHECK_INT(key.size_in_bits, size_in_bits);
	CHECK(view_equal(bytes_view(&key.public_key), bytes_view(&public_key)));
}

TEST(there_and_back)
{
	check_there_and_back("rsa", 1024, EVP_RSA_gen(1024));
	check_there_and_back("ec", 256, EVP_EC_gen("P-256"));
	check_there_and_back("ec", 521, EVP_EC_gen("P-521"));
	check_there_and_back("ed25519", 256, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
	check_there_and_back("x25519", 256, EVP_PKEY_Q_keygen(NULL, NULL, "X25519"));
	check_there_and_back("ed448", 456, EVP_PKEY_Q_keygen(NULL, NULL, "ED448"));
	check_there_and_back("x448", 448, EVP_PKEY_Q_keygen(NULL, NULL, "X448"));
}

static void check_refused(struct kc_view view, const char *why)
{
	struct private_key key = {.key_class = NULL};

	error_clear();
	CHECK_STATUS(public_reference_get(view, &key), KC_ERR_PARAM);
	CHECK_TEXT(error_get()->message, why);
}

static const uint8_t x25519[] = "kcpk\x30\x2a\x0c\x06x25519\x04\x20"
				"0123456789abcdef0123456789abcdef";
enum {
	X25519_LEN = sizeof(x25519) - 1, /* no NUL */
};

TEST(other_bytes)
{
	const char *why = "not a reference to a public key";

	check_refused(view_of(NULL, 0), why);
	check_refused(view_of_text("kcpk"), why);
	check_refused(view_of_text("keys0123456789abcdef"), why);
	for (size_t len = 0; len < X25519_LEN; len++)
		check_refused(view_of(x25519, len), why);
	check_refused(VIEW_OF(x25519), why); /* one byte too many */
	CHECK(!public_reference_is(view_of_text("kcp")));
	CHECK(!public_reference_is(view_of_text("kct1")));
}

TEST(no_such_key)
{
	static const uint8_t other_type[] = "kcpk\x30\x07\x0c\x03"
					    "aes\x04";
	static const uint8_t short_key[] = "kcpk\x30\x0b\x0c\x06x25519\x04\x01x";
	static const uint8_t no_type[] = "kcpk\x30\x05\x0c\x00\x04\x01x";

	check_refused(VIEW_OF(other_type), "the key in this reference is no public key of type "
					   "\"aes\"");
	check_refused(view_of(short_key, sizeof(short_key) - 1),
		      "the key in this reference is no public key of type \"x25519\"");
	check_refused(view_of(no_type, sizeof(no_type) - 1), "not a reference to a public key");
}

/* Equal keys, equal bytes: another form of the length is not taken. */
TEST(other_form)
{
	static const uint8_t long_length[] = "kcpk\x30\x81\x2a\x0c\x06x25519\x04\x20"
					     "0123456789abcdef0123456789abcdef";
	struct private_key key = {.key_class = NULL};

	CHECK_OK(public_reference_get(view_of(x25519, X25519_LEN), &key));
	private_key_done(&key);
	check_refused(view_of(long_length, sizeof(long_length) - 1),
		      "not a reference to a public key in its one form");
}

TEST(too_long)
{
	CLEANUP(bytes_done) struct bytes reference = BYTES_INIT(PUBLIC_REFERENCE_MAX);
	static const uint8_t key[PUBLIC_REFERENCE_MAX];

	CHECK_STATUS(public_reference_put("rsa", VIEW_OF(key), &reference), KC_ERR_PARAM);
}
