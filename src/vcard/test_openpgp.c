/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The OpenPGP application through the card's contacts, and beside PIV: passwords, data, life. */
#include "base/error.h"
#include "harness/test.h"
#include "vcard/card_json.h"
#include "vcard/profile.h"
#include "vcard/test_terminal.h"

#define SELECT_OPENPGP "00A4040006D27600012401"
#define SELECT_PIV     "00A4040005A000000308"
#define PW1_SIGN       "0020008106313233343536"
#define PW1	       "0020008206313233343536"
#define WRONG_PW1      "0020008206303030303030"
#define PW3	       "00200083083132333435363738"
#define READ_STATUS    "00CA00C400"

static EVP_PKEY *key_of(struct terminal *terminal, size_t index)
{
	return terminal->card.state.openpgp.keys[index].pkey;
}

TEST(aid_has_version_and_serial)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init_profile(&terminal, "openpgp:none");
	terminal.card.state.serial = 12345678;
	terminal_send(&terminal, "00CA004F00", 0x9000);
	CHECK_HEX(terminal_answer(&terminal), "D276000124010304FFFE123456780000");
	terminal_send(&terminal, "00A4040010D276000124010304FFFE123456780000", 0x9000);
	terminal_send(&terminal, "00A4040010D276000124010304FFFE123456790000", 0x6A82);
}

TEST(an_openpgp_card_is_no_piv_card_and_the_other_way_round)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};
	CLEANUP(terminal_done) struct terminal piv = {0};

	terminal_init_profile(&terminal, "openpgp:none");
	terminal_send(&terminal, SELECT_PIV, 0x6A82);
	terminal_send(&terminal, "00CA004F00", 0x9000);
	terminal_init(&piv);
	terminal_send(&piv, SELECT_OPENPGP, 0x6A82);
}

TEST(selecting_the_other_application_forgets_the_pin)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init_profile(&terminal, "piv:none/openpgp:none");
	terminal_send(&terminal, PW1, 0x9000);
	terminal_send(&terminal, SELECT_OPENPGP, 0x9000);
	terminal_send(&terminal, "00200082", 0x9000);
	terminal_send(&terminal, SELECT_PIV, 0x9000);
	terminal_send(&terminal, TERMINAL_GOOD_PIN, 0x9000);
	terminal_send(&terminal, SELECT_OPENPGP, 0x9000);
	terminal_send(&terminal, "00200082", 0x63C3);
	terminal_send(&terminal, SELECT_PIV, 0x9000);
	terminal_send(&terminal, "00200080", 0x63C3);
}

TEST(the_two_states_of_pw1_are_apart)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init_profile(&terminal, "openpgp:none");
	terminal_send(&terminal, PW1_SIGN, 0x9000);
	terminal_send(&terminal, "00200082", 0x63C3);
	terminal_send(&terminal, PW1, 0x9000);
	terminal_send(&terminal, "0020FF82", 0x9000);
	terminal_send(&terminal, "00200081", 0x9000);
	terminal_send(&terminal, "00200082", 0x63C3);
	terminal_send(&terminal, "00200084", 0x6A88);
	terminal_send(&terminal, "0020018206313233343536", 0x6A86);
	terminal_send(&terminal, "0020FF8206313233343536", 0x6700);
	terminal_send(&terminal, "002000820131", 0x6A80);
}

TEST(wrong_passwords_count_and_block)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init_profile(&terminal, "openpgp:none");
	terminal_send(&terminal, WRONG_PW1, 0x6982);
	terminal_send(&terminal, "00200081", 0x63C2);
	terminal_send(&terminal, WRONG_PW1, 0x6982);
	terminal_send(&terminal, WRONG_PW1, 0x6982);
	terminal_send(&terminal, PW1, 0x6983);
	terminal_send(&terminal, "00200081", 0x63C0);
	terminal_send(&terminal, READ_STATUS, 0x9000);
	CHECK_HEX(terminal_answer(&terminal), "007F7F7F000003");
	terminal_send(&terminal, PW3, 0x9000);
	terminal_send(&terminal, "002C0281053132333435", 0x6A80);
	terminal_send(&terminal, "002C028106363534333231", 0x9000);
	terminal_send(&terminal, "0020008106363534333231", 0x9000);
}

