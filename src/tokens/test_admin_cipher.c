/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Management keys: what is one, and single blocks from the standards. */
#include "tokens/admin_cipher.h"

#include <string.h>

#include "base/error.h"
#include "codec/hex.h"
#include "harness/test.h"

static void check_block(const char *name, const char *key_text, const char *plain,
			const char *enciphered)
{
	CLEANUP(secret_done) struct secret key = {0};
	CLEANUP(bytes_done) struct bytes input = BYTES_INIT(ADMIN_CIPHER_BLOCK_MAX);
	const struct admin_cipher *cipher = admin_cipher_find(name);
	uint8_t output[ADMIN_CIPHER_BLOCK_MAX];
	uint8_t back[ADMIN_CIPHER_BLOCK_MAX];
	struct kc_view block;

	CHECK(cipher);
	CHECK_OK(hex_decode(plain, &input));
	CHECK_OK(admin_cipher_read_key(cipher, view_of_text(key_text), &key));
	CHECK_OK(admin_cipher_run(cipher, &key, true, bytes_view(&input), output));
	block = view_of(output, admin_cipher_block_bytes(cipher));
	CHECK_HEX(block, enciphered);
	CHECK_OK(admin_cipher_run(cipher, &key, false, block, back));
	CHECK_HEX(view_of(back, block.len), plain);
}

/* FIPS 197, appendix C; SP 800-67, appendix B. */
TEST(blocks_of_the_standards)
{
	check_block("aes128", "000102030405060708090a0b0c0d0e0f",
		    "00112233445566778899AABBCCDDEEFF", "69C4E0D86A7B0430D8CDB78070B4C55A");
	check_block("aes192", "000102030405060708090A0B0C0D0E0F1011121314151617",
		    "00112233445566778899AABBCCDDEEFF", "DDA97CA4864CDFE06EAF70A0EC0D7191");
	check_block("aes256", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
		    "00112233445566778899AABBCCDDEEFF", "8EA2B7CA516745BFEAFC49904B496089");
	check_block("3des", "0123456789ABCDEF23456789ABCDEF01456789ABCDEF0123", "5468652071756663",
		    "A826FD8CE53B855F");
}

static void check_no_key(const char *text)
{
	CLEANUP(secret_done) struct secret key = {0};

	error_clear();
	CHECK_STATUS(admin_cipher_read_key(admin_cipher_find("aes128"), view_of_text(text), &key),
		     KC_ERR_AUTH_FAILED);
	CHECK(strstr(error_get()->hint, "32 hexadecimal digits"));
	CHECK(!strstr(error_get()->message, text) || !text[0]);
}

TEST(what_is_no_management_key)
{
	check_no_key("");
	check_no_key("000102030405060708090a0b0c0d0e");
	check_no_key("000102030405060708090a0b0c0d0e0f10");
	check_no_key("000102030405060708090a0b0c0d0e0g");
	check_no_key("000102030405060708090a0b0c0d0e0 ");
	check_no_key("123456");
	CHECK(!admin_cipher_find("rot13"));
	CHECK(!admin_cipher_find(NULL));
}

/* From a card: whatever it sends. */
TEST(a_block_of_the_wrong_size)
{
	CLEANUP(secret_done) struct secret key = {0};
	const struct admin_cipher *cipher = admin_cipher_find("3des");
	uint8_t output[ADMIN_CIPHER_BLOCK_MAX];

	CHECK_OK(admin_cipher_read_key(
		cipher, view_of_text("010203040506070801020304050607080102030405060708"), &key));
	CHECK_STATUS(admin_cipher_run(cipher, &key, false, view_of_text("1234567"), output),
		     KC_ERR_CORRUPTED_DATA);
	CHECK_STATUS(admin_cipher_run(cipher, &key, false, view_of(NULL, 0), output),
		     KC_ERR_CORRUPTED_DATA);
}
