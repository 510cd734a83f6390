/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The reader's side of vpcd's protocol. One command, one answer; the card never speaks first, so
 * bytes that come unasked are a protocol error and the card is treated as mute.
 */
#include "slots/embedded.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/try.h"
#include "codec/apdu.h"
#include "codec/atr.h"
#include "codec/vpcd.h"
#include "sys/socket.h"

enum {
	CHUNK_BYTES = 2048,
	RESPONSE_BYTES_MIN = 2, /* ISO 7816-4 5.1: SW1-SW2 are in every response */
};

struct embedded {
	int fd;
	struct port_deadlines deadlines;
	struct part10_features features;
	unsigned protocols; /* that the ATR offers */
	unsigned preferred; /* the first of them */
	unsigned protocol;
	struct bytes input;
	struct bytes output;
};

static int64_t now_ms(void)
{
	struct timespec now;

	ignore(clock_gettime(CLOCK_MONOTONIC, &now));
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum kc_status gone(void)
{
	return fail(KC_ERR_TOKEN_NOT_FOUND, "the card was removed");
}

static enum kc_status wait_for(const struct embedded *card, short events, int64_t until_ms)
{
	struct pollfd poll_card = {.fd = card->fd, .events = events};
	int64_t left = until_ms - now_ms();
	int n = poll(&poll_card, 1, left > 0 ? (int)left : 0);

	if (n < 0 && errno == EINTR)
		return KC_OK;
	REQUIRE(n > 0, KC_ERR_COMMUNICATION, "the card did not answer within %u ms",
		card->deadlines.card_ms);
	return KC_OK;
}

/* A card that reads slowly fills the socket: sending has the deadline too. */
static enum kc_status send_output(struct embedded *card)
{
	int64_t until_ms = now_ms() + card->deadlines.card_ms;
	ssize_t n = 0;

	for (size_t sent = 0; sent<card->output.len; sent += n> 0 ? (size_t)n : 0) {
		TRY(wait_for(card, POLLOUT, until_ms));
		n = send(card->fd, card->output.data + sent, card->output.len - sent,
			 MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return gone();
	}
	return KC_OK;
}

/* It may carry a PIN, and is overwritten when it has left. */
static enum kc_status send_frame(struct embedded *card, struct kc_view message)
{
	enum kc_status status = KC_OK;

	card->output.len = 0;
	TRY(vpcd_put(&card->output, message));
	status = send_output(card);
	explicit_bzero(card->output.data, card->output.len);
	return status;
}

static enum kc_status receive_more(struct embedded *card, int64_t until_ms)
{
	uint8_t chunk[CHUNK_BYTES];
	ssize_t n = 0;

	TRY(wait_for(card, POLLIN, until_ms));
	n = recv(card->fd, chunk, sizeof(chunk), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return KC_OK;
	if (n <= 0)
		return gone();
	TRY(bytes_append(&card->input, view_of(chunk, (size_t)n)));
	explicit_bzero(chunk, (size_t)n);
	return KC_OK;
}

/* The card may take @longer_ms more than it has anyway. */
static enum kc_status receive_late_frame(struct embedded *card, unsigned longer_ms,
					 struct bytes *message)
{
	int64_t until_ms = now_ms() + card->deadlines.card_ms + longer_ms;
	struct kc_view content;
	size_t used = 0;

	while (!vpcd_get(bytes_view(&card->input), &content, &used))
		TRY(receive_more(card, until_ms));
	TRY(bytes_append(message, content));
	bytes_consume(&card->input, used);
	return KC_OK;
}

static enum kc_status receive_frame(struct embedded *card, struct bytes *message)
{
	return receive_late_frame(card, 0, message);
}

/* The answer to what was asked is the last thing to come. */
static enum kc_status receive_answer(struct embedded *card, unsigned longer_ms,
				     struct bytes *answer)
{
	TRY(receive_late_frame(card, longer_ms, answer));
	REQUIRE(card->input.len == 0, KC_ERR_COMMUNICATION, "the card speaks without being asked");
	return KC_OK;
}

/* ISO 7816-3 8.1: TS is 3B or 3F. */
static bool is_atr(struct kc_view frame)
{
	return frame.len >= 2 && frame.len <= ATR_BYTES_MAX &&
	       (frame.data[0] == 0x3b || frame.data[0] == 0x3f);
}

static bool is_features(struct kc_view frame)
{
	size_t len = strlen(VPCD_FEATURES_MARK);

	return frame.len >= len && memcmp(frame.data, VPCD_FEATURES_MARK, len) == 0;
}

static enum kc_status take_features(struct embedded *card, struct kc_view frame)
{
	struct kc_view list = view_slice(frame, strlen(VPCD_FEATURES_MARK), frame.len);

	return part10_get_features(list, &card->features) == KC_OK
		       ? KC_OK
		       : error_remap(KC_ERR_COMMUNICATION);
}

/*
 * The slot process before us may have died between a command and its response, which then still
 * comes, and comes first. Commands go one by one: there is one such response at most.
 */
static enum kc_status receive_atr(struct embedded *card, struct bytes *atr)
{
	CLEANUP(bytes_done) struct bytes frame = BYTES_INIT(VPCD_MESSAGE_MAX);

	TRY(receive_frame(card, &frame));
	if (!is_atr(bytes_view(&frame)) && !is_features(bytes_view(&frame)) &&
	    frame.len >= RESPONSE_BYTES_MIN) {
		frame.len = 0;
		TRY(receive_frame(card, &frame));
	}
	if (is_features(bytes_view(&frame))) {
		TRY(take_features(card, bytes_view(&frame)));
		frame.len = 0;
		TRY(receive_frame(card, &frame));
	}
	REQUIRE(is_atr(bytes_view(&frame)) && card->input.len == 0, KC_ERR_COMMUNICATION,
		"the card gives no ATR");
	return bytes_append(atr, bytes_view(&frame));
}

static enum kc_status send_control(struct embedded *card, enum vpcd_control control)
{
	uint8_t byte = (uint8_t)control;

	return send_frame(card, view_of(&byte, 1));
}

/* Whole APDUs go to the card, so its protocol is a name only: what a reader would have chosen. */
static void note_protocols(struct embedded *card, struct kc_view bytes)
{
	struct atr atr;

	card->protocols = PORT_PROTOCOL_NONE;
	card->preferred = PORT_PROTOCOL_T1;
	if (atr_parse(bytes, &atr) == KC_OK) {
		card->preferred = 1U << atr.protocols[0];
		for (size_t i = 0; i < atr.n_protocols; i++)
			card->protocols |= 1U << atr.protocols[i];
	}
	error_clear();
	card->protocols &= PORT_PROTOCOL_T0 | PORT_PROTOCOL_T1;
	if (!(card->protocols & card->preferred))
		card->protocols = card->preferred = PORT_PROTOCOL_T1;
	card->protocol = card->preferred;
}

static enum kc_status power_up(void *state, struct bytes *atr)
{
	struct embedded *card = state;

	card->features = (struct part10_features){{0}};
	TRY(send_control(card, VPCD_POWER_ON));
	TRY(send_control(card, VPCD_RESET));
	TRY(send_control(card, VPCD_GET_FEATURES));
	TRY(send_control(card, VPCD_GET_ATR));
	TRY(receive_atr(card, atr));
	note_protocols(card, bytes_view(atr));
	return KC_OK;
}

static enum kc_status transmit(void *state, struct kc_view command, struct bytes *response)
{
	struct embedded *card = state;

	/* Frames of one byte are control commands; an APDU has four at least. */
	REQUIRE(command.len >= 4, KC_ERR_BAD_PARAMETER, "an APDU of %zu bytes", command.len);
	TRY(send_frame(card, command));
	TRY(receive_answer(card, port_patience_ms(card->deadlines, command), response));
	/* An empty packet would tell the driver that the card is gone, while we go on serving it.
	 */
	REQUIRE(response->len >= RESPONSE_BYTES_MIN, KC_ERR_COMMUNICATION,
		"the card answered %zu bytes, no status word", response->len);
	return KC_OK;
}

static enum kc_status read_features(void *state, struct part10_features *ret_features)
{
	const struct embedded *card = state;

	*ret_features = card->features;
	return KC_OK;
}

/* The reader is at the card's end. Its control codes are the features' own numbers. */
static enum kc_status control(void *state, uint32_t code, struct kc_view data, unsigned limit_ms,
			      struct bytes *answer)
{
	CLEANUP(bytes_done) struct bytes packet = BYTES_INIT(APDU_COMMAND_MAX);
	struct embedded *card = state;
	struct apdu_command command = {.cla = PART10_CLA,
				       .ins = PART10_INS,
				       .p1 = PART10_P1,
				       .p2 = (uint8_t)code,
				       .data = data};

	TRY(apdu_put_command(&packet, &command));
	TRY(send_frame(card, bytes_view(&packet)));
	return receive_answer(card, limit_ms, answer);
}

/* Nobody else can reach an embedded card: a transaction is ours anyway. */
static enum kc_status begin(void *state)
{
	(void)state;
	return KC_OK;
}

static enum kc_status end(void *state, bool reset)
{
	return reset ? send_control(state, VPCD_RESET) : KC_OK;
}

static enum kc_status reset(void *state)
{
	return send_control(state, VPCD_RESET);
}

static enum kc_status limits(void *state, struct port_limits *ret_limits)
{
	(void)state;
	*ret_limits = (struct port_limits){VPCD_MESSAGE_MAX, VPCD_MESSAGE_MAX};
	return KC_OK;
}

static enum kc_status choose(void *state, unsigned allowed, unsigned *ret_protocol)
{
	struct embedded *card = state;
	unsigned common = card->protocols & allowed;

	*ret_protocol = PORT_PROTOCOL_NONE;
	if (common == 0)
		return KC_OK;
	if (!(card->protocol & common)) {
		card->protocol = common & card->preferred ? card->preferred : common;
		TRY(reset(card));
	}
	*ret_protocol = card->protocol;
	return KC_OK;
}

static int descriptor(void *state)
{
	const struct embedded *card = state;

	return card->fd;
}

static void close_card(void *state)
{
	struct embedded *card = state;

	ignore(send_control(card, VPCD_POWER_OFF));
	socket_close(&card->fd);
	bytes_done(&card->input);
	bytes_done(&card->output);
	free(card);
}

static const struct port_operations operations = {
	.power_up = power_up,
	.transmit = transmit,
	.features = read_features,
	.control = control,
	.begin = begin,
	.end = end,
	.reset = reset,
	.limits = limits,
	.choose = choose,
	.descriptor = descriptor,
	.close = close_card,
};

enum kc_status embedded_open(int fd, struct port_deadlines deadlines, struct port **ret_port)
{
	struct embedded *card = calloc(1, sizeof(*card));

	if (!card)
		socket_close(&fd);
	REQUIRE(card, KC_ERR_ALLOCATE, "out of memory");
	*card = (struct embedded){
		.fd = fd,
		.deadlines = deadlines,
		.input = BYTES_INIT(VPCD_HEADER_BYTES + VPCD_MESSAGE_MAX),
		.output = BYTES_INIT(VPCD_HEADER_BYTES + VPCD_MESSAGE_MAX),
	};
	return port_new(&operations, card, ret_port);
}
