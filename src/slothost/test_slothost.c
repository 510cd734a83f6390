/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The slot process's loop over an embedded card that the test plays: whose turn it is. */
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/try.h"
#include "harness/test.h"
#include "slothost/serve.h"
#include "slots/embedded.h"
#include "sys/socket.h"
#include "wire/client.h"

enum {
	PATIENCE_MS = 20000,
	KEYPAD_S = 120,
};

static const uint8_t apdu[] = {0x00, 0xcb, 0x3f, 0xff, 0x00};
static const char apdu_frame[] = "\x00\x05\x00\xcb\x3f\xff\x00";
static const char reset_frame[] = "\x00\x01\x02";

struct scene {
	pid_t host;
	int card;
	struct wire_client *daemon;
};

static int host_main(int control, int reader)
{
	struct port *port = NULL;

	if (embedded_open(reader, (struct port_deadlines){.card_ms = PATIENCE_MS}, &port) != KC_OK)
		return SLOTHOST_ERROR;
	return (int)serve_slot(control, port, KEYPAD_S);
}

static struct scene open_scene(void)
{
	struct scene scene = {.card = -1};
	int reader = -1;
	int control = -1;
	int ours = -1;

	CHECK_OK(socket_make_pair(SOCK_STREAM, &reader, &scene.card));
	CHECK_OK(socket_make_pair(SOCK_STREAM, &control, &ours));
	scene.host = fork();
	CHECK(scene.host >= 0);
	if (scene.host == 0) {
		close(ours);
		close(scene.card);
		_exit(host_main(control, reader));
	}
	close(control);
	close(reader);
	CHECK_OK(wire_client_adopt(ours, &scene.daemon));
	return scene;
}

static int end_of(const struct scene *scene)
{
	int status = 0;

	CHECK(waitpid(scene->host, &status, 0) == scene->host);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void close_scene(struct scene *scene)
{
	scene->daemon = wire_client_free(scene->daemon);
	CHECK_INT(end_of(scene), SLOTHOST_DONE);
	socket_close(&scene->card);
}

static enum kc_status call(const struct scene *scene, const char *method, const char *name,
			   int64_t number, int fd)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(field_free) struct json_object *reply = NULL;

	error_clear();
	TRY(field_new_object(&parameters));
	if (name)
		TRY(field_put_number(parameters, name, number));
	return wire_client_call(scene->daemon, method, take(parameters), fd, PATIENCE_MS, &reply);
}

static int attach(const struct scene *scene, int64_t number)
{
	int drivers_end = -1;
	int slots_end = -1;

	CHECK_OK(socket_make_pair(SOCK_SEQPACKET, &drivers_end, &slots_end));
	CHECK_OK(call(scene, "org.keycask.Slot.Attach", "channel", number, slots_end));
	socket_close(&slots_end);
	return drivers_end;
}

static enum kc_status begin(const struct scene *scene, int64_t number)
{
	return call(scene, "org.keycask.Slot.Begin", "channel", number, -1);
}

static enum kc_status end(const struct scene *scene)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(field_free) struct json_object *reply = NULL;

	TRY(field_new_object(&parameters));
	TRY(field_put_flag(parameters, "reset", false));
	return wire_client_call(scene->daemon, "org.keycask.Slot.End", take(parameters), -1,
				PATIENCE_MS, &reply);
}

static void expect_card(const struct scene *scene, const char *frame, size_t len)
{
	uint8_t got[16];

	CHECK(recv(scene->card, got, len, MSG_WAITALL) == (ssize_t)len);
	CHECK(memcmp(got, frame, len) == 0);
}

static void expect_card_idle(const struct scene *scene)
{
	CHECK_INT(recv(scene->card, &(char){0}, 1, MSG_DONTWAIT), -1);
}

static void send_apdu(int channel)
{
	CHECK(send(channel, apdu, sizeof(apdu), MSG_NOSIGNAL) == (ssize_t)sizeof(apdu));
}

