/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The emulated keypad: what host and reader make of a format is the same, and each key and each
 * end of an entry is answered as PC/SC part 10 says.
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdio.h>

#include "base/try.h"
#include "codec/apdu.h"
#include "codec/hex.h"
#include "harness/test.h"
#include "vcard/pinpad.h"

#define NUMERIC KC_PIN_CHARSET_NUMERIC
#define BINARY	KC_PIN_ENCODING_BINARY
#define ASCII	KC_PIN_ENCODING_ASCII
#define BCD	KC_PIN_ENCODING_BCD
#define LEFT	KC_PIN_JUSTIFICATION_LEFT
#define RIGHT	KC_PIN_JUSTIFICATION_RIGHT

enum {
	DATA = 5,
};

/* --- the two engines ------------------------------------------------------------------------- */

static void check_alike(const struct kc_pin_format *format, struct kc_view pin, uint8_t padding)
{
	CLEANUP(bytes_done) struct bytes structure = BYTES_INIT(PART10_STRUCTURE_MAX);
	CLEANUP(bytes_done) struct bytes filled = BYTES_INIT(APDU_COMMAND_MAX);
	uint8_t apdu[DATA + 40] = {0x00, 0x20, 0x00, 0x80, (uint8_t)format->block_bytes};
	struct part10_request request;
	uint8_t block[40];
	size_t len = 0;

	memset(apdu + DATA, padding, sizeof(apdu) - DATA);
	memset(block, padding, sizeof(block));
	CHECK_OK(kc_pin_format_put(format, pin, block, sizeof(block), &len));
	CHECK_OK(part10_entry_put(
		&structure, format,
		&(struct part10_entry){.apdu = view_of(apdu, DATA + format->block_bytes)}));
	CHECK_OK(part10_entry_get(bytes_view(&structure), false, &request));
	CHECK_OK(bytes_append(&filled, request.entry.apdu));
	CHECK_OK(pinpad_fill(&request, pin, 0, &filled));
	CHECK_INT(filled.len, DATA + len);
	CHECK_INT(filled.data[4], len);
	if (memcmp(filled.data + DATA, block, len) != 0)
		test_fail(__FILE__, __LINE__, "%s of %zu at bit %u differs",
			  format->justification ? "right" : "left", pin.len, format->bit_offset);
}

static void check_lengths(const struct kc_pin_format *format)
{
	static const uint8_t digits[] = "987654321012";

	for (size_t len = format->min_length; len <= format->max_length; len++) {
		check_alike(format, view_of(digits, len), 0x00);
		check_alike(format, view_of(digits, len), 0xFF);
	}
}