TEST(the_reset_code_unblocks_when_there_is_one)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init_profile(&terminal, "openpgp:none");
	terminal_send(&terminal, "002C00810E3131313131313131363534333231", 0x6983);
	terminal_send(&terminal, "00DA00D3083131313131313131", 0x6982);
	terminal_send(&terminal, PW3, 0x9000);
	terminal_send(&terminal, "00DA00D30731313131313131", 0x6A80);
	terminal_send(&terminal, "00DA00D3083131313131313131", 0x9000);
	terminal_send(&terminal, "002C00810E3131313131313132363534333231", 0x6982);
	terminal_send(&terminal, READ_STATUS, 0x9000);
	CHECK_HEX(terminal_answer(&terminal), "007F7F7F030203");
	terminal_send(&terminal, "002C00810E3131313131313131363534333231", 0x9000);
	terminal_send(&terminal, "0020008106363534333231", 0x9000);
	terminal_send(&terminal, "00DA00D3", 0x9000);
	terminal_send(&terminal, "002C00810E3131313131313131363534333231", 0x6983);
	terminal_send(&terminal, "002C00820E3131313131313131363534333231", 0x6A88);
	terminal_send(&terminal, "002C01810E3131313131313131363534333231", 0x6A86);
}

TEST(passwords_change_for_those_who_know_them)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init_profile(&terminal, "openpgp:none");
	terminal_send(&terminal, "002400810C303030303030363534333231", 0x6982);
	terminal_send(&terminal, "002400810B3132333435363635343332", 0x6A80);
	terminal_send(&terminal, "002400820C313233343536363534333231", 0x6A88);
	terminal_send(&terminal, "002400810C313233343536363534333231", 0x9000);
	terminal_send(&terminal, "0020008106363534333231", 0x9000);
	terminal_send(&terminal, "002400831031323334353637383837363534333231", 0x9000);
	terminal_send(&terminal, PW3, 0x6982);
	terminal_send(&terminal, "00200083083837363534333231", 0x9000);
}

TEST(what_is_written_is_read_by_those_who_may)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init_profile(&terminal, "openpgp:none");
	terminal_send(&terminal, "00DA005B0443617264", 0x6982);
	terminal_send(&terminal, PW3, 0x9000);
	terminal_send(&terminal, "00DA005B0443617264", 0x9000);
	terminal_send(&terminal, "00CA006500", 0x9000);
	CHECK_HEX(terminal_answer(&terminal), "650D5B04436172645F2D005F350139");
	terminal_send(&terminal, "00DA01030101", 0x6982);
	terminal_send(&terminal, "00DA0104020102", 0x9000);
	terminal_send(&terminal, PW1, 0x9000);
	terminal_send(&terminal, "00DA01030101", 0x9000);
	terminal_send(&terminal, "0020FF82", 0x9000);
	terminal_send(&terminal, "00CA010300", 0x6982);
	terminal_send(&terminal, "00CA010400", 0x9000);
	CHECK_HEX(terminal_answer(&terminal), "0102");
	terminal_send(&terminal, "00CA010500", 0x6A88);
	terminal_send(&terminal, "00DA010500", 0x6A88);
	terminal_send(&terminal, "00DA00C7020102", 0x6A80);
	terminal_send(&terminal, "00DA00C40102", 0x6A80);
}

