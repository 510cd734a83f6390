/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys on the card: management key, generate, import, use, PIN policies, Yubico's instructions. */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "harness/test.h"
#include "vcard/key_material.h"
#include "vcard/key_operation.h"
#include "vcard/test_terminal.h"

static const uint8_t digest[32] = "thirty-two bytes made to be used";

/* --- management key --- */

static void encrypt(const struct terminal *terminal, bool is_encryption, struct kc_view block,
		    uint8_t *output)
{
	const struct card_management_key *management = &terminal->card.state.management;

	CHECK_OK(key_operation_cipher(management->cipher, management->value, is_encryption, block,
				      output));
}

/* Send 7C with one or two records to 9B. */
static void authenticate(struct terminal *terminal, uint32_t tag, struct kc_view value,
			 uint32_t tag2, struct kc_view value2, unsigned sw)
{
	CLEANUP(bytes_done) struct bytes records = BYTES_INIT(128);
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(128);

	CHECK_OK(tlv_put(&records, tag, value));
	if (tag2)
		CHECK_OK(tlv_put(&records, tag2, value2));
	CHECK_OK(tlv_put(&data, 0x7C, bytes_view(&records)));
	terminal_command(terminal,
			 &(struct apdu_command){.ins = INS_GENERAL_AUTHENTICATE,
						.p1 = terminal->card.state.management.cipher->id,
						.p2 = PIV_MANAGEMENT_KEY,
						.data = bytes_view(&data),
						.le = 256},
			 sw);
}

static void prove_mutually(struct terminal *terminal)
{
	size_t len = terminal->card.state.management.cipher->block_bytes;
	static const uint8_t challenge[16] = "ours, not theirs";
	uint8_t block[16];
	uint8_t expected[16];
	struct kc_view answer = {0};

	authenticate(terminal, 0x80, view_of("", 0), 0, view_of("", 0), SW_OK);
	CHECK(terminal_has(terminal, 0x7C, 0x80, &answer));
	CHECK_INT(answer.len, len);
	encrypt(terminal, false, answer, block);
	authenticate(terminal, 0x80, view_of(block, len), 0x81, view_of(challenge, len), SW_OK);
	CHECK(terminal_has(terminal, 0x7C, 0x82, &answer));
	encrypt(terminal, true, view_of(challenge, len), expected);
	CHECK(view_equal(answer, view_of(expected, len)));
}

TEST(management_key_is_proved_mutually_with_each_cipher)
{
	static const uint8_t ids[] = {PIV_3DES, PIV_AES128, PIV_AES192, PIV_AES256};
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init(&terminal);
	for (size_t i = 0; i < sizeof(ids); i++) {
		uint8_t data[3 + 32] = {ids[i], 0x9B, (uint8_t)piv_cipher_find(ids[i])->key_bytes,
					0x11};

		prove_mutually(&terminal);
		terminal_command(&terminal,
				 &(struct apdu_command){.ins = INS_SET_MANAGEMENT_KEY,
							.p1 = 0xFF,
							.p2 = 0xFF,
							.data = view_of(data, 3u + data[2])},
				 SW_OK);
		card_reset(&terminal.card);
		terminal_select(&terminal);
		prove_mutually(&terminal);
		terminal_send(&terminal, "00DB3FFF0A5C035FC1055303010203", 0x9000);
	}
}

TEST(a_challenge_serves_one_guess)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};
	struct kc_view challenge = {0};
	uint8_t proof[8];

	terminal_init(&terminal);
	authenticate(&terminal, 0x81, view_of("", 0), 0, view_of("", 0), SW_OK);
	CHECK(terminal_has(&terminal, 0x7C, 0x81, &challenge));
	encrypt(&terminal, true, challenge, proof);
	proof[0] ^= 1;
	authenticate(&terminal, 0x82, VIEW_OF(proof), 0, view_of("", 0), SW_NOT_AUTHENTICATED);
	proof[0] ^= 1;
	authenticate(&terminal, 0x82, VIEW_OF(proof), 0, view_of("", 0), SW_CONDITIONS);
	terminal_send(&terminal, "00DB3FFF0A5C035FC1055303010203", 0x6982);
}

