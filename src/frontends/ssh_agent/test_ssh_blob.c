/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blobs of keys and certificates, and numbers of RSA keys, against what OpenSSH and others say. */
#include "frontends/ssh_agent/ssh_blob.h"

#include "base/try.h"
#include "codec/hex.h"
#include "codec/ssh_wire.h"
#include "frontends/ssh_agent/ssh_modulo.h"
#include "harness/test.h"

TEST(a_fingerprint_is_the_hash_of_the_blob)
{
	char text[SSH_BLOB_FINGERPRINT_MAX];

	ssh_blob_fingerprint(view_of_text("abc"), text);
	CHECK_TEXT(text, "SHA256:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0");
}

/* 1009 is prime: 5000 mod 1008 = 968; and the same with zeros in front. */
TEST(remainders)
{
	static const struct {
		const char *number;
		const char *prime;
		const char *remainder;
	} cases[] = {
		{"1388", "03F1", "03C8"}, {"00001388", "03F1", "03C8"},
		{"", "03F1", "0000"},	  {"03F0", "03F1", "0000"},
		{"03EF", "03F1", "03EF"}, {"FFFFFFFFFFFF", "FB", "9B"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(bytes_done) struct bytes number = BYTES_INIT(64);
		CLEANUP(bytes_done) struct bytes prime = BYTES_INIT(64);
		uint8_t remainder[64];

		CHECK_OK(hex_decode(cases[i].number, &number));
		CHECK_OK(hex_decode(cases[i].prime, &prime));
		CHECK_OK(ssh_modulo_prime_minus_1(bytes_view(&number), bytes_view(&prime),
						  remainder));
		CHECK_HEX(view_of(remainder, prime.len), cases[i].remainder);
	}
}

TEST(what_is_no_prime)
{
	uint8_t remainder[8];

	CHECK_STATUS(ssh_modulo_prime_minus_1(view_of_text("x"), view_of_text(""), remainder),
		     KC_ERR_DECODE);
	CHECK_STATUS(ssh_modulo_prime_minus_1(view_of_text("x"), view_of("\0\1", 2), remainder),
		     KC_ERR_DECODE);
	CHECK_STATUS(ssh_modulo_prime_minus_1(view_of_text("x"), view_of("\2", 1), remainder),
		     KC_ERR_DECODE);
}

/* RFC 4251 section 5 has these. */
TEST(numbers_of_the_wire)
{
	static const char *const known[][2] = {{"", "00000000"},
					       {"80", "000000020080"},
					       {"09A378F9B2E332A7", "0000000809A378F9B2E332A7"}};

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		CLEANUP(bytes_done) struct bytes number = BYTES_INIT(64);
		CLEANUP(bytes_done) struct bytes encoded = BYTES_INIT(64);
		struct kc_view input;
		struct kc_view read;

		CHECK_OK(hex_decode(known[i][0], &number));
		CHECK_OK(ssh_wire_put_mpint(&encoded, bytes_view(&number)));
		CHECK_HEX(bytes_view(&encoded), known[i][1]);
		input = bytes_view(&encoded);
		CHECK_OK(ssh_wire_mpint(&input, &read));
		CHECK_HEX(read, known[i][0]);
	}
}

TEST(numbers_that_are_none)
{
	static const char *const wrong[] = {"0000000180", "00000002007F", "0000000100",
					    "00000002FF", "000000"};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		CLEANUP(bytes_done) struct bytes encoded = BYTES_INIT(64);
		struct kc_view input;
		struct kc_view read;

		CHECK_OK(hex_decode(wrong[i], &encoded));
		input = bytes_view(&encoded);
		CHECK_STATUS(ssh_wire_mpint(&input, &read), KC_ERR_DECODE);
		error_clear();
	}
}

TEST(kinds_of_keys)
{
	CHECK_TEXT(ssh_kind_of("ec", 384)->name, "ecdsa-sha2-nistp384");
	CHECK_TEXT(ssh_kind_of("rsa", 2048)->name, "ssh-rsa");
	CHECK(!ssh_kind_of("rsa", 1024) && !ssh_kind_of("ec", 224) && !ssh_kind_of("x25519", 255));
	CHECK(!ssh_kind_of("ed448", 448) && !ssh_kind_of(NULL, 0));
}
