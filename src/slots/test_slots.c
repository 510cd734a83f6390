/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The embedded slot against a card's end that the test plays byte by byte. */
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/try.h"
#include "codec/apdu.h"
#include "harness/test.h"
#include "slots/embedded.h"
#include "slots/pcsc_limits.h"
#include "sys/socket.h"

enum {
	PATIENCE_MS = 20000,
	IMPATIENCE_MS = 50,
	GENERATION_MS = 120000,
};

/* The card's end: what it will answer in all, written at once or left out. */
struct scene {
	int card;
	struct port *port;
};

static struct scene open_scene(unsigned deadline_ms)
{
	struct scene scene = {-1, NULL};
	int reader = -1;

	CHECK_OK(socket_make_pair(SOCK_STREAM, &reader, &scene.card));
	CHECK_OK(embedded_open(
		reader,
		(struct port_deadlines){.card_ms = deadline_ms, .generation_ms = GENERATION_MS},
		&scene.port));
	return scene;
}

static void close_scene(struct scene *scene)
{
	scene->port = port_free(scene->port);
	socket_close(&scene->card);
}

static void answer(const struct scene *scene, const void *frame, size_t len)
{
	CHECK(send(scene->card, frame, len, MSG_NOSIGNAL) == (ssize_t)len);
}

static void expect(const struct scene *scene, const void *frame, size_t len)
{
	uint8_t got[64];

	CHECK(recv(scene->card, got, len, MSG_WAITALL) == (ssize_t)len);
	CHECK(memcmp(got, frame, len) == 0);
}

TEST(power_up_resets_and_reads_the_atr)
{
	struct scene scene = open_scene(PATIENCE_MS);
	CLEANUP(bytes_done) struct bytes atr = BYTES_INIT(64);

	answer(&scene, "\x00\x03\x3b\x81\x01", 5);
	CHECK_OK(port_power_up(scene.port, &atr));
	CHECK_HEX(bytes_view(&atr), "3B8101");
	expect(&scene, "\x00\x01\x01\x00\x01\x02\x00\x01\x50\x00\x01\x04", 12);
	close_scene(&scene);
}

TEST(an_atr_of_impossible_length_makes_the_card_mute)
{
	struct scene scene = open_scene(PATIENCE_MS);
	CLEANUP(bytes_done) struct bytes atr = BYTES_INIT(64);

	answer(&scene, "\x00\x00", 2);
	CHECK_STATUS(port_power_up(scene.port, &atr), KC_ERR_COMMUNICATION);
	close_scene(&scene);
}

/* An APDU's response comes before the ATR: the process that had asked for it is dead. */
TEST(power_up_skips_an_answer_that_was_for_somebody_else)
{
	struct scene scene = open_scene(PATIENCE_MS);
	CLEANUP(bytes_done) struct bytes atr = BYTES_INIT(64);

	answer(&scene, "\x00\x02\x90\x00\x00\x03\x3b\x81\x01", 9);
	CHECK_OK(port_power_up(scene.port, &atr));
	CHECK_HEX(bytes_view(&atr), "3B8101");
	close_scene(&scene);
}

TEST(power_up_skips_no_second_answer)
{
	struct scene scene = open_scene(PATIENCE_MS);
	CLEANUP(bytes_done) struct bytes atr = BYTES_INIT(64);

	answer(&scene, "\x00\x02\x90\x00\x00\x02\x90\x00\x00\x03\x3b\x81\x01", 13);
	CHECK_STATUS(port_power_up(scene.port, &atr), KC_ERR_COMMUNICATION);
	close_scene(&scene);
}

/* --- a reader with a keypad ----------------------------------------------------------------- */

#define FEATURES      "\x00\x1bkeycask reader:\x06\x04\x00\x00\x00\x06\x07\x04\x00\x00\x00\x07"
#define FEATURES_SIZE 29

static void check_powers_up(const struct scene *scene)
{
	CLEANUP(bytes_done) struct bytes atr = BYTES_INIT(64);

	CHECK_OK(port_power_up(scene->port, &atr));
	CHECK_HEX(bytes_view(&atr), "3B8101");
}