TEST(the_wrong_cipher_and_an_unasked_response_are_refused)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};
	static const uint8_t zero[8];

	terminal_init(&terminal);
	terminal_send(&terminal, "00870C9B047C02810000", 0x6A86);
	terminal_send(&terminal, "0087009B047C02810000", 0x9000);
	terminal_send(&terminal, "0087039B047C02800000", 0x9000);
	authenticate(&terminal, 0x82, VIEW_OF(zero), 0, view_of("", 0), SW_CONDITIONS);
	authenticate(&terminal, 0x85, VIEW_OF(zero), 0, view_of("", 0), SW_WRONG_DATA);
	terminal_send(&terminal, "0087039B00", 0x6A80);
	terminal_send(&terminal, "0087039B037C028100", 0x6A80);
}

TEST(a_failed_proof_ends_an_earlier_one)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};
	static const uint8_t zero[8];

	terminal_init(&terminal);
	terminal_prove_management_key(&terminal);
	terminal_send(&terminal, "0087039B047C02810000", 0x9000);
	authenticate(&terminal, 0x82, VIEW_OF(zero), 0, view_of("", 0), SW_NOT_AUTHENTICATED);
	terminal_send(&terminal, "00DB3FFF0A5C035FC1055303010203", 0x6982);
}

/* --- keys --- */

static void generate(struct terminal *terminal, unsigned slot, unsigned algorithm)
{
	const uint8_t data[] = {0xAC, 0x03, 0x80, 0x01, (uint8_t)algorithm};

	terminal_command(
		terminal,
		&(struct apdu_command){
			.ins = INS_GENERATE, .p2 = (uint8_t)slot, .data = VIEW_OF(data), .le = 256},
		SW_OK);
}

static void operate(struct terminal *terminal, unsigned algorithm, unsigned slot, uint32_t tag,
		    struct kc_view input, unsigned sw)
{
	CLEANUP(bytes_done) struct bytes records = BYTES_INIT(1024);
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(1024);

	CHECK_OK(tlv_put(&records, 0x82, view_of("", 0)));
	CHECK_OK(tlv_put(&records, tag, input));
	CHECK_OK(tlv_put(&data, 0x7C, bytes_view(&records)));
	terminal_command(terminal,
			 &(struct apdu_command){.ins = INS_GENERAL_AUTHENTICATE,
						.p1 = (uint8_t)algorithm,
						.p2 = (uint8_t)slot,
						.data = bytes_view(&data),
						.le = 256},
			 sw);
}

static EVP_PKEY *key_in(struct terminal *terminal, unsigned slot)
{
	return card_state_find_key(&terminal->card.state, slot)->pkey;
}

static void check_ecdsa(struct terminal *terminal, unsigned slot)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key_in(terminal, slot), NULL);
	struct kc_view signature = {0};

	CHECK(terminal_has(terminal, 0x7C, 0x82, &signature));
	CHECK(EVP_PKEY_verify_init(ctx) == 1);
	CHECK(EVP_PKEY_verify(ctx, signature.data, signature.len, digest, sizeof(digest)) == 1);
	EVP_PKEY_CTX_free(ctx);
}

TEST(ec_keys_are_generated_and_sign)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};
	struct kc_view point = {0};

	terminal_init(&terminal);
	terminal_prove_management_key(&terminal);
	generate(&terminal, 0x9E, PIV_P384);
	CHECK(terminal_has(&terminal, 0x7F49, 0x86, &point));
	CHECK_INT(point.len, 97);
	operate(&terminal, PIV_P384, 0x9E, 0x81, VIEW_OF(digest), SW_OK);
	check_ecdsa(&terminal, 0x9E);
	generate(&terminal, 0x95, PIV_P256);
	operate(&terminal, PIV_P256, 0x95, 0x81, VIEW_OF(digest), SW_NOT_AUTHENTICATED);
	terminal_send(&terminal, TERMINAL_GOOD_PIN, 0x9000);
	operate(&terminal, PIV_P256, 0x95, 0x81, VIEW_OF(digest), SW_OK);
	check_ecdsa(&terminal, 0x95);
	operate(&terminal, PIV_P384, 0x95, 0x81, VIEW_OF(digest), SW_WRONG_P1P2);
	operate(&terminal, PIV_P256, 0x82, 0x81, VIEW_OF(digest), SW_WRONG_P1P2);
	operate(&terminal, PIV_P256, 0x95, 0x81, view_of("", 0), SW_WRONG_DATA);
}