TEST(the_third_occurrence_of_the_certificate_is_the_signature_keys)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};
	const struct openpgp_key *keys = terminal.card.state.openpgp.keys;

	terminal_init_profile(&terminal, "openpgp:none");
	terminal_send(&terminal, PW3, 0x9000);
	terminal_send(&terminal, "00A502040660045C027F21", 0x9000);
	terminal_send(&terminal, "00DA7F2103300101", 0x9000);
	CHECK_INT(keys[OPENPGP_SIGNATURE].certificate.len, 3);
	terminal_send(&terminal, "00A503040660045C027F21", 0x6A88);
	terminal_send(&terminal, "00A500000660045C027F21", 0x6A86);
	terminal_send(&terminal, "00A500040560035C015B", 0x6A88);
	terminal_send(&terminal, "00A501040660045C027F21", 0x9000);
	terminal_send(&terminal, "00CC7F2100", 0x9000);
	CHECK_HEX(terminal_answer(&terminal), "300101");
	terminal_send(&terminal, "00CC7F2100", 0x6A88);
	terminal_send(&terminal, "00CC5F5000", 0x6A88);
	terminal_send(&terminal, SELECT_OPENPGP, 0x9000);
	terminal_send(&terminal, "00CA7F2100", 0x9000);
	CHECK_INT(terminal_answer(&terminal).len, 0);
}

TEST(a_kdf_object_brings_its_passwords)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init_profile(&terminal, "openpgp:none");
	terminal_send(&terminal, "00CA00F900", 0x9000);
	CHECK_HEX(terminal_answer(&terminal), "810100");
	terminal_send(&terminal, PW3, 0x9000);
	terminal_send(&terminal, "00DA00F903810102", 0x6A80);
	terminal_send(&terminal, "00DA00F9028100", 0x6A80);
	terminal_send(&terminal,
		      "00DA00F90981010387013188"
		      "0132",
		      0x6A80);
	terminal_send(&terminal,
		      "00DA00F91981010387084141414141414141880842424242424242428201"
		      "08",
		      0x9000);
	terminal_send(&terminal, "00200083", 0x63C3);
	terminal_send(&terminal, PW1, 0x6982);
	terminal_send(&terminal, "00200082084141414141414141", 0x9000);
	terminal_send(&terminal, "00200083084242424242424242", 0x9000);
	terminal_send(&terminal, "00DA00F903810100", 0x9000);
	terminal_send(&terminal, PW1, 0x9000);
	terminal_send(&terminal, PW3, 0x9000);
}

TEST(terminated_and_activated_it_starts_anew)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init_profile(&terminal, "piv:none/openpgp:sig=p256");
	terminal_send(&terminal, "00E60000", 0x6982);
	terminal_send(&terminal, "00440000", 0x9000);
	terminal_send(&terminal, PW3, 0x9000);
	terminal_send(&terminal, "00E60000", 0x9000);
	terminal_send(&terminal, "00CA004F00", 0x6D00);
	terminal_send(&terminal, SELECT_OPENPGP, 0x6285);
	terminal_send(&terminal, SELECT_PIV, 0x9000);
	terminal_send(&terminal, SELECT_OPENPGP, 0x6285);
	terminal_send(&terminal, "00440100", 0x6A86);
	terminal_send(&terminal, "00440000", 0x9000);
	terminal_send(&terminal, "0047810002B60000", 0x6A88);
	terminal_send(&terminal, SELECT_OPENPGP, 0x9000);
}

TEST(challenges_are_as_long_as_wanted)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init_profile(&terminal, "openpgp:none");
	terminal_send(&terminal, "008400000A", 0x9000);
	CHECK_INT(terminal_answer(&terminal).len, 10);
	terminal_send(&terminal, "0084000000", 0x6700);
	terminal_send(&terminal, "0084010008", 0x6A86);
}

