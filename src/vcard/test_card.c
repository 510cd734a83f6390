/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The card through its contacts: SELECT, lengths, chaining, PINs, objects, reset. */
#include <stdio.h>

#include "codec/atr.h"
#include "harness/test.h"
#include "vcard/test_terminal.h"

TEST(atr_has_a_valid_check_byte)
{
	for (int hides_extended = 0; hides_extended < 2; hides_extended++) {
		struct card card = {.state.manner.hides_extended = hides_extended};
		struct kc_view bytes = card_atr(&card);
		struct atr atr;

		CHECK_OK(atr_parse(bytes, &atr));
		CHECK(atr_can_chain(&atr));
		CHECK_INT(atr_can_extend(&atr), !hides_extended);
		CHECK(memcmp(bytes.data + bytes.len - 8, "keycask", 7) == 0);
	}
}

TEST(select_takes_full_and_truncated_aid_and_answers_without_le)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init_unselected(&terminal);
	terminal_send(&terminal, "00A404000BA00000030800001000010000", 0x9000);
	CHECK_INT(terminal.answer.data[0], 0x61);
	terminal_send(&terminal, "00A4040005A000000308", 0x9000);
	CHECK(terminal.answer.len > 20);
	terminal_send(&terminal, "00A4040009A00000030800001000", 0x9000);
}

TEST(select_refuses_other_applications_and_leaves_piv_selected)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init(&terminal);
	terminal_send(&terminal, "00A4040006D27600012401", 0x6A82);
	terminal_send(&terminal, "00A404000CA0000003080000100001000001", 0x6A82);
	terminal_send(&terminal, "00A4040004A0000003", 0x6A82);
	terminal_send(&terminal,
		      "00A4000002"
		      "3F00",
		      0x6A86);
	terminal_send(&terminal, "00FD000000", 0x9000);
}

TEST(nothing_works_before_select)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init_unselected(&terminal);
	terminal_send(&terminal, "00FD000000", 0x6D00);
	terminal_send(&terminal, "00CB3FFF055C035FC10200", 0x6D00);
}

TEST(classes_instructions_and_lengths_that_do_not_exist_are_refused)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init(&terminal);
	terminal_send(&terminal, "80FD000000", 0x6E00);
	terminal_send(&terminal, "0CFD000000", 0x6882);
	terminal_send(&terminal, "01FD000000", 0x6881);
	terminal_send(&terminal, "00F9000000", 0x6D00);
	terminal_send(&terminal, "00FD00", 0x6700);
	terminal_send(&terminal, "0020008008313233", 0x6700);
	terminal_send(&terminal, "", 0x6700);
}

TEST(a_factory_card_says_who_it_is)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};
	struct kc_view guid = {0};
	static const uint8_t zero[16];

	terminal_init(&terminal);
	terminal_send(&terminal, "00CB3FFF055C035FC10200", 0x9000);
	CHECK(terminal_has(&terminal, 0x53, 0x34, &guid));
	CHECK_INT(guid.len, 16);
	CHECK(memcmp(guid.data, zero, sizeof(zero)) != 0);
	CHECK(terminal_has(&terminal, 0x53, 0x35, &guid));
	CHECK_INT(guid.len, 8);
	terminal_send(&terminal, "00CB3FFF055C035FC10700", 0x9000);
	CHECK(terminal_has(&terminal, 0x53, 0xF0, &guid));
	CHECK_INT(guid.len, 21);
	terminal_send(&terminal, "00CB3FFF035C017E00", 0x9000);
	CHECK_HEX(terminal_answer(&terminal), "7E124F0BA0000003080000100001005F2F024000");
	terminal_send(&terminal, "00CB3FFF055C035FC10500", 0x6A82);
}

TEST(get_data_refuses_what_is_no_tag_list)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init(&terminal);
	terminal_send(&terminal, "00CB3FFF00", 0x6A80);
	terminal_send(&terminal, "00CB3FFF055C045FC10200", 0x6A80);
	terminal_send(&terminal, "00CB3FFF025C0000", 0x6A80);
	terminal_send(&terminal, "00CB3FFF035D017E00", 0x6A80);
	terminal_send(&terminal, "00CB0000035C017E00", 0x6A86);
}

TEST(objects_behind_the_pin_stay_behind_it)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init(&terminal);
	terminal_prove_management_key(&terminal);
	terminal_send(&terminal, "00DB3FFF0A5C035FC1095303010203", 0x9000);
	terminal_send(&terminal, "00CB3FFF055C035FC10900", 0x6982);
	terminal_send(&terminal, TERMINAL_GOOD_PIN, 0x9000);
	terminal_send(&terminal, "00CB3FFF055C035FC10900", 0x9000);
	CHECK_HEX(terminal_answer(&terminal), "5303010203");
}

