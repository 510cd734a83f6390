/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The card in a reader: the reader's end is the test, the card's end a child process. */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "codec/hex.h"
#include "codec/vpcd.h"
#include "harness/test.h"
#include "vcard/command.h"
#include "vcard/insertion.h"

#define ATR "3BFD1300008131FE158073C021C0576B65796361736B5D"

enum {
	MESSAGE_MAX = 65535,
	LOG_BYTES = 2048,
};

struct reader {
	int fd;
	pid_t card;
	struct bytes received;
};

static const char *touch_wanted = "now";

/* 9E, which asks for no PIN, but for a finger each time. */
static void put_touch_key(struct card_state *state)
{
	struct card_key key = {
		.algorithm = piv_algorithm_find(PIV_P256),
		.pin_policy = PIV_PIN_NEVER,
		.touch_policy = PIV_TOUCH_ALWAYS,
		.origin = PIV_GENERATED,
		.pkey = EVP_EC_gen("P-256"),
	};

	card_state_put_key(state, PIV_SLOT_CARD_AUTHENTICATION, &key);
}

static _Noreturn void be_card(int fd, const char *fault, const char *log_path)
{
	struct transcript transcript = TRANSCRIPT_INIT;
	struct faults faults = {0};
	struct card_state state;
	struct card card;
	struct link link;
	struct touch touch = {.mode = TOUCH_NOW};
	struct insertion insertion = {
		.card = &card,
		.link = &link,
		.faults = &faults,
		.transcript = &transcript,
		.touch = &touch,
	};

	CHECK_OK(card_state_init(&state));
	put_touch_key(&state);
	card_init(&card, &state, NULL, NULL);
	if (fault)
		CHECK_OK(faults_add(&faults, fault));
	if (log_path)
		CHECK_OK(transcript_open(log_path, &transcript));
	CHECK_OK(touch_parse(touch_wanted, &touch));
	touch.fd = command_catch_touch();
	link_adopt(fd, command_catch_stop(), &link);
	_exit((int)insertion_run(&insertion));
}