TEST(host_and_reader_fill_in_alike)
{
	static const struct kc_pin_format formats[] = {
		KC_PIN_FORMAT_DEFAULT,
		{NUMERIC, BINARY, 0, 12, 12, LEFT, 0, 0, 0},
		{NUMERIC, BINARY, 1, 12, 13, RIGHT, 8, 0, 8},
		{NUMERIC, BCD, 4, 12, 8, LEFT, 8, 4, 4}, /* ISO 9564-1 format 2 */
		{NUMERIC, BCD, 1, 8, 5, LEFT, 4, 0, 4},
		{NUMERIC, BCD, 1, 9, 6, LEFT, 3, 40, 4},
		{NUMERIC, BCD, 1, 9, 6, RIGHT, 8, 3, 5},
		{NUMERIC, BCD, 1, 10, 6, RIGHT, 0, 0, 4},
		{NUMERIC, ASCII, 6, 12, 15, RIGHT, 24, 8, 15},
		{NUMERIC, ASCII, 0, 12, 15, LEFT, 15, 0, 15},
		{NUMERIC, ASCII, 6, 12, 0, LEFT, 0, 0, 0},
		{NUMERIC, BINARY, 6, 12, 0, LEFT, 0, 0, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		check_lengths(&formats[i]);
}

TEST(a_reader_writes_nowhere_else)
{
	static const uint8_t apdu[] = {0x00, 0x20, 0x00, 0x80, 0x04, 0, 0, 0, 0};
	struct part10_request request = {.encoding = KC_PIN_ENCODING_ASCII, .block_bytes = 4};
	struct kc_view pin = view_of_text("1234");

	for (unsigned round = 0; round < 5; round++) {
		CLEANUP(bytes_done) struct bytes command = BYTES_INIT(APDU_COMMAND_MAX);
		struct part10_request wrong = request;

		wrong.pin_bit = round == 0 ? 1 : 0;
		wrong.length_bit = round == 1 ? 31 : 0;
		wrong.length_bits = round == 1 ? 2 : 0;
		wrong.block_bytes = round == 2 ? 5 : round == 3 ? 3 : 4;
		CHECK_OK(bytes_append(&command, VIEW_OF(apdu)));
		CHECK_STATUS(pinpad_fill(&wrong, pin, round == 4 ? 1 : 0, &command),
			     KC_ERR_BAD_PARAMETER);
		CHECK_HEX(bytes_view(&command), "002000800400000000");
	}
}

/* --- entries --------------------------------------------------------------------------------- */

struct scene {
	struct pinpad pinpad;
	struct link link;
	int reader;
	int typist;
	struct transcript transcript;
	const char *path;
	char log[256];
};

static struct scene open_scene(void)
{
	static char path[256];
	struct scene scene = {.transcript = TRANSCRIPT_INIT, .path = path};
	int stop[2];
	int pair[2];

	(void)snprintf(path, sizeof(path), "%s/keypad", test_directory());
	(void)snprintf(scene.log, sizeof(scene.log), "%s/log", test_directory());
	CHECK_OK(pinpad_open(scene.path, &scene.pinpad));
	CHECK_OK(transcript_open(scene.log, &scene.transcript));
	CHECK_INT(pipe(stop), 0);
	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	link_adopt(pair[0], stop[0], &scene.link);
	scene.reader = pair[1];
	scene.typist = stop[1];
	return scene;
}

static void close_scene(struct scene *scene)
{
	close(scene->link.stop_fd);
	close(scene->typist);
	if (scene->reader >= 0)
		close(scene->reader);
	link_close(&scene->link);
	transcript_close(&scene->transcript);
	pinpad_close(&scene->pinpad);
	CHECK(access(scene->path, F_OK) < 0);
}

static const struct kc_pin_format piv = {.charset = KC_PIN_CHARSET_NUMERIC,
					 .encoding = KC_PIN_ENCODING_ASCII,
					 .min_length = 6,
					 .max_length = 8,
					 .block_bytes = 8};

static void put_packet(struct bytes *packet, bool is_change, unsigned timeout_s)
{
	CLEANUP(bytes_done) struct bytes structure = BYTES_INIT(PART10_STRUCTURE_MAX);
	static const uint8_t verify[DATA + 8] = {0x00, 0x20, 0x00, 0x80, 8};
	static const uint8_t change[DATA + 16] = {0x00, 0x24, 0x00, 0x80, 16};
	struct part10_entry entry = {.timeout_s = timeout_s,
				     .apdu = is_change ? VIEW_OF(change) : VIEW_OF(verify),
				     .is_change = is_change,
				     .asks_current = true,
				     .asks_twice = true,
				     .new_byte = 8};
	struct apdu_command command = {.cla = PART10_CLA, .ins = PART10_INS, .p1 = PART10_P1};

	CHECK_OK(part10_entry_put(&structure, &piv, &entry));
	command.p2 = is_change ? PART10_MODIFY_PIN_DIRECT : PART10_VERIFY_PIN_DIRECT;
	command.data = bytes_view(&structure);
	CHECK_OK(apdu_put_command(packet, &command));
}

/* Types each of @pins when the log says that it is asked for, from a process of its own. */
static pid_t start_typist(const struct scene *scene, const char *const *pins, size_t n_pins)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	for (size_t i = 0; i < n_pins; i++) {
		char log[1024] = "";
		size_t asked = 0;

		while (asked <= i) {
			FILE *file = fopen(scene->log, "re");
			size_t n = file ? fread(log, 1, sizeof(log) - 1, file) : 0;

			if (file)
				ignore(fclose(file));
			log[n] = '\0';
			asked = 0;
			for (char *at = log; (at = strstr(at, "PIN")); at++)
				asked++;
			usleep(1000);
		}
		ignore(write(scene->pinpad.fd, pins[i], strlen(pins[i])) < 0);
	}
	_exit(0);
}

static void check_entry(bool is_change, const char *const *pins, size_t n_pins,
			const char *expected_command, const char *expected_answer)
{
	CLEANUP(bytes_done) struct bytes packet = BYTES_INIT(512);
	CLEANUP(bytes_done) struct bytes answer = BYTES_INIT(512);
	CLEANUP(bytes_done) struct bytes command = BYTES_INIT(512);
	struct scene scene = open_scene();
	pid_t typist = 0;

	put_packet(&packet, is_change, n_pins ? 200 : 1);
	typist = start_typist(&scene, pins, n_pins);
	CHECK(pinpad_is_meant(&scene.pinpad, bytes_view(&packet)));
	CHECK_INT(pinpad_run(&scene.pinpad, &scene.link, &scene.transcript, bytes_view(&packet),
			     &answer, &command),
		  LINK_READY);
	CHECK_INT(waitpid(typist, NULL, 0), typist);
	CHECK_HEX(bytes_view(&command), expected_command);
	CHECK_HEX(bytes_view(&answer), expected_answer);
	close_scene(&scene);
}

TEST(verifications_end_as_part_10_says)
{
	static const struct {
		const char *keys;
		const char *command;
		const char *answer;
	} cases[] = {
		{"123456\n", "00200080083132333435360000", ""},
		{"12#34a56\n", "00200080083132333435360000", ""},
		{"99\b123456\x7F\b56\n", "00200080083931323334353600", ""},
		{"\b123456\n", "00200080083132333435360000", ""},
		{"1234\x1B", "", "6401"},
		{"12345\n", "", "6403"},
		{"\n", "", "6403"},
		{"123456789\n", "", "6403"},
		{"1234567890123456789012345678901234567890\n", "", "6403"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_entry(false, &cases[i].keys, 1, cases[i].command, cases[i].answer);
	check_entry(false, NULL, 0, "", "6400");
}

TEST(changes_end_as_part_10_says)
{
	static const struct {
		const char *pins[3];
		size_t n_pins;
		const char *command;
		const char *answer;
	} cases[] = {
		{{"123456\n", "654321\n", "654321\n"},
		 3,
		 "002400801031323334353600003635343332310000",
		 ""},
		{{"123456\n", "654321\n", "654322\n"}, 3, "", "6402"},
		{{"123456\n", "654321\n", "6543210\n"}, 3, "", "6402"},
		{{"123456\n", "654321\n", "\x1B"}, 3, "", "6401"},
		{{"123456\n", "65\n", ""}, 2, "", "6403"},
		{{"123456\n", "\x1B", ""}, 2, "", "6401"},
		{{"\x1B", "", ""}, 1, "", "6401"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_entry(true, cases[i].pins, cases[i].n_pins, cases[i].command,
			    cases[i].answer);
}

TEST(keys_pressed_before_are_nobodys)
{
	CLEANUP(bytes_done) struct bytes packet = BYTES_INIT(512);
	CLEANUP(bytes_done) struct bytes answer = BYTES_INIT(512);
	CLEANUP(bytes_done) struct bytes command = BYTES_INIT(512);
	struct scene scene = open_scene();

	CHECK_INT(write(scene.pinpad.fd, "123456\n", 7), 7);
	put_packet(&packet, false, 1);
	CHECK_INT(pinpad_run(&scene.pinpad, &scene.link, &scene.transcript, bytes_view(&packet),
			     &answer, &command),
		  LINK_READY);
	CHECK_HEX(bytes_view(&answer), "6400");
	close_scene(&scene);
}

TEST(a_card_pulled_while_somebody_types)
{
	for (int round = 0; round < 2; round++) {
		CLEANUP(bytes_done) struct bytes packet = BYTES_INIT(512);
		CLEANUP(bytes_done) struct bytes answer = BYTES_INIT(512);
		CLEANUP(bytes_done) struct bytes command = BYTES_INIT(512);
		struct scene scene = open_scene();

		put_packet(&packet, false, 200);
		if (round == 0) {
			CHECK_INT(write(scene.typist, "x", 1), 1);
		} else {
			close(scene.reader);
			scene.reader = -1;
		}
		CHECK_INT(pinpad_run(&scene.pinpad, &scene.link, &scene.transcript,
				     bytes_view(&packet), &answer, &command),
			  round == 0 ? LINK_STOPPED : LINK_CLOSED);
		close_scene(&scene);
	}
}

TEST(a_host_that_wants_something_else_has_given_up)
{
	CLEANUP(bytes_done) struct bytes packet = BYTES_INIT(512);
	CLEANUP(bytes_done) struct bytes answer = BYTES_INIT(512);
	CLEANUP(bytes_done) struct bytes command = BYTES_INIT(512);
	struct scene scene = open_scene();

	put_packet(&packet, false, 200);
	CHECK_INT(write(scene.reader, "\0\1\1", 3), 3);
	CHECK_INT(pinpad_run(&scene.pinpad, &scene.link, &scene.transcript, bytes_view(&packet),
			     &answer, &command),
		  LINK_READY);
	CHECK_HEX(bytes_view(&answer), "6401");
	close_scene(&scene);
}

TEST(other_packets_are_answered_by_the_reader)
{
	static const struct {
		const char *packet;
		const char *answer;
	} cases[] = {
		{"FFC20112", "020102070110"}, /* its properties */
		{"FFC2010B", "6A81"},
		{"FFC201060100", "6B80"},
		{"FFC2010605000000", "6700"},
	};
	struct scene scene = open_scene();

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(bytes_done) struct bytes packet = BYTES_INIT(512);
		CLEANUP(bytes_done) struct bytes answer = BYTES_INIT(512);
		CLEANUP(bytes_done) struct bytes command = BYTES_INIT(512);

		CHECK_OK(hex_decode(cases[i].packet, &packet));
		CHECK_INT(pinpad_run(&scene.pinpad, &scene.link, &scene.transcript,
				     bytes_view(&packet), &answer, &command),
			  LINK_READY);
		CHECK_HEX(bytes_view(&answer), cases[i].answer);
		CHECK_INT(command.len, 0);
	}
	CHECK(!pinpad_is_meant(&scene.pinpad, view_of("\x00\x20\x00\x80", 4)));
	CHECK(!pinpad_is_meant(&PINPAD_INIT, view_of("\xFF\xC2\x01\x06", 4)));
	close_scene(&scene);
}

TEST(a_keypad_is_a_fifo)
{
	struct pinpad pinpad = PINPAD_INIT;
	char path[256];
	struct stat status;

	(void)snprintf(path, sizeof(path), "%s/file", test_directory());
	CHECK_INT(close(creat(path, 0600)), 0);
	CHECK_STATUS(pinpad_open(path, &pinpad), KC_ERR_PARAM);
	CHECK(strstr(error_get()->message, "is no FIFO"));
	error_clear();
	CHECK_STATUS(pinpad_open("/nowhere/keypad", &pinpad), KC_ERR_PARAM);
	CHECK(strstr(error_get()->message, "cannot make the keypad /nowhere/keypad"));
	/* one that was there stays */
	(void)snprintf(path, sizeof(path), "%s/fifo", test_directory());
	CHECK_INT(mkfifo(path, 0600), 0);
	CHECK_OK(pinpad_open(path, &pinpad));
	pinpad_close(&pinpad);
	CHECK_INT(stat(path, &status), 0);
	CHECK_INT(pinpad.fd, -1);
}