static void expect_answer(int channel)
{
	uint8_t got[16];

	CHECK_INT(recv(channel, got, sizeof(got), 0), 2);
	CHECK_HEX(view_of(got, 2), "9000");
}

static void carry(const struct scene *scene, int channel)
{
	send_apdu(channel);
	expect_card(scene, apdu_frame, 7);
	CHECK(send(scene->card, "\x00\x02\x90\x00", 4, MSG_NOSIGNAL) == 4);
	expect_answer(channel);
}

static void expect_closed(int channel)
{
	CHECK_INT(recv(channel, &(char){0}, 1, 0), 0);
}

TEST(the_named_channel_is_carried)
{
	struct scene scene = open_scene();
	int first = attach(&scene, 1);
	int second = attach(&scene, 7);

	CHECK_OK(begin(&scene, 7));
	carry(&scene, second);
	CHECK_OK(begin(&scene, 1));
	carry(&scene, first);
	CHECK_OK(end(&scene));
	expect_card_idle(&scene);
	close(first);
	close(second);
	close_scene(&scene);
}

/* It never reaches the card, and whoever has the turn is not disturbed. */
TEST(a_packet_out_of_turn_ends_its_channel)
{
	struct scene scene = open_scene();
	int first = attach(&scene, 1);
	int second = attach(&scene, 2);

	CHECK_OK(begin(&scene, 1));
	send_apdu(second);
	expect_closed(second);
	expect_card_idle(&scene);
	carry(&scene, first);
	close(first);
	close(second);
	close_scene(&scene);
}

/* ISO 7816-4: there is no CLA FF. Readers have commands of their own there. */
TEST(what_is_for_the_reader_never_reaches_the_card)
{
	struct scene scene = open_scene();
	int channel = attach(&scene, 1);
	uint8_t got[16];

	CHECK_OK(begin(&scene, 1));
	CHECK_INT(send(channel, "\xff\x82\x00\x00\x00", 5, MSG_NOSIGNAL), 5);
	CHECK_INT(recv(channel, got, sizeof(got), 0), 2);
	CHECK_HEX(view_of(got, 2), "6E00");
	expect_card_idle(&scene);
	carry(&scene, channel);
	CHECK_OK(end(&scene));
	close(channel);
	close_scene(&scene);
}

TEST(nothing_is_carried_outside_of_a_transaction)
{
	struct scene scene = open_scene();
	int first = attach(&scene, 1);
	int second = attach(&scene, 2);

	send_apdu(first);
	expect_closed(first);
	CHECK_OK(begin(&scene, 2));
	expect_card(&scene, reset_frame, 3); /* the debt of a channel that did not end well */
	CHECK_OK(end(&scene));
	send_apdu(second);
	expect_closed(second);
	expect_card_idle(&scene);
	close(first);
	close(second);
	close_scene(&scene);
}

TEST(a_turn_of_nobody_carries_nothing)
{
	struct scene scene = open_scene();
	int first = attach(&scene, 1);

	CHECK_OK(begin(&scene, 0));
	send_apdu(first);
	expect_closed(first);
	expect_card_idle(&scene);
	close(first);
	close_scene(&scene);
}

TEST(a_channel_that_vanishes_in_its_turn_resets_at_once)
{
	struct scene scene = open_scene();
	int first = attach(&scene, 1);

	CHECK_OK(begin(&scene, 1));
	close(first);
	expect_card(&scene, reset_frame, 3);
	close_scene(&scene);
}

TEST(a_channel_that_vanishes_later_resets_before_the_next_turn)
{
	struct scene scene = open_scene();
	int first = attach(&scene, 1);
	int second = attach(&scene, 2);
	int third = attach(&scene, 3);

	CHECK_OK(begin(&scene, 1));
	CHECK_OK(begin(&scene, 2));
	close(first);
	carry(&scene, second);
	CHECK_OK(begin(&scene, 3));
	expect_card(&scene, reset_frame, 3);
	CHECK_OK(begin(&scene, 2));
	expect_card_idle(&scene);
	close(second);
	close(third);
	close_scene(&scene);
}