TEST(a_card_without_keypad_has_no_features)
{
	struct scene scene = open_scene(PATIENCE_MS);
	struct part10_features features = {{1}};

	answer(&scene, "\x00\x03\x3b\x81\x01", 5);
	check_powers_up(&scene);
	CHECK_OK(port_features(scene.port, &features));
	CHECK(!part10_has(&features, PART10_VERIFY_PIN_DIRECT) && features.control[0] == 0);
	close_scene(&scene);
}

TEST(a_keypad_is_announced_before_the_atr)
{
	struct scene scene = open_scene(PATIENCE_MS);
	struct part10_features features;

	answer(&scene, "\x00\x02\x90\x00" FEATURES "\x00\x03\x3b\x81\x01", FEATURES_SIZE + 9);
	check_powers_up(&scene);
	CHECK_OK(port_features(scene.port, &features));
	CHECK(part10_has(&features, PART10_VERIFY_PIN_DIRECT));
	CHECK(part10_has(&features, PART10_MODIFY_PIN_DIRECT));
	/* Without a keypad when it is asked again: it is no more. */
	answer(&scene, "\x00\x03\x3b\x81\x01", 5);
	check_powers_up(&scene);
	CHECK_OK(port_features(scene.port, &features));
	CHECK(!part10_has(&features, PART10_VERIFY_PIN_DIRECT));
	close_scene(&scene);
}

TEST(a_damaged_announcement_makes_the_card_unusable)
{
	struct scene scene = open_scene(PATIENCE_MS);
	CLEANUP(bytes_done) struct bytes atr = BYTES_INIT(64);

	answer(&scene, "\x00\x11keycask reader:\x06\x04\x00\x03\x3b\x81\x01", 24);
	CHECK_STATUS(port_power_up(scene.port, &atr), KC_ERR_COMMUNICATION);
	close_scene(&scene);
}

static void *answer_late(void *context)
{
	const struct scene *scene = context;
	uint8_t packet[2 + 5 + 3];

	CHECK(recv(scene->card, packet, sizeof(packet), MSG_WAITALL) == sizeof(packet));
	CHECK_HEX(VIEW_OF(packet), "0008FFC2010603010203");
	CHECK_INT(poll(NULL, 0, 2 * IMPATIENCE_MS), 0);
	answer(scene, "\x00\x02\x90\x00", 4);
	return NULL;
}

TEST(a_keypad_has_the_time_that_a_person_takes)
{
	struct scene scene = open_scene(IMPATIENCE_MS);
	CLEANUP(bytes_done) struct bytes response = BYTES_INIT(64);
	pthread_t person;

	CHECK_INT(pthread_create(&person, NULL, answer_late, &scene), 0);
	CHECK_OK(port_control(scene.port, PART10_VERIFY_PIN_DIRECT, view_of("\1\2\3", 3),
			      PATIENCE_MS, &response));
	CHECK_INT(pthread_join(person, NULL), 0);
	CHECK_HEX(bytes_view(&response), "9000");
	CHECK_STATUS(
		port_control(scene.port, PART10_VERIFY_PIN_DIRECT, view_of("\1", 1), 1, &response),
		KC_ERR_COMMUNICATION);
	close_scene(&scene);
}

static void check_is_no_answer(const char *frame, size_t len)
{
	struct scene scene = open_scene(PATIENCE_MS);
	CLEANUP(bytes_done) struct bytes response = BYTES_INIT(64);

	answer(&scene, frame, len);
	CHECK_STATUS(port_transmit(scene.port, view_of("\x00\xcb\x3f\xff\x00", 5), &response),
		     KC_ERR_COMMUNICATION);
	close_scene(&scene);
}

TEST(an_answer_without_status_word_makes_the_card_mute)
{
	check_is_no_answer("\x00\x00", 2);
	check_is_no_answer("\x00\x01\x90", 3);
}