static void insert(struct reader *reader, const char *fault, const char *log_path)
{
	int fds[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
	reader->card = fork();
	CHECK(reader->card >= 0);
	if (reader->card == 0) {
		close(fds[0]);
		be_card(fds[1], fault, log_path);
	}
	close(fds[1]);
	reader->fd = fds[0];
	reader->received = BYTES_INIT(2 * MESSAGE_MAX);
}

/* How the card's stay ended: an enum insertion_end. */
static int remove_card(struct reader *reader)
{
	int status = 0;

	close(reader->fd);
	bytes_done(&reader->received);
	CHECK(waitpid(reader->card, &status, 0) == reader->card);
	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void say(struct reader *reader, const char *hex)
{
	CLEANUP(bytes_done) struct bytes message = BYTES_INIT(MESSAGE_MAX);
	CLEANUP(bytes_done) struct bytes frame = BYTES_INIT(MESSAGE_MAX + 2);

	CHECK_OK(hex_decode(hex, &message));
	CHECK_OK(vpcd_put(&frame, bytes_view(&message)));
	CHECK(write(reader->fd, frame.data, frame.len) == (ssize_t)frame.len);
}

/* False when the card has closed. */
static bool hear(struct reader *reader, struct kc_view *ret_message)
{
	static size_t used;

	bytes_consume(&reader->received, used < reader->received.len ? used : reader->received.len);
	used = 0;
	while (!vpcd_get(bytes_view(&reader->received), ret_message, &used)) {
		uint8_t block[512];
		ssize_t n = read(reader->fd, block, sizeof(block));

		if (n <= 0)
			return false;
		CHECK_OK(bytes_append(&reader->received, view_of(block, (size_t)n)));
	}
	return true;
}

static void check_answer(struct reader *reader, const char *command, const char *expected)
{
	struct kc_view answer = {0};

	say(reader, command);
	CHECK(hear(reader, &answer));
	CHECK_HEX(answer, expected);
}

static void select_piv(struct reader *reader)
{
	struct kc_view answer = {0};

	say(reader, "00A4040005A00000030800");
	CHECK(hear(reader, &answer));
	CHECK(answer.len > 2 && answer.data[answer.len - 2] == 0x90);
}

TEST(a_card_is_powered_identified_used_and_powered_off)
{
	struct reader reader;

	insert(&reader, NULL, NULL);
	say(&reader, "01");
	check_answer(&reader, "04", ATR);
	select_piv(&reader);
	check_answer(&reader, "00FD000000", "0504039000");
	say(&reader, "02");
	check_answer(&reader, "00FD000000", "6D00");
	select_piv(&reader);
	say(&reader, "00");
	say(&reader, "01");
	check_answer(&reader, "00FD000000", "6D00");
	CHECK_INT(remove_card(&reader), INSERTION_CLOSED);
}

TEST(unknown_control_commands_and_empty_frames_are_survived)
{
	struct reader reader;

	insert(&reader, NULL, NULL);
	say(&reader, "");
	say(&reader, "07");
	select_piv(&reader);
	CHECK_INT(remove_card(&reader), INSERTION_CLOSED);
}

TEST(half_a_frame_and_the_end_is_an_end)
{
	struct reader reader;

	insert(&reader, NULL, NULL);
	CHECK(write(reader.fd, "\0\5\0", 3) == 3);
	CHECK_INT(remove_card(&reader), INSERTION_CLOSED);
}

TEST(a_signal_pulls_the_card)
{
	struct kc_view answer = {0};
	struct reader reader;

	insert(&reader, NULL, NULL);
	select_piv(&reader);
	CHECK(kill(reader.card, SIGTERM) == 0);
	CHECK(!hear(&reader, &answer));
	CHECK_INT(remove_card(&reader), INSERTION_STOPPED);
}

TEST(a_signal_pulls_a_card_that_is_slow)
{
	struct kc_view answer = {0};
	struct reader reader;

	insert(&reader, "slow@*:600000", NULL);
	check_answer(&reader, "04", ATR); /* it listens to signals by now */
	say(&reader, "00FD000000");
	CHECK(kill(reader.card, SIGINT) == 0);
	CHECK(!hear(&reader, &answer));
	CHECK_INT(remove_card(&reader), INSERTION_STOPPED);
}

TEST(a_slow_card_notices_that_its_reader_is_gone)
{
	struct reader reader;

	insert(&reader, "slow@*:600000", NULL);
	say(&reader, "00FD000000");
	CHECK_INT(remove_card(&reader), INSERTION_CLOSED);
}

TEST(remove_comes_after_the_answer)
{
	struct kc_view answer = {0};
	struct reader reader;

	insert(&reader, "remove@2", NULL);
	select_piv(&reader);
	check_answer(&reader, "00FD000000", "0504039000");
	CHECK(!hear(&reader, &answer));
	CHECK_INT(remove_card(&reader), INSERTION_PULLED);
}

TEST(a_mute_card_does_not_even_tell_its_atr)
{
	struct reader reader;
	struct pollfd fds;

	insert(&reader, "mute@2", NULL);
	check_answer(&reader, "04", ATR);
	select_piv(&reader);
	say(&reader, "00FD000000");
	say(&reader, "04");
	fds = (struct pollfd){reader.fd, POLLIN, 0};
	CHECK_INT(poll(&fds, 1, 100), 0);
	CHECK_INT(remove_card(&reader), INSERTION_CLOSED);
}

TEST(a_refused_apdu_is_not_carried_out)
{
	struct reader reader;

	insert(&reader, "sw@2:6F00", NULL);
	select_piv(&reader);
	check_answer(&reader, "0020008008303030303030FFFF", "6F00");
	check_answer(&reader, "00200080", "63C3");
	CHECK_INT(remove_card(&reader), INSERTION_CLOSED);
}

TEST(the_log_counts_apdus_and_hides_pins)
{
	struct reader reader;
	char path[128];
	char text[LOG_BYTES] = "";
	FILE *file = NULL;

	snprintf(path, sizeof(path), "%s/log", test_directory());
	insert(&reader, NULL, path);
	say(&reader, "01");
	select_piv(&reader);
	check_answer(&reader, "0020008008313233343536FFFF", "9000");
	check_answer(&reader, "0020008000000831323334", "6700");
	check_answer(&reader, "00F7009A00", "6A88");
	say(&reader, "02");
	CHECK_INT(remove_card(&reader), INSERTION_CLOSED);
	file = fopen(path, "r");
	CHECK(file && fread(text, 1, sizeof(text) - 1, file) > 0);
	fclose(file);
	CHECK(strncmp(text, "# inserted\n# power on\n> 00A4040005A00000030800\n< 61", 50) == 0);
	CHECK(strstr(text, "> 0020008008****************\n< 9000\n"));
	CHECK(strstr(text, "> 00200080000008********\n< 6700\n"));
	CHECK(strstr(text, "> 00F7009A00\n< 6A88\n# reset\n# removed\n"));
}

/* --- touch --- */

static const char use_touch_key[] =
	"0087119E267C2482008120"
	"1111111111111111111111111111111111111111111111111111111111111111"
	"00";

static void wait_for_line(const char *path, const char *line)
{
	char text[LOG_BYTES] = "";

	while (!strstr(text, line)) {
		FILE *file = fopen(path, "r");

		CHECK(file);
		text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
		fclose(file);
		usleep(1000);
	}
}

TEST(a_key_waits_for_the_finger_and_the_log_says_so)
{
	struct reader reader;
	struct kc_view answer = {0};
	char path[128];

	snprintf(path, sizeof(path), "%s/log", test_directory());
	touch_wanted = "wait";
	insert(&reader, NULL, path);
	select_piv(&reader);
	kill(reader.card, SIGUSR1); /* too early: it does not count */
	say(&reader, use_touch_key);
	wait_for_line(path, "# waiting for a touch\n");
	kill(reader.card, SIGUSR1);
	CHECK(hear(&reader, &answer));
	CHECK(answer.len > 60 && answer.data[0] == 0x7C);
	wait_for_line(path, "# touched\n");
	CHECK_INT(remove_card(&reader), INSERTION_CLOSED);
}

TEST(a_card_that_waits_can_be_pulled)
{
	struct reader reader;
	char path[128];

	snprintf(path, sizeof(path), "%s/log", test_directory());
	touch_wanted = "wait";
	insert(&reader, NULL, path);
	select_piv(&reader);
	say(&reader, use_touch_key);
	wait_for_line(path, "# waiting for a touch\n");
	kill(reader.card, SIGTERM);
	CHECK_INT(remove_card(&reader), INSERTION_STOPPED);
}

TEST(nobody_touches_and_somebody_late)
{
	struct reader reader;
	struct kc_view answer = {0};

	touch_wanted = "never";
	insert(&reader, NULL, NULL);
	select_piv(&reader);
	check_answer(&reader, use_touch_key, "6982");
	CHECK_INT(remove_card(&reader), INSERTION_CLOSED);
	touch_wanted = "20";
	insert(&reader, NULL, NULL);
	select_piv(&reader);
	say(&reader, use_touch_key);
	CHECK(hear(&reader, &answer));
	CHECK(answer.data[0] == 0x7C);
	CHECK_INT(remove_card(&reader), INSERTION_CLOSED);
}

TEST(wrong_touches_are_refused)
{
	static const char *const wrong[] = {"", "soon", "-1", "1s", "123456"};
	struct touch touch;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		CHECK_STATUS(touch_parse(wrong[i], &touch), KC_ERR_PARAM);
	CHECK(strstr(error_get()->message, "milliseconds"));
}