TEST(pin_counts_down_blocks_and_is_unblocked_by_the_puk)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init(&terminal);
	terminal_send(&terminal, "00200080", 0x63C3);
	terminal_send(&terminal, TERMINAL_WRONG_PIN, 0x63C2);
	terminal_send(&terminal, TERMINAL_WRONG_PIN, 0x63C1);
	terminal_send(&terminal, TERMINAL_GOOD_PIN, 0x9000);
	terminal_send(&terminal, "00200080", 0x9000);
	terminal_send(&terminal, TERMINAL_WRONG_PIN, 0x63C2);
	terminal_send(&terminal, "00200080", 0x63C2);
	terminal_send(&terminal, TERMINAL_WRONG_PIN, 0x63C1);
	terminal_send(&terminal, TERMINAL_WRONG_PIN, 0x63C0);
	terminal_send(&terminal, TERMINAL_GOOD_PIN, 0x6983);
	terminal_send(&terminal, "00200080", 0x6983);
	terminal_send(&terminal,
		      "002C008010"
		      "3132333435363738"
		      "363534333231FFFF",
		      0x9000);
	terminal_send(&terminal, "00200080", 0x63C3);
	terminal_send(&terminal, TERMINAL_GOOD_PIN, 0x63C2);
	terminal_send(&terminal,
		      "0020008008"
		      "363534333231FFFF",
		      0x9000);
}

TEST(a_malformed_pin_costs_no_try)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init(&terminal);
	terminal_send(&terminal,
		      "0020008006"
		      "313233343536",
		      0x6A80);
	terminal_send(&terminal,
		      "0020008008"
		      "3132333435FFFFFF",
		      0x6A80);
	terminal_send(&terminal,
		      "0020008008"
		      "313233343536FF37",
		      0x6A80);
	terminal_send(&terminal,
		      "0020000008"
		      "313233343536FFFF",
		      0x6A88);
	terminal_send(&terminal,
		      "0020018008"
		      "313233343536FFFF",
		      0x6A86);
	terminal_send(&terminal, "00200080", 0x63C3);
}

TEST(verify_with_p1_ff_forgets_the_pin)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init(&terminal);
	terminal_send(&terminal, TERMINAL_GOOD_PIN, 0x9000);
	terminal_send(&terminal,
		      "0020FF8001"
		      "31",
		      0x6A80);
	terminal_send(&terminal, "00200080", 0x9000);
	terminal_send(&terminal, "0020FF80", 0x9000);
	terminal_send(&terminal, "00200080", 0x63C3);
}

TEST(pin_state_survives_select_of_piv_and_dies_with_reset)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init(&terminal);
	terminal_send(&terminal, TERMINAL_GOOD_PIN, 0x9000);
	terminal_select(&terminal);
	terminal_send(&terminal, "00200080", 0x9000);
	terminal_send(&terminal, "00A4040006D27600012401", 0x6A82);
	terminal_send(&terminal, "00200080", 0x9000);
	card_reset(&terminal.card);
	terminal_select(&terminal);
	terminal_send(&terminal, "00200080", 0x63C3);
}

TEST(pin_and_puk_change_only_for_those_who_know_them)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init(&terminal);
	terminal_send(&terminal,
		      "0024008010"
		      "303030303030FFFF"
		      "363534333231FFFF",
		      0x63C2);
	terminal_send(&terminal,
		      "0024008010"
		      "313233343536FFFF"
		      "3635343332FFFFFF",
		      0x6A80);
	terminal_send(&terminal,
		      "0024008010"
		      "313233343536FFFF"
		      "363534333231FFFF",
		      0x9000);
	terminal_send(&terminal,
		      "0020008008"
		      "363534333231FFFF",
		      0x9000);
	terminal_send(&terminal,
		      "0024008110"
		      "3132333435363738"
		      "3837363534333231",
		      0x9000);
	terminal_send(&terminal,
		      "0024008110"
		      "3132333435363738"
		      "3837363534333231",
		      0x63C2);
	terminal_send(&terminal,
		      "002C008010"
		      "3837363534333231"
		      "313233343536FFFF",
		      0x9000);
	terminal_send(&terminal,
		      "002400"
		      "96"
		      "10"
		      "3132333435363738"
		      "3837363534333231",
		      0x6A88);
}