TEST(transmit_carries_one_apdu_and_one_answer)
{
	struct scene scene = open_scene(PATIENCE_MS);
	CLEANUP(bytes_done) struct bytes response = BYTES_INIT(64);

	answer(&scene, "\x00\x04\xaa\xbb\x90\x00", 6);
	CHECK_OK(port_transmit(scene.port, view_of("\x00\xcb\x3f\xff\x00", 5), &response));
	CHECK_HEX(bytes_view(&response), "AABB9000");
	expect(&scene, "\x00\x05\x00\xcb\x3f\xff\x00", 7);
	close_scene(&scene);
}

TEST(what_looks_like_a_control_command_is_never_sent_as_apdu)
{
	struct scene scene = open_scene(PATIENCE_MS);
	CLEANUP(bytes_done) struct bytes response = BYTES_INIT(64);

	CHECK_STATUS(port_transmit(scene.port, view_of("\x02", 1), &response),
		     KC_ERR_BAD_PARAMETER);
	CHECK_INT(recv(scene.card, &(char){0}, 1, MSG_DONTWAIT), -1);
	close_scene(&scene);
}

TEST(a_mute_card_is_given_up_at_the_deadline)
{
	struct scene scene = open_scene(IMPATIENCE_MS);
	CLEANUP(bytes_done) struct bytes response = BYTES_INIT(64);

	error_clear();
	answer(&scene, "\x00\x04\xaa", 3);
	CHECK_STATUS(port_transmit(scene.port, view_of("\x00\xcb\x3f\xff", 4), &response),
		     KC_ERR_COMMUNICATION);
	CHECK(strstr(error_get()->message, "within 50 ms"));
	CHECK_INT(response.len, 0);
	close_scene(&scene);
}

/* ISO 7816-8: making a key, and not reading one with the same instruction. */
TEST(a_card_that_makes_a_key_gets_more_time)
{
	const struct port_deadlines deadlines = {.card_ms = 50, .generation_ms = 170};
	const struct port_deadlines strange = {.card_ms = 50, .generation_ms = 20};

	CHECK_INT(port_patience_ms(deadlines, view_of("\x00\x47\x00\x9a", 4)), 120);
	CHECK_INT(port_patience_ms(deadlines, view_of("\x00\x47\x80\x00", 4)), 120);
	CHECK_INT(port_patience_ms(deadlines, view_of("\x00\x46\x00\x00", 4)), 120);
	CHECK_INT(port_patience_ms(deadlines, view_of("\x00\x47\x81\x00", 4)), 0);
	CHECK_INT(port_patience_ms(deadlines, view_of("\x00\x87\x11\x9a", 4)), 0);
	CHECK_INT(port_patience_ms(deadlines, view_of("\x00\x47", 2)), 0);
	CHECK_INT(port_patience_ms(strange, view_of("\x00\x47\x00\x9a", 4)), 0);
}

TEST(a_card_that_leaves_is_gone_before_and_after_the_command)
{
	struct scene scene = open_scene(PATIENCE_MS);
	CLEANUP(bytes_done) struct bytes response = BYTES_INIT(64);

	answer(&scene, "\x00\x04\xaa", 3);
	socket_close(&scene.card);
	CHECK_STATUS(port_transmit(scene.port, view_of("\x00\xcb\x3f\xff", 4), &response),
		     KC_ERR_TOKEN_NOT_FOUND);
	CHECK_STATUS(port_transmit(scene.port, view_of("\x00\xcb\x3f\xff", 4), &response),
		     KC_ERR_TOKEN_NOT_FOUND);
	close_scene(&scene);
}

TEST(a_card_that_says_more_than_it_was_asked_is_refused)
{
	struct scene scene = open_scene(PATIENCE_MS);
	CLEANUP(bytes_done) struct bytes response = BYTES_INIT(64);

	answer(&scene, "\x00\x02\x90\x00\x00\x02\x90\x00", 8);
	CHECK_STATUS(port_transmit(scene.port, view_of("\x00\xcb\x3f\xff", 4), &response),
		     KC_ERR_COMMUNICATION);
	close_scene(&scene);
}