TEST(rsa_keys_are_generated_and_transform)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};
	uint8_t block[256] = {0, 1, 0xFF, 0xFF, 0};
	struct kc_view answer = {0};
	EVP_PKEY_CTX *ctx = NULL;
	uint8_t back[256];
	size_t len = sizeof(back);

	terminal_init(&terminal);
	terminal_prove_management_key(&terminal);
	generate(&terminal, 0x9E, PIV_RSA2048);
	CHECK(terminal_has(&terminal, 0x7F49, 0x81, &answer));
	CHECK_INT(answer.len, 256);
	CHECK(terminal_has(&terminal, 0x7F49, 0x82, &answer));
	CHECK_HEX(answer, "010001");
	operate(&terminal, PIV_RSA2048, 0x9E, 0x81, VIEW_OF(block), SW_OK);
	CHECK(terminal_has(&terminal, 0x7C, 0x82, &answer));
	ctx = EVP_PKEY_CTX_new(key_in(&terminal, 0x9E), NULL);
	CHECK(EVP_PKEY_encrypt_init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx, 3) == 1);
	CHECK(EVP_PKEY_encrypt(ctx, back, &len, answer.data, answer.len) == 1);
	CHECK(view_equal(view_of(back, len), VIEW_OF(block)));
	EVP_PKEY_CTX_free(ctx);
	operate(&terminal, PIV_RSA2048, 0x9E, 0x81, view_of(block, 255), SW_WRONG_DATA);
	memset(block, 0xFF, sizeof(block));
	operate(&terminal, PIV_RSA2048, 0x9E, 0x81, VIEW_OF(block), SW_WRONG_DATA);
	operate(&terminal, PIV_RSA2048, 0x9E, 0x85, VIEW_OF(block), SW_WRONG_DATA);
}

TEST(ecdh_gives_both_sides_the_same_and_refuses_foreign_points)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};
	CLEANUP(key_material_freep) EVP_PKEY *host = EVP_EC_gen("P-256");
	CLEANUP(bytes_done) struct bytes secret = BYTES_INIT(64);
	uint8_t point[65];
	size_t len = 0;
	uint8_t card_point[65];
	struct kc_view answer = {0};

	terminal_init(&terminal);
	terminal_prove_management_key(&terminal);
	generate(&terminal, 0x9D, PIV_P256);
	CHECK(terminal_has(&terminal, 0x7F49, 0x86, &answer));
	memcpy(card_point, answer.data, sizeof(card_point));
	terminal_send(&terminal, TERMINAL_GOOD_PIN, 0x9000);
	CHECK(EVP_PKEY_get_octet_string_param(host, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point),
					      &len) == 1);
	operate(&terminal, PIV_P256, 0x9D, 0x85, VIEW_OF(point), SW_OK);
	CHECK(terminal_has(&terminal, 0x7C, 0x82, &answer));
	CHECK_OK(key_operation_ecdh(host, VIEW_OF(card_point), &secret));
	CHECK(view_equal(answer, bytes_view(&secret)));
	point[64] ^= 1;
	operate(&terminal, PIV_P256, 0x9D, 0x85, VIEW_OF(point), SW_WRONG_DATA);
	operate(&terminal, PIV_P256, 0x9D, 0x85, view_of("\0", 1), SW_WRONG_DATA);
}