TEST(put_data_needs_the_management_key)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init(&terminal);
	terminal_send(&terminal, "00DB3FFF0A5C035FC1055303010203", 0x6982);
	terminal_prove_management_key(&terminal);
	terminal_send(&terminal, "00DB3FFF0A5C035FC1055303010203", 0x9000);
	terminal_send(&terminal, "00CB3FFF055C035FC10500", 0x9000);
	CHECK_HEX(terminal_answer(&terminal), "5303010203");
	terminal_send(&terminal, "00DB3FFF075C035FC1055300", 0x9000);
	terminal_send(&terminal, "00CB3FFF055C035FC10500", 0x6A82);
	terminal_send(&terminal, "00DB3FFF0A5C035FC1055503010203", 0x6A80);
	terminal_send(&terminal, "00DB3FFF037E0153", 0x6A81);
	card_reset(&terminal.card);
	terminal_select(&terminal);
	terminal_send(&terminal, "00DB3FFF0A5C035FC1055303010203", 0x6982);
}

/* "00DB3FFF" with an object of @len bytes AB in @tag, ready to be sent extended or chained. */
static void put_object(struct terminal *terminal, size_t len, bool is_extended, uint16_t sw)
{
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(65535);

	CHECK_OK(tlv_put(&data, 0x5C, view_of("\x5F\xC1\x0A", 3)));
	CHECK_OK(tlv_put_header(&data, 0x53, len));
	while (len-- > 0)
		CHECK_OK(bytes_append_byte(&data, 0xAB));
	terminal_command(terminal,
			 &(struct apdu_command){.ins = INS_PUT_DATA,
						.p1 = 0x3F,
						.p2 = 0xFF,
						.data = bytes_view(&data),
						.is_extended = is_extended},
			 sw);
}

TEST(long_objects_go_in_by_chaining_and_come_out_by_get_response)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init(&terminal);
	terminal_prove_management_key(&terminal);
	put_object(&terminal, 600, false, 0x9000);
	terminal_send(&terminal, "00CB3FFF055C035FC10A00", 0x6100);
	CHECK_INT(terminal.answer.len, 256);
	terminal_send(&terminal, "00C0000000", 0x6100 + 604 - 512);
	terminal_send(&terminal, "00C0000010", 0x6100 + 604 - 512 - 16);
	CHECK_INT(terminal.answer.len, 16);
	terminal_send(&terminal, "00C0000000", 0x9000);
	CHECK_INT(terminal.answer.len, 604 - 512 - 16);
	terminal_send(&terminal, "00C0000000", 0x6985);
}

TEST(a_small_le_gets_the_first_bytes_and_the_rest_can_be_left)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init(&terminal);
	terminal_prove_management_key(&terminal);
	put_object(&terminal, 600, false, 0x9000);
	terminal_send(&terminal, "00CB3FFF055C035FC10A08", 0x6100);
	CHECK_HEX(terminal_answer(&terminal), "53820258ABABABAB");
	terminal_send(&terminal, "00FD000000", 0x9000);
	terminal_send(&terminal, "00C0000000", 0x6985);
}

TEST(extended_commands_do_it_in_one)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init(&terminal);
	terminal_prove_management_key(&terminal);
	put_object(&terminal, 3000, true, 0x9000);
	terminal_send(&terminal, "00CB3FFF0000055C035FC10A0000", 0x9000);
	CHECK_INT(terminal.answer.len, 3004);
	terminal_send(&terminal, "00CB3FFF0000055C035FC10A0100", 0x6100);
	CHECK_INT(terminal.answer.len, 256);
}

TEST(objects_have_a_largest_size)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init(&terminal);
	terminal_prove_management_key(&terminal);
	put_object(&terminal, CARD_OBJECT_MAX, false, 0x9000);
	terminal_send(&terminal, "00CB3FFF0000055C035FC10A0000", 0x9000);
	CHECK_INT(terminal.answer.len, CARD_OBJECT_MAX + 4);
	put_object(&terminal, CARD_OBJECT_MAX + 1, false, 0x6A84);
}

TEST(the_card_can_be_full)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};
	char command[] = "00DB3FFF085C035FD00053010A";

	terminal_init(&terminal);
	terminal_prove_management_key(&terminal);
	for (size_t n = terminal.card.state.n_objects; n < CARD_N_OBJECTS_MAX; n++) {
		snprintf(command, sizeof(command), "00DB3FFF085C035FD0%02zX530101", n);
		terminal_send(&terminal, command, 0x9000);
	}
	terminal_send(&terminal, "00DB3FFF085C035FD1FF530101", 0x6A84);
	terminal_send(&terminal, command, 0x9000);
}

TEST(a_broken_chain_is_forgotten)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	terminal_init(&terminal);
	terminal_prove_management_key(&terminal);
	terminal_send(&terminal, "10DB3FFF055C035FC105", 0x9000);
	terminal_send(&terminal, "00FD000000", 0x9000);
	terminal_send(&terminal, "00DB3FFF055303010203", 0x6A81);
	terminal_send(&terminal, "10DB3FFF055C035FC105", 0x9000);
	terminal_send(&terminal, "00DB3FFF055303010203", 0x9000);
	terminal_send(&terminal, "10DB3FFF055C035FC105", 0x9000);
	card_reset(&terminal.card);
	terminal_select(&terminal);
	CHECK_INT(terminal.card.chain.len, 0);
}

