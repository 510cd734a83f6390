/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The OpenPGP application's keys: made, imported, used, touched. */
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

#include "harness/test.h"
#include "vcard/test_terminal.h"

#define PW1_SIGN "0020008106313233343536"
#define PW1	 "0020008206313233343536"
#define PW3	 "00200083083132333435363738"
#define HASH	 "1111111111111111111111111111111111111111111111111111111111111111"

enum {
	RESULT_MAX = 1024,
};

static EVP_PKEY *key_of(struct terminal *terminal, size_t index)
{
	return terminal->card.state.openpgp.keys[index].pkey;
}

static void check_ecdsa(EVP_PKEY *pkey, struct kc_view plain)
{
	CLEANUP(bytes_done) struct bytes hash = BYTES_INIT(RESULT_MAX);
	ECDSA_SIG *signature = ECDSA_SIG_new();
	size_t half = plain.len / 2;
	uint8_t digest[32];
	uint8_t *der = NULL;
	int len = 0;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);

	memset(digest, 0x11, sizeof(digest));
	CHECK(ECDSA_SIG_set0(signature, BN_bin2bn(plain.data, (int)half, NULL),
			     BN_bin2bn(plain.data + half, (int)half, NULL)) == 1);
	len = i2d_ECDSA_SIG(signature, &der);
	CHECK(EVP_PKEY_verify_init(ctx) == 1);
	CHECK(EVP_PKEY_verify(ctx, der, (size_t)len, digest, sizeof(digest)) == 1);
	OPENSSL_free(der);
	ECDSA_SIG_free(signature);
	EVP_PKEY_CTX_free(ctx);
}

TEST(pw1_serves_one_signature_unless_it_lasts)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init_profile(&terminal, "openpgp:sig=p256");
	terminal_send(&terminal, "002A9E9A20" HASH "00", 0x6982);
	terminal_send(&terminal, PW1, 0x9000);
	terminal_send(&terminal, "002A9E9A20" HASH "00", 0x6982);
	terminal_send(&terminal, PW1_SIGN, 0x9000);
	terminal_send(&terminal, "002A9E9A20" HASH "00", 0x9000);
	CHECK_INT(terminal_answer(&terminal).len, 64);
	check_ecdsa(key_of(&terminal, OPENPGP_SIGNATURE), terminal_answer(&terminal));
	terminal_send(&terminal, "002A9E9A20" HASH "00", 0x6982);
	terminal_send(&terminal, PW3, 0x9000);
	terminal_send(&terminal, "00DA00C40101", 0x9000);
	terminal_send(&terminal, PW1_SIGN, 0x9000);
	terminal_send(&terminal, "002A9E9A20" HASH "00", 0x9000);
	terminal_send(&terminal, "002A9E9A20" HASH "00", 0x9000);
	terminal_send(&terminal, "00CA007A00", 0x9000);
	CHECK_HEX(terminal_answer(&terminal), "7A059303000003");
	terminal_send(&terminal, "002A9E9A21" HASH "1100", 0x6A80);
}

TEST(the_other_keys_want_the_other_state)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init_profile(&terminal, "openpgp:dec=x25519,aut=p256");
	terminal_send(&terminal, "0088000020" HASH "00", 0x6982);
	terminal_send(&terminal, PW1_SIGN, 0x9000);
	terminal_send(&terminal, "0088000020" HASH "00", 0x6982);
	terminal_send(&terminal, "002A808627A6257F49228620" HASH "00", 0x6982);
	terminal_send(&terminal, PW1, 0x9000);
	terminal_send(&terminal, "0088000020" HASH "00", 0x9000);
	check_ecdsa(key_of(&terminal, OPENPGP_AUTHENTICATION), terminal_answer(&terminal));
	terminal_send(&terminal, "0088000020" HASH "00", 0x9000);
	terminal_send(&terminal, "002A808627A6257F49228620" HASH "00", 0x9000);
	CHECK_INT(terminal_answer(&terminal).len, 32);
	terminal_send(&terminal, "002A808627A6257F4922862011", 0x6700);
	terminal_send(&terminal, "002A808600", 0x6A80);
	terminal_send(&terminal, "002A9E9B00", 0x6A86);
	terminal_send(&terminal, "002A9E9A20" HASH "00", 0x6A88);
	terminal_send(&terminal, "0088000100", 0x6A86);
}