TEST(pin_always_wants_the_pin_before_each_use)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init(&terminal);
	terminal_prove_management_key(&terminal);
	generate(&terminal, 0x9C, PIV_P256);
	generate(&terminal, 0x9A, PIV_P256);
	generate(&terminal, 0x9E, PIV_P256);
	operate(&terminal, PIV_P256, 0x9E, 0x81, VIEW_OF(digest), SW_OK);
	operate(&terminal, PIV_P256, 0x9C, 0x81, VIEW_OF(digest), SW_NOT_AUTHENTICATED);
	terminal_send(&terminal, TERMINAL_GOOD_PIN, 0x9000);
	terminal_send(&terminal, "00CB3FFF035C017E00", 0x9000);
	operate(&terminal, PIV_P256, 0x9C, 0x81, VIEW_OF(digest), SW_OK);
	operate(&terminal, PIV_P256, 0x9C, 0x81, VIEW_OF(digest), SW_NOT_AUTHENTICATED);
	terminal_send(&terminal, "00200080", 0x9000);
	operate(&terminal, PIV_P256, 0x9A, 0x81, VIEW_OF(digest), SW_OK);
	terminal_send(&terminal, TERMINAL_GOOD_PIN, 0x9000);
	operate(&terminal, PIV_P256, 0x9A, 0x81, VIEW_OF(digest), SW_OK);
	operate(&terminal, PIV_P256, 0x9C, 0x81, VIEW_OF(digest), SW_NOT_AUTHENTICATED);
	terminal_send(&terminal, TERMINAL_GOOD_PIN, 0x9000);
	terminal_send(&terminal, TERMINAL_WRONG_PIN, 0x63C2);
	operate(&terminal, PIV_P256, 0x9C, 0x81, VIEW_OF(digest), SW_NOT_AUTHENTICATED);
	operate(&terminal, PIV_P256, 0x9A, 0x81, VIEW_OF(digest), SW_NOT_AUTHENTICATED);
}

static bool count_touch(void *context)
{
	return (*(int *)context)-- > 0;
}

/* Each use of 9E wants a finger; one of 9A serves for a while; without one nothing is signed. */
TEST(touch_policies_want_a_finger)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};
	int n_fingers = 2;

	terminal_init(&terminal);
	terminal_prove_management_key(&terminal);
	terminal_send(&terminal, "0047009E08AC06800111AB010200", 0x9000);
	terminal_send(&terminal, "0047009A0BAC09800111AA0101AB010300", 0x9000);
	terminal.card.touch = count_touch;
	terminal.card.touch_context = &n_fingers;
	operate(&terminal, PIV_P256, 0x9E, 0x81, VIEW_OF(digest), SW_OK);
	operate(&terminal, PIV_P256, 0x9A, 0x81, VIEW_OF(digest), SW_OK);
	CHECK_INT(n_fingers, 0);
	operate(&terminal, PIV_P256, 0x9A, 0x81, VIEW_OF(digest), SW_OK);
	operate(&terminal, PIV_P256, 0x9E, 0x81, VIEW_OF(digest), SW_NOT_AUTHENTICATED);
	card_reset(&terminal.card);
	terminal_select(&terminal);
	operate(&terminal, PIV_P256, 0x9A, 0x81, VIEW_OF(digest), SW_NOT_AUTHENTICATED);
}

TEST(generate_refuses_what_it_does_not_know)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init(&terminal);
	terminal_send(&terminal, "0047009A05AC0380011100", 0x6982);
	terminal_prove_management_key(&terminal);
	terminal_send(&terminal, "0047009B05AC0380011100", 0x6A86);
	terminal_send(&terminal, "0047009605AC0380011100", 0x6A86);
	terminal_send(&terminal, "0047019A05AC0380011100", 0x6A86);
	terminal_send(&terminal, "0047009A05AC0380010600", 0x6A80);
	terminal_send(&terminal, "0047009A05AB0380011100", 0x6A80);
	terminal_send(&terminal, "0047009A08AC06800111AA010600", 0x6A80);
	terminal_send(&terminal, "0047009A00", 0x6A80);
}

TEST(a_pin_policy_given_at_generation_holds)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init(&terminal);
	terminal_prove_management_key(&terminal);
	terminal_send(&terminal, "0047009A0BAC09800111AA0101AB010200", 0x9000);
	operate(&terminal, PIV_P256, 0x9A, 0x81, VIEW_OF(digest), SW_OK);
	terminal_send(&terminal, "00F7009A00", 0x9000);
	CHECK_HEX(view_slice(terminal_answer(&terminal), 0, 10), "01011102020102030101");
	terminal_send(&terminal, "0047009E08AC06800111AA010300", 0x9000);
	operate(&terminal, PIV_P256, 0x9E, 0x81, VIEW_OF(digest), SW_NOT_AUTHENTICATED);
}