TEST(an_endless_chain_is_cut)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(65535);

	terminal_init(&terminal);
	while (data.len <= CARD_COMMAND_MAX)
		CHECK_OK(bytes_append_byte(&data, 0));
	terminal_command(
		&terminal,
		&(struct apdu_command){
			.ins = INS_PUT_DATA, .p1 = 0x3F, .p2 = 0xFF, .data = bytes_view(&data)},
		0x6700);
	CHECK_INT(terminal.card.chain.len, 0);
}

static enum kc_status save_never(void *context, const struct card_state *state)
{
	int *n_calls = context;

	CHECK(state->pin.tries_left == 2);
	++*n_calls;
	return KC_ERR_READ_ONLY;
}

TEST(a_try_that_cannot_be_saved_is_not_answered_as_if_it_were)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};
	int n_calls = 0;

	terminal_init(&terminal);
	terminal.card.save = save_never;
	terminal.card.save_context = &n_calls;
	terminal_send(&terminal, TERMINAL_WRONG_PIN, 0x6581);
	CHECK_INT(n_calls, 1);
	terminal_send(&terminal, "00FD000000", 0x9000);
	CHECK_INT(n_calls, 1);
}

/* --- cards that differ --- */

static void init_with(struct terminal *terminal, const struct card_manner *manner)
{
	terminal_init(terminal);
	terminal->card.state.manner = *manner;
}

TEST(the_discovery_object_tells_which_pin)
{
	static const char *const expected[] = {"4000", "6010", "6020"};
	static const enum piv_pin_usage usages[] = {PIV_USAGE_APPLICATION, PIV_USAGE_BOTH,
						    PIV_USAGE_GLOBAL};

	for (size_t i = 0; i < ARRAY_LEN(usages); i++) {
		CLEANUP(terminal_done) struct terminal terminal = {0};

		init_with(&terminal, &(struct card_manner){.pin_usage = usages[i]});
		terminal_send(&terminal, "00CB3FFF035C017E00", 0x9000);
		CHECK_HEX(view_slice(terminal_answer(&terminal), 18, 20), expected[i]);
	}
}

TEST(the_global_pin_has_a_life_of_its_own)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	init_with(&terminal, &(struct card_manner){.pin_usage = PIV_USAGE_GLOBAL});
	terminal_prove_management_key(&terminal);
	terminal_send(&terminal, "00DB3FFF0A5C035FC1095303010203", 0x9000);
	terminal_send(&terminal, "0020000008313233343536FFFF", 0x63C2);
	terminal_send(&terminal, "00200080", 0x63C3);
	terminal_send(&terminal, "00CB3FFF055C035FC10900", 0x6982);
	terminal_send(&terminal, "00200000083837363534333231", 0x9000);
	terminal_send(&terminal, "00200000", 0x9000);
	terminal_send(&terminal, "00200080", 0x63C3);
	terminal_send(&terminal, "00CB3FFF055C035FC10900", 0x9000);
	terminal_send(&terminal,
		      "0024000010"
		      "3837363534333231"
		      "3132333435363738",
		      0x9000);
	terminal_send(&terminal, "00200000083132333435363738", 0x9000);
	terminal_send(&terminal, "0020FF00", 0x9000);
	terminal_send(&terminal, "00200000", 0x63C3);
	terminal_send(&terminal,
		      "002C000010"
		      "3132333435363738"
		      "3837363534333231",
		      0x6A88);
}

TEST(a_strict_card_has_no_vendor_instructions)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	init_with(&terminal, &(struct card_manner){.is_strict = true, .extended_max = 100});
	terminal_send(&terminal, "00FD000000", 0x6D00);
	terminal_send(&terminal, "00F8000000", 0x6D00);
	terminal_send(&terminal, "00F7008000", 0x6D00);
	terminal_send(&terminal, "00CB3FFF055C035FC10200", 0x9000);
}

TEST(limits_of_extended_length)
{
	CLEANUP(terminal_done) struct terminal terminal = {0};

	init_with(&terminal, &(struct card_manner){.extended_max = 0});
	terminal_send(&terminal, "00CB3FFF0000055C035FC1020000", 0x6700);
	terminal.card.state.manner.extended_max = 5;
	terminal_send(&terminal, "00CB3FFF0000055C035FC1020000", 0x6138);
	CHECK_INT(terminal_answer(&terminal).len, 5);
	terminal_send(&terminal, "00CB3FFF0000065C035FC102000000", 0x6700);
}