TEST(rsa_is_padded_and_unpadded_by_the_card)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};
	uint8_t cryptogram[1 + 256] = {0};
	size_t len = sizeof(cryptogram) - 1;
	EVP_PKEY_CTX *ctx = NULL;

	terminal_init_profile(&terminal, "openpgp:dec=rsa2048,sig=rsa2048");
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key_of(&terminal, OPENPGP_DECRYPTION), NULL);
	CHECK(EVP_PKEY_encrypt_init(ctx) == 1 &&
	      EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1);
	CHECK(EVP_PKEY_encrypt(ctx, cryptogram + 1, &len, (const uint8_t *)"secret", 6) == 1);
	EVP_PKEY_CTX_free(ctx);
	terminal_send(&terminal, PW1, 0x9000);
	terminal_command(&terminal,
			 &(struct apdu_command){.ins = 0x2A,
						.p1 = 0x80,
						.p2 = 0x86,
						.data = VIEW_OF(cryptogram),
						.le = 256},
			 SW_OK);
	CHECK_HEX(terminal_answer(&terminal), "736563726574");
	terminal_send(&terminal,
		      "002A80860201"
		      "0200",
		      0x6A80);
	terminal_send(&terminal, PW1_SIGN, 0x9000);
	terminal_send(&terminal, "002A9E9A20" HASH "00", 0x9000);
	CHECK_INT(terminal_answer(&terminal).len, 256);
}

TEST(keys_are_made_as_the_attributes_say)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init_profile(&terminal, "openpgp:none");
	terminal_send(&terminal, "0047810002B60000", 0x6A88);
	terminal_send(&terminal, "0047800002B60000", 0x6982);
	terminal_send(&terminal, PW3, 0x9000);
	terminal_send(&terminal,
		      "00DA00C10A"
		      "132A8648CE3D030107FF",
		      0x9000);
	terminal_send(&terminal,
		      "00DA00C10A"
		      "162B06010401DA470F01",
		      0x9000);
	terminal_send(&terminal,
		      "00DA00C20B"
		      "122B060104019755010501",
		      0x9000);
	terminal_send(&terminal,
		      "00DA00C30B"
		      "122B060104019755010501",
		      0x6A80);
	terminal_send(&terminal,
		      "00DA00C306"
		      "010400002000",
		      0x6A80);
	terminal_send(&terminal,
		      "00DA00C306"
		      "010C00002003",
		      0x9000);
	terminal_send(&terminal, "00CA00C300", 0x9000);
	CHECK_HEX(terminal_answer(&terminal), "010C00002000");
	terminal_send(&terminal, "0047800002B60000", 0x9000);
	CHECK_INT(terminal_answer(&terminal).len, 37);
	terminal_send(&terminal, "0047810005B60384010100", 0x9000);
	terminal_send(&terminal, "0047810005B60384010200", 0x6A88);
	terminal_send(&terminal, "0047810002B50000", 0x6A88);
	terminal_send(&terminal, "0047810000", 0x6A80);
	terminal_send(&terminal, "0047820002B60000", 0x6A86);
	terminal_send(&terminal, "00CA00DE00", 0x9000);
	CHECK_HEX(terminal_answer(&terminal), "010102000300");
	terminal_send(&terminal,
		      "00DA00C10A"
		      "132A8648CE3D030107FF",
		      0x9000);
	terminal_send(&terminal, "00CA00DE00", 0x9000);
	CHECK_HEX(terminal_answer(&terminal), "010002000300");
}