TEST(an_ec_key_is_imported_and_signs)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};
	const char *import = "00FE119E25"
			     "06200102030405060708091011121314151617181920212223242526272829303132"
			     "AA0101";

	terminal_init(&terminal);
	terminal_send(&terminal, import, 0x6982);
	terminal_prove_management_key(&terminal);
	terminal_send(&terminal, import, 0x9000);
	operate(&terminal, PIV_P256, 0x9E, 0x81, VIEW_OF(digest), SW_OK);
	check_ecdsa(&terminal, 0x9E);
	terminal_send(&terminal, "00F7009E00", 0x9000);
	CHECK_HEX(view_slice(terminal_answer(&terminal), 0, 10), "01011102020101030102");
	terminal_send(&terminal, "00FE119E03060100", 0x6A80);
	terminal_send(&terminal, "00FE119E03010101", 0x6A80);
	terminal_send(&terminal, "00FE119B03060101", 0x6A86);
	terminal_send(&terminal, "00FE069E03060101", 0x6A86);
}

static void put_part(struct bytes *data, uint32_t tag, EVP_PKEY *pkey, const char *name)
{
	BIGNUM *number = NULL;
	uint8_t octets[128];

	CHECK(EVP_PKEY_get_bn_param(pkey, name, &number) == 1);
	CHECK(BN_bn2binpad(number, octets, sizeof(octets)) == sizeof(octets));
	CHECK_OK(tlv_put(data, tag, VIEW_OF(octets)));
	BN_free(number);
}

static void import_rsa(struct terminal *terminal, struct kc_view data, unsigned sw)
{
	terminal_command(
		terminal,
		&(struct apdu_command){
			.ins = INS_IMPORT_KEY, .p1 = PIV_RSA2048, .p2 = 0x9E, .data = data},
		sw);
}

TEST(an_rsa_key_is_imported_from_its_crt_parts)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};
	CLEANUP(key_material_freep) EVP_PKEY *pkey = EVP_RSA_gen(2048);
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(1024);

	terminal_init(&terminal);
	terminal_prove_management_key(&terminal);
	put_part(&data, 0x01, pkey, OSSL_PKEY_PARAM_RSA_FACTOR1);
	put_part(&data, 0x02, pkey, OSSL_PKEY_PARAM_RSA_FACTOR2);
	put_part(&data, 0x03, pkey, OSSL_PKEY_PARAM_RSA_EXPONENT1);
	put_part(&data, 0x04, pkey, OSSL_PKEY_PARAM_RSA_EXPONENT2);
	put_part(&data, 0x05, pkey, OSSL_PKEY_PARAM_RSA_COEFFICIENT1);
	import_rsa(&terminal, bytes_view(&data), SW_OK);
	CHECK(EVP_PKEY_eq(pkey, key_in(&terminal, 0x9E)) == 1);
	data.data[20] ^= 4; /* within p */
	import_rsa(&terminal, bytes_view(&data), SW_WRONG_DATA);
	CHECK(EVP_PKEY_eq(pkey, key_in(&terminal, 0x9E)) == 1);
	import_rsa(&terminal, view_slice(bytes_view(&data), 0, 131), SW_WRONG_DATA);
}

/* --- Yubico's instructions --- */

TEST(keys_are_moved_and_deleted_from_firmware_5_7_on)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init(&terminal);
	terminal_send(&terminal, "00F6FF9A", 0x6D00);
	terminal.card.state.manner.moves_keys = true;
	terminal_send(&terminal, "00FD000000", 0x9000);
	CHECK_HEX(terminal_answer(&terminal), "050701");
	terminal_send(&terminal, "00F6FF9A", 0x6982);
	terminal_prove_management_key(&terminal);
	terminal_send(&terminal, "0047009A05AC0380011100", 0x9000);
	terminal_send(&terminal, "0047009C05AC0380011100", 0x9000);
	terminal_send(&terminal, "00F6829A", 0x9000);
	terminal_send(&terminal, "00F7009A00", 0x6A88);
	terminal_send(&terminal, "00F7008200", 0x9000);
	terminal_send(&terminal, "00F6829C", 0x6985); /* there is one */
	terminal_send(&terminal, "00F6FF82", 0x9000);
	terminal_send(&terminal, "00F7008200", 0x6A88);
	terminal_send(&terminal, "00F6FF82", 0x6A88);
	terminal_send(&terminal, "00F6FF9B", 0x6A86);
	terminal_send(&terminal, "00F69B9C", 0x6A86);
	terminal_send(&terminal, "00F69C9C", 0x6A86);
}