TEST(select_looks_at_the_status_word_only)
{
	static const struct {
		const char *frame;
		bool is_there;
	} cases[] = {
		{"\x00\x02\x90\x00", true},  {"\x00\x02\x61\x10", true},
		{"\x00\x02\x62\x83", true},  {"\x00\x02\x6a\x82", false},
		{"\x00\x02\x6d\x00", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct scene scene = open_scene(PATIENCE_MS);
		bool is_there = !cases[i].is_there;

		answer(&scene, cases[i].frame, 4);
		CHECK_OK(port_select(scene.port, view_of("\xa0\x00\x00\x03\x08", 5), &is_there));
		CHECK_INT(is_there, cases[i].is_there);
		expect(&scene, "\x00\x0b\x00\xa4\x04\x00\x05\xa0\x00\x00\x03\x08\x00", 13);
		close_scene(&scene);
	}
}

static void power_up(const struct scene *scene, const char *atr, size_t len)
{
	CLEANUP(bytes_done) struct bytes got = BYTES_INIT(64);
	uint8_t frames[12];

	answer(scene, atr, len);
	CHECK_OK(port_power_up(scene->port, &got));
	CHECK(recv(scene->card, frames, sizeof(frames), MSG_DONTWAIT) > 0);
}

TEST(the_protocol_is_one_of_those_allowed)
{
	struct scene scene = open_scene(PATIENCE_MS);
	unsigned protocol = 0;

	power_up(&scene, "\x00\x05\x3b\x80\x80\x01\x01", 7); /* T=0, then T=1 */
	CHECK_OK(port_choose(scene.port, PORT_PROTOCOL_ANY, &protocol));
	CHECK_INT(protocol, PORT_PROTOCOL_T0);
	CHECK_INT(recv(scene.card, &(char){0}, 1, MSG_DONTWAIT), -1);
	CHECK_OK(port_choose(scene.port, PORT_PROTOCOL_T1, &protocol));
	CHECK_INT(protocol, PORT_PROTOCOL_T1);
	expect(&scene, "\x00\x01\x02", 3);
	CHECK_OK(port_choose(scene.port, PORT_PROTOCOL_ANY, &protocol));
	CHECK_INT(protocol, PORT_PROTOCOL_T1);
	CHECK_OK(port_choose(scene.port, 1 << 15, &protocol));
	CHECK_INT(protocol, PORT_PROTOCOL_NONE);
	CHECK_INT(recv(scene.card, &(char){0}, 1, MSG_DONTWAIT), -1);
	close_scene(&scene);
}

TEST(what_the_readers_say_of_lengths)
{
	static const struct {
		struct pcsc_told told;
		uint32_t max_input;
		uint32_t max_output;
	} cases[] = {
		{{false, PCSC_UNTOLD, PCSC_UNTOLD}, APDU_COMMAND_MAX, APDU_RESPONSE_MAX},
		{{true, 65536, 65556}, 261, 258}, /* T=0 has short APDUs only */
		{{false, 0, 65556}, 261, 258},
		{{false, 65536, 261}, APDU_COMMAND_MAX, APDU_RESPONSE_MAX},
		{{false, 2048, 261}, 2057, 2050},
		{{false, PCSC_UNTOLD, 261}, 261, 258},
		{{false, PCSC_UNTOLD, 3062}, 3062, 3062},
		{{false, PCSC_UNTOLD, 70000}, APDU_COMMAND_MAX, APDU_RESPONSE_MAX},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct port_limits limits = pcsc_limits_of(&cases[i].told);

		CHECK_INT(limits.max_input, cases[i].max_input);
		CHECK_INT(limits.max_output, cases[i].max_output);
	}
}

TEST(end_resets_only_when_told)
{
	struct scene scene = open_scene(PATIENCE_MS);

	CHECK_OK(port_begin(scene.port));
	CHECK_OK(port_end(scene.port, false));
	CHECK_INT(recv(scene.card, &(char){0}, 1, MSG_DONTWAIT), -1);
	CHECK_OK(port_end(scene.port, true));
	expect(&scene, "\x00\x01\x02", 3);
	close_scene(&scene);
}

TEST(reset_makes_the_card_forget_and_stays)
{
	struct scene scene = open_scene(PATIENCE_MS);

	CHECK_OK(port_reset(scene.port));
	CHECK_OK(port_wait(scene.port));
	expect(&scene, "\x00\x01\x02", 3);
	close_scene(&scene);
}