TEST(a_card_comes_back_from_its_file)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};
	CLEANUP(card_state_done) struct card_state again = {0};
	CLEANUP(freep) char *text = NULL;
	CLEANUP(freep) char *text_again = NULL;

	terminal_init_profile(&terminal, "openpgp:sig=ed25519+cert+touch,dec=x25519,pin=lasting");
	terminal_send(&terminal, WRONG_PW1, 0x6982);
	terminal_send(&terminal, PW3, 0x9000);
	terminal_send(&terminal, "00DA5F50026162", 0x9000);
	CHECK_OK(card_json_write(&terminal.card.state, &text));
	CHECK_OK(card_json_read(view_of_text(text), &again));
	CHECK(again.openpgp.is_on && again.lacks_piv && again.openpgp.is_pw1_lasting);
	CHECK_INT(again.openpgp.passwords[OPENPGP_PASSWORD_USER].tries_left, 2);
	CHECK(EVP_PKEY_eq(again.openpgp.keys[OPENPGP_SIGNATURE].pkey,
			  key_of(&terminal, OPENPGP_SIGNATURE)) == 1);
	CHECK(again.openpgp.keys[OPENPGP_SIGNATURE].certificate.len > 0);
	CHECK_OK(card_json_write(&again, &text_again));
	CHECK_TEXT(text_again, text);
}

static void check_refused(const char *from, const char *to)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};
	CLEANUP(card_state_done) struct card_state again = {0};
	CLEANUP(freep) char *text = NULL;
	char *at = NULL;

	CHECK_INT(strlen(from), strlen(to));
	terminal_init_profile(&terminal, "openpgp:sig=p256");
	CHECK_OK(card_json_write(&terminal.card.state, &text));
	at = strstr(strstr(text, "\"openpgp\""), from);
	CHECK(at);
	memcpy(at, to, strlen(to));
	CHECK_STATUS(card_json_read(view_of_text(text), &again), KC_ERR_DECODE);
}

TEST(each_kind_of_damage_is_refused)
{
	check_refused("\"is_alone\"", "\"is_along\"");
	check_refused("\"signature_counter\":0", "\"signature_counter\":\"");
	check_refused("\"tries_left\":3", "\"tries_left\":4");
	check_refused("\"tries_left\":0", "\"tries_left\":1");
	check_refused("\"value\":\"3132", "\"value\":\"313x");
	check_refused("\"p256\"", "\"p384\"");
	check_refused("\"p256\"", "\"p255\"");
	check_refused("\"origin\":1", "\"origin\":0");
	check_refused("\"origin\":0", "\"origin\":1");
	check_refused("\"touch\":0", "\"touch\":3");
	check_refused("\"fingerprint\":\"00", "\"fingerprint\":\"0x");
	check_refused("\"tag\":\"5f35\"", "\"tag\":\"5f36\"");
	check_refused("\"keys\"", "\"kays\"");
}

TEST(openpgp_profiles_say_what_is_wrong)
{
	static const char *const wrong[][2] = {
		{"openpgp:sig", "needs an algorithm"},
		{"openpgp:sgi=p256", "no OpenPGP key"},
		{"openpgp:sig=x25519", "no algorithm"},
		{"openpgp:dec=ed25519", "no algorithm"},
		{"openpgp:sig=p256+gzip", "no option"},
		{"openpgp:sig=p256,sig=p384", "twice"},
		{"openpgp:pin=never", "there is lasting"},
		{"openpgp/openpgp", "there twice"},
		{"both/piv", "no profile"},
		{"openpgp:extended=x", "extended=x"},
	};
	struct profile profile;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		error_clear();
		CHECK_STATUS(profile_parse(wrong[i][0], &profile), KC_ERR_PARAM);
		if (!strstr(error_get()->message, wrong[i][1]))
			test_fail(__FILE__, __LINE__, "%s: %s", wrong[i][0], error_get()->message);
	}
}

TEST(both_is_a_card_with_two_applications)
{
	struct profile profile;

	CHECK_OK(profile_parse("both", &profile));
	CHECK(profile.has_piv && profile.openpgp.is_wanted);
	CHECK_INT(profile_count(&profile), 7);
	CHECK_OK(profile_parse("openpgp:none,extended=none", &profile));
	CHECK(!profile.has_piv);
	CHECK_INT(profile.manner.extended_max, 0);
	CHECK_INT(profile_count(&profile), 0);
}