TEST(metadata_tells_about_pins_and_keys)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init(&terminal);
	terminal_send(&terminal, "00FD000000", 0x9000);
	CHECK_HEX(terminal_answer(&terminal), "050403");
	terminal_send(&terminal, "00F8000000", 0x9000);
	CHECK_INT(terminal.answer.len, 4);
	terminal_send(&terminal, "00F7008000", 0x9000);
	CHECK_HEX(terminal_answer(&terminal), "0101FF05010106020303");
	terminal_send(&terminal, TERMINAL_WRONG_PIN, 0x63C2);
	terminal_send(&terminal,
		      "0024008110"
		      "3132333435363738"
		      "3837363534333231",
		      0x9000);
	terminal_send(&terminal, "00F7008000", 0x9000);
	CHECK_HEX(terminal_answer(&terminal), "0101FF05010106020302");
	terminal_send(&terminal, "00F7008100", 0x9000);
	CHECK_HEX(terminal_answer(&terminal), "0101FF05010006020303");
	terminal_send(&terminal, "00F7009B00", 0x9000);
	CHECK_HEX(terminal_answer(&terminal), "01010302020001050101");
	terminal_send(&terminal, "00F7009A00", 0x6A88);
	terminal_send(&terminal, "00F7000000", 0x6A88);
}

TEST(tries_are_set_with_management_key_and_pin)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init(&terminal);
	terminal_prove_management_key(&terminal);
	terminal_send(&terminal, "00FA0805", 0x6982);
	terminal_send(&terminal, TERMINAL_GOOD_PIN, 0x9000);
	terminal_send(&terminal, "00FA0005", 0x6A86);
	terminal_send(&terminal, "00FA0805", 0x9000);
	terminal_send(&terminal, "00F7008000", 0x9000);
	CHECK_HEX(terminal_answer(&terminal), "0101FF05010106020808");
	terminal_send(&terminal, TERMINAL_WRONG_PIN, 0x63C7);
	terminal_send(&terminal, TERMINAL_GOOD_PIN, 0x9000);
	terminal_send(&terminal, "00FA4005", 0x9000);
	terminal_send(&terminal, TERMINAL_WRONG_PIN, 0x63CF);
}

TEST(the_management_key_is_changed_only_by_who_knows_it)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};
	const char *change = "00FFFFFF13"
			     "089B10"
			     "000102030405060708090A0B0C0D0E0F";

	terminal_init(&terminal);
	terminal_send(&terminal, change, 0x6982);
	terminal_prove_management_key(&terminal);
	terminal_send(&terminal,
		      "00FFFFFF13"
		      "039B10"
		      "000102030405060708090A0B0C0D0E0F",
		      0x6A80);
	terminal_send(&terminal,
		      "00FFFFFF13"
		      "089C10"
		      "000102030405060708090A0B0C0D0E0F",
		      0x6A80);
	terminal_send(&terminal,
		      "00FFFFFF02"
		      "089B",
		      0x6A80);
	terminal_send(&terminal, "00FF0000", 0x6A86);
	terminal_send(&terminal, change, 0x9000);
	terminal_send(&terminal, "00F7009B00", 0x9000);
	CHECK_HEX(terminal_answer(&terminal), "01010802020001050100");
}

TEST(reset_needs_both_counters_at_zero_and_empties_the_card)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};
	const char *wrong_puk = "002C008010"
				"3030303030303030"
				"313233343536FFFF";
	uint32_t serial = 0;

	terminal_init(&terminal);
	serial = terminal.card.state.serial;
	terminal_prove_management_key(&terminal);
	generate(&terminal, 0x9E, PIV_P256);
	for (unsigned left = 3; left-- > 0;)
		terminal_send(&terminal, TERMINAL_WRONG_PIN, 0x63C0 + left);
	terminal_send(&terminal, "00FB0000", 0x6985);
	for (unsigned left = 3; left-- > 0;)
		terminal_send(&terminal, wrong_puk, 0x63C0 + left);
	terminal_send(&terminal, wrong_puk, 0x6983);
	terminal_send(&terminal, "00FB0000", 0x9000);
	CHECK(!key_in(&terminal, 0x9E));
	CHECK_INT(terminal.card.state.serial, serial);
	terminal_send(&terminal, "00DB3FFF0A5C035FC1055303010203", 0x6982);
	terminal_send(&terminal, TERMINAL_GOOD_PIN, 0x9000);
}