TEST(a_detached_channel_leaves_the_card_as_it_is)
{
	struct scene scene = open_scene();
	int first = attach(&scene, 1);
	int second = attach(&scene, 2);

	CHECK_OK(begin(&scene, 1));
	CHECK_OK(call(&scene, "org.keycask.Slot.Detach", "channel", 1, -1));
	expect_closed(first);
	CHECK_OK(call(&scene, "org.keycask.Slot.Detach", "channel", 1, -1));
	CHECK_OK(begin(&scene, 2));
	CHECK_OK(end(&scene));
	expect_card_idle(&scene);
	close(first);
	close(second);
	close_scene(&scene);
}

TEST(numbers_are_used_once)
{
	struct scene scene = open_scene();
	int first = attach(&scene, 1);

	CHECK_STATUS(call(&scene, "org.keycask.Slot.Attach", "channel", 1, first), KC_ERR_PARAM);
	CHECK_STATUS(call(&scene, "org.keycask.Slot.Attach", "channel", 0, first), KC_ERR_PARAM);
	CHECK_STATUS(call(&scene, "org.keycask.Slot.Attach", "channel", 2, -1), KC_ERR_PARAM);
	close(first);
	close_scene(&scene);
}

TEST(channels_have_an_end)
{
	enum {
		CHANNELS_MAX = 16,
	};
	struct scene scene = open_scene();
	int channels[CHANNELS_MAX];

	for (int i = 0; i < CHANNELS_MAX; i++)
		channels[i] = attach(&scene, i + 1);
	CHECK_STATUS(call(&scene, "org.keycask.Slot.Attach", "channel", 99, channels[0]),
		     KC_ERR_PARAM);
	CHECK_OK(call(&scene, "org.keycask.Slot.Detach", "channel", 1, -1));
	close(channels[0]);
	channels[0] = attach(&scene, 99);
	for (int i = 0; i < CHANNELS_MAX; i++)
		close(channels[i]);
	close_scene(&scene);
}

TEST(the_card_leaves)
{
	struct scene scene = open_scene();
	int first = attach(&scene, 1);

	CHECK_OK(begin(&scene, 1));
	send_apdu(first);
	expect_card(&scene, apdu_frame, 7);
	socket_close(&scene.card);
	CHECK_INT(recv(first, &(char){0}, 1, 0), 0);
	CHECK_INT(end_of(&scene), SLOTHOST_GONE);
	close(first);
	scene.daemon = wire_client_free(scene.daemon);
}

static void connect_card(const struct scene *scene)
{
	static const uint8_t atr[] = {0x00, 0x04, 0x3b, 0x80, 0x01, 0x81};

	CHECK(send(scene->card, atr, sizeof(atr), MSG_NOSIGNAL) == (ssize_t)sizeof(atr));
	CHECK_OK(call(scene, "org.keycask.Slot.Connect", NULL, 0, -1));
}

TEST(the_answer_to_a_process_that_died_is_no_fault_of_the_card)
{
	struct scene scene = open_scene();
	int channel = -1;

	CHECK(send(scene.card, "\x00\x02\x90\x00", 4, MSG_NOSIGNAL) == 4);
	channel = attach(&scene, 1); /* when this is answered, the process has looked at the card */
	connect_card(&scene);
	close(channel);
	close_scene(&scene);
}

TEST(a_card_that_speaks_unasked_is_mute)
{
	struct scene scene = open_scene();

	connect_card(&scene);
	CHECK(send(scene.card, "\x00\x02\x90\x00", 4, MSG_NOSIGNAL) == 4);
	CHECK_INT(end_of(&scene), SLOTHOST_MUTE);
	scene.daemon = wire_client_free(scene.daemon);
	socket_close(&scene.card);
}