#define ALICE	     "2A2CB91DA5FB77B12A99C0EB872F4CDF4566B25172C1163C7DA518730A6D0777"
#define ALICE_PUBLIC "8520F0098930A754748B7DDCB43EF75A0DBF3A0D26381AF4EBA4A98EAA9B4E6A"

/* RFC 7748, 6.1: Alice's private key, its last byte first, and public key. */
TEST(an_imported_key_is_the_one_that_was_sent)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init_profile(&terminal, "openpgp:none");
	terminal_send(&terminal, "00DB3FFF2C4D2AB8007F480292205F4820" ALICE, 0x6982);
	terminal_send(&terminal, PW3, 0x9000);
	terminal_send(&terminal, "00DA00C20B122B060104019755010501", 0x9000);
	terminal_send(&terminal, "00DB3FFF2C4D2AB8007F480292205F4820" ALICE, 0x9000);
	terminal_send(&terminal, "0047810002B80000", 0x9000);
	CHECK_HEX(terminal_answer(&terminal), "7F49228620" ALICE_PUBLIC);
	terminal_send(&terminal, "00CA00DE00", 0x9000);
	CHECK_HEX(terminal_answer(&terminal), "010002020300");
}

/* Another list, another key, parts that are too long or not there, another size. */
TEST(imports_that_are_none_are_refused)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init_profile(&terminal, "openpgp:none");
	terminal_send(&terminal, PW3, 0x9000);
	terminal_send(&terminal, "00DA00C20B122B060104019755010501", 0x9000);
	terminal_send(&terminal, "00DB3FFF2C4E2AB8007F480292205F4820" ALICE, 0x6A80);
	terminal_send(&terminal, "00DB3FFF2C4D2AB7007F480292205F4820" ALICE, 0x6A80);
	terminal_send(&terminal, "00DB3FFF2C4D2AB8007F480292215F4820" ALICE, 0x6A80);
	terminal_send(&terminal, "00DB3FFF2C4D2AB8007F480290205F4820" ALICE, 0x6A80);
	terminal_send(&terminal, "00DB3FFF2C4D2AB8007F480293205F4820" ALICE, 0x6A80);
	terminal_send(&terminal, "00DB3FFF2C4D2AB6007F480292205F4820" ALICE, 0x6A80);
	terminal_send(&terminal, "00DB00002C4D2AB8007F480292205F4820" ALICE, 0x6A86);
	terminal_send(&terminal, "00DB3FFF", 0x6A80);
	terminal_send(&terminal, "0047810002B80000", 0x6A88);
}

TEST(a_touch_flag_can_be_fixed)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init_profile(&terminal, "openpgp:none");
	terminal_send(&terminal, PW3, 0x9000);
	terminal_send(&terminal, "00DA00D6020320", 0x6A80);
	terminal_send(&terminal, "00DA00D6020120", 0x9000);
	terminal_send(&terminal, "00DA00D6020020", 0x9000);
	terminal_send(&terminal, "00DA00D6020220", 0x9000);
	terminal_send(&terminal, "00DA00D6020020", 0x6985);
	terminal_send(&terminal, "00CA00D600", 0x9000);
	CHECK_HEX(terminal_answer(&terminal), "0220");
}

static bool no_finger(void *context)
{
	(void)context;
	return false;
}

TEST(without_a_finger_a_touched_key_does_nothing)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init_profile(&terminal, "openpgp:sig=p256+touch,dec=x25519+touch,aut=p256");
	terminal.card.touch = no_finger;
	terminal_send(&terminal, PW1_SIGN, 0x9000);
	terminal_send(&terminal, "002A9E9A20" HASH "00", 0x6600);
	terminal_send(&terminal, PW1, 0x9000);
	terminal_send(&terminal, "002A808627A6257F49228620" HASH "00", 0x6600);
	terminal_send(&terminal, "0088000020" HASH "00", 0x9000);
}
