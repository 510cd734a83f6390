/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * org.keycask.Slot for one card. Begin names the one channel whose packets are carried; a packet on
 * any other ends that channel, because it comes from a driver that is broken or wants what is not
 * its own, and a packet left lying would be carried in a turn that it was not meant for. A channel
 * whose driver vanishes resets the card, so that a PIN it verified serves nobody else: at once when
 * it has its turn, else before the next turn begins, so that nobody is disturbed in the middle.
 */
#include "slothost/serve.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/try.h"
#include "codec/apdu.h"
#include "codec/hex.h"
#include "slothost/keypad.h"
#include "sys/socket.h"
#include "wire/protocol.h"
#include "wire/serve.h"

enum {
	CHANNELS_MAX = 16,
	NOBODY = 0,	    /* no channel's number */
	AID_BYTES_MAX = 16, /* ISO 7816-4 12.2.3 */
};

struct channel {
	int fd; /* -1: free */
	int64_t number;
};

struct slot {
	struct port *port;
	struct keypad keypad;
	struct channel channels[CHANNELS_MAX];
	int64_t turn; /* number of the channel that Begin named */
	bool owes_reset;
	bool is_powered; /* Connect has come: the card is to speak when it is asked only */
	bool is_mute;
	bool is_gone;
	struct bytes packet;
	struct bytes response;
};

/* Remember what a failure of the port says about the card. */
static enum kc_status noted(struct slot *slot, enum kc_status status)
{
	slot->is_gone |= status == KC_ERR_TOKEN_NOT_FOUND;
	slot->is_mute |= status == KC_ERR_COMMUNICATION;
	return status;
}

/* The answer that another program has the card for itself, or not. */
static enum kc_status new_reply(bool is_held, struct json_object **ret_reply)
{
	CLEANUP(field_free) struct json_object *reply = NULL;

	TRY(field_new_object(&reply));
	TRY(field_put_flag(reply, "is_held", is_held));
	*ret_reply = take(reply);
	return KC_OK;
}

static enum kc_status put_keypad(const struct keypad *keypad, struct json_object *reply)
{
	TRY(field_put_flag(reply, "has_keypad", keypad_can_verify(keypad)));
	return field_put_flag(reply, "has_keypad_for_change", keypad_can_change(keypad));
}

static enum kc_status put_limits(struct slot *slot, struct json_object *reply)
{
	struct port_limits limits = {0};
	unsigned protocol = PORT_PROTOCOL_NONE;

	TRY(noted(slot, port_limits(slot->port, &limits)));
	TRY(noted(slot, port_choose(slot->port, PORT_PROTOCOL_ANY, &protocol)));
	TRY(field_put_number(reply, "max_input", limits.max_input));
	TRY(field_put_number(reply, "max_output", limits.max_output));
	return field_put_number(reply, "protocol", protocol);
}

static enum kc_status connect_card(struct slot *slot, struct json_object **ret_reply)
{
	CLEANUP(bytes_done) struct bytes atr = BYTES_INIT(64);
	CLEANUP(field_free) struct json_object *reply = NULL;
	CLEANUP(freep) char *text = NULL;
	enum kc_status status = noted(slot, port_power_up(slot->port, &atr));

	slot->is_powered = true;
	if (status == KC_ERR_NOT_AVAILABLE)
		return new_reply(true, ret_reply);
	TRY(status);
	text = hex_encode(bytes_view(&atr), HEX_UPPER);
	REQUIRE(text, KC_ERR_ALLOCATE, "out of memory");
	keypad_find(&slot->keypad);
	TRY(new_reply(false, &reply));
	TRY(field_put_text(reply, "atr", text));
	TRY(put_limits(slot, reply));
	TRY(put_keypad(&slot->keypad, reply));
	*ret_reply = take(reply);
	return KC_OK;
}

static enum kc_status probe_one(struct slot *slot, const char *text, bool *ret_is_there)
{
	CLEANUP(bytes_done) struct bytes aid = BYTES_INIT(AID_BYTES_MAX);

	TRY(hex_decode(text, &aid));
	return noted(slot, port_select(slot->port, bytes_view(&aid), ret_is_there));
}

static enum kc_status probe_card(struct slot *slot, struct json_object *aids,
				 struct json_object **ret_reply)
{
	CLEANUP(field_free) struct json_object *reply = NULL;
	CLEANUP(field_free) struct json_object *answered = json_object_new_array();
	const char *selected = NULL;

	REQUIRE(answered, KC_ERR_ALLOCATE, "out of memory");
	for (size_t i = 0; i < json_object_array_length(aids); i++) {
		const char *aid = json_object_get_string(json_object_array_get_idx(aids, i));
		bool is_there = false;

		TRY(probe_one(slot, aid, &is_there));
		if (is_there)
			TRY(field_append_text(answered, aid));
		/* After a SELECT that failed cards differ in what is selected: trust none. */
		selected = is_there ? aid : NULL;
	}
	TRY(field_new_object(&reply));
	TRY(field_put(reply, "answered", take(answered)));
	TRY(field_put_text(reply, "selected", selected));
	*ret_reply = take(reply);
	return KC_OK;
}

static struct channel *find_channel(struct slot *slot, int64_t number)
{
	for (size_t i = 0; i < CHANNELS_MAX; i++) {
		if (slot->channels[i].fd >= 0 && slot->channels[i].number == number)
			return &slot->channels[i];
	}
	return NULL;
}

static enum kc_status attach_channel(struct slot *slot, int64_t number, int fd)
{
	CLEANUP(socket_close) int owned = fd;

	REQUIRE(owned >= 0, KC_ERR_PARAM, "Attach came without a descriptor");
	REQUIRE(number > NOBODY && !find_channel(slot, number), KC_ERR_PARAM,
		"a card channel cannot be number %lld", (long long)number);
	for (size_t i = 0; i < CHANNELS_MAX; i++) {
		if (slot->channels[i].fd < 0) {
			slot->channels[i] = (struct channel){take_fd(owned), number};
			return KC_OK;
		}
	}
	return fail(KC_ERR_PARAM, "no more than %d card channels", CHANNELS_MAX);
}

static void answer(struct wire_call *call, enum kc_status status, struct json_object *reply)
{
	if (status == KC_OK)
		wire_call_reply(call, reply);
	else
		wire_call_fail(call, status);
}

static void on_connect(struct wire_call *call)
{
	struct json_object *reply = NULL;
	enum kc_status status = connect_card(wire_call_context(call), &reply);

	answer(call, status, reply);
}

static void on_probe(struct wire_call *call)
{
	struct json_object *aids = field_get(wire_call_parameters(call), "aids");
	struct json_object *reply = NULL;
	enum kc_status status = probe_card(wire_call_context(call), aids, &reply);

	answer(call, status, reply);
}

static void on_attach(struct wire_call *call)
{
	int64_t number = field_number(wire_call_parameters(call), "channel", NOBODY);

	answer(call,
	       attach_channel(wire_call_context(call), number, wire_call_take_descriptor(call)),
	       NULL);
}

static void on_detach(struct wire_call *call)
{
	struct slot *slot = wire_call_context(call);
	int64_t number = field_number(wire_call_parameters(call), "channel", NOBODY);
	struct channel *channel = find_channel(slot, number);

	if (channel)
		socket_close(&channel->fd);
	answer(call, KC_OK, NULL);
}

static enum kc_status begin_turn(struct slot *slot, struct json_object *parameters,
				 unsigned *ret_protocol)
{
	int64_t allowed = field_number(parameters, "allowed_protocols", PORT_PROTOCOL_ANY);
	bool reset = field_flag(parameters, "reset", false) || slot->owes_reset;

	slot->turn = NOBODY;
	TRY(noted(slot, port_begin(slot->port)));
	if (reset)
		TRY(noted(slot, port_reset(slot->port)));
	slot->owes_reset = false;
	TRY(noted(slot,
		  port_choose(slot->port, (unsigned)(allowed & PORT_PROTOCOL_ANY), ret_protocol)));
	slot->turn = field_number(parameters, "channel", NOBODY);
	return KC_OK;
}

static enum kc_status begin(struct slot *slot, struct json_object *parameters,
			    struct json_object **ret_reply)
{
	CLEANUP(field_free) struct json_object *reply = NULL;
	unsigned protocol = PORT_PROTOCOL_NONE;
	enum kc_status status = begin_turn(slot, parameters, &protocol);

	if (status == KC_ERR_NOT_AVAILABLE)
		return new_reply(true, ret_reply);
	TRY(status);
	TRY(new_reply(false, &reply));
	if (protocol != PORT_PROTOCOL_NONE)
		TRY(field_put_number(reply, "protocol", protocol));
	*ret_reply = take(reply);
	return KC_OK;
}

static void on_begin(struct wire_call *call)
{
	struct json_object *reply = NULL;
	enum kc_status status = begin(wire_call_context(call), wire_call_parameters(call), &reply);

	answer(call, status, reply);
}

static void on_wait(struct wire_call *call)
{
	struct slot *slot = wire_call_context(call);

	answer(call, noted(slot, port_wait(slot->port)), NULL);
}

static void on_end(struct wire_call *call)
{
	struct slot *slot = wire_call_context(call);
	bool reset = field_flag(wire_call_parameters(call), "reset", true) || slot->owes_reset;

	slot->turn = NOBODY;
	slot->owes_reset = false;
	answer(call, noted(slot, port_end(slot->port, reset)), NULL);
}

static const struct wire_method methods[] = {
	{.name = "Connect", .handler = on_connect}, {.name = "Probe", .handler = on_probe},
	{.name = "Attach", .handler = on_attach},   {.name = "Detach", .handler = on_detach},
	{.name = "Begin", .handler = on_begin},	    {.name = "Wait", .handler = on_wait},
	{.name = "End", .handler = on_end},
};

static const struct wire_interface interface = {
	.description = protocol_org_keycask_Slot,
	.methods = methods,
	.n_methods = ARRAY_LEN(methods),
};

static void detach_channel(struct slot *slot, struct channel *channel)
{
	socket_close(&channel->fd);
	if (channel->number == slot->turn)
		ignore(noted(slot, port_reset(slot->port)));
	else
		slot->owes_reset = true;
}

/* An empty packet tells the driver that there is no answer and never will be. */
static void send_response(struct slot *slot, struct channel *channel)
{
	if (send(channel->fd, slot->response.data, slot->response.len, MSG_NOSIGNAL) < 0)
		detach_channel(slot, channel);
}

static enum kc_status carry(struct slot *slot, size_t len)
{
	struct kc_view packet = view_of(slot->packet.data, len);

	if (keypad_is_meant(packet))
		return keypad_answer(&slot->keypad, slot->packet.data, len, &slot->response);
	return port_transmit(slot->port, packet, &slot->response);
}

static void carry_apdu(struct slot *slot, struct channel *channel)
{
	ssize_t n = recv(channel->fd, slot->packet.data, slot->packet.capacity, 0);

	if (n > 0 && channel->number != slot->turn)
		log_warning("channel %lld: an APDU out of turn", (long long)channel->number);
	if (n <= 0 || channel->number != slot->turn) {
		detach_channel(slot, channel);
		return;
	}
	slot->response.len = 0;
	error_clear();
	if (noted(slot, carry(slot, (size_t)n)) != KC_OK)
		slot->response.len = 0;
	explicit_bzero(slot->packet.data, (size_t)n);
	send_response(slot, channel);
	/* What the card said may be a plaintext. */
	explicit_bzero(slot->response.data, slot->response.len);
}

/*
 * What the slot process before us asked, before it died, is perhaps answered only now, and read
 * when the card is given power (slots/embedded.c).
 */
static short card_events(const struct slot *slot)
{
	return slot->is_powered ? POLLIN | POLLRDHUP : POLLRDHUP;
}

/* Does the card hang up, or speak when nobody asked it? Both end it. */
static void check_card(struct slot *slot, short revents)
{
	if (revents & (POLLHUP | POLLERR | POLLRDHUP))
		slot->is_gone = true;
	else if (revents & POLLIN)
		slot->is_mute = true;
}

static enum kc_status step(struct slot *slot, struct wire_serve *serve)
{
	struct pollfd polls[CHANNELS_MAX + 2];

	polls[0] = (struct pollfd){.fd = wire_serve_fd(serve), .events = POLLIN};
	polls[1] = (struct pollfd){.fd = port_descriptor(slot->port), .events = card_events(slot)};
	for (size_t i = 0; i < CHANNELS_MAX; i++)
		polls[2 + i] = (struct pollfd){.fd = slot->channels[i].fd, .events = POLLIN};
	REQUIRE(poll(polls, ARRAY_LEN(polls), -1) >= 0 || errno == EINTR, KC_ERR_INTERNAL,
		"poll: %s", strerror(errno));
	check_card(slot, polls[1].revents);
	for (size_t i = 0; i < CHANNELS_MAX && !slot->is_gone && !slot->is_mute; i++) {
		if (polls[2 + i].revents)
			carry_apdu(slot, &slot->channels[i]);
	}
	if (polls[0].revents)
		return wire_serve_step(serve);
	return KC_OK;
}

static enum kc_status run(struct slot *slot, int control_fd)
{
	struct wire_service_options options = {
		.product = "keycask-slot", .version = KEYCASK_VERSION, .context = slot};
	CLEANUP(wire_service_freep) struct wire_service *service = NULL;
	CLEANUP(wire_serve_freep) struct wire_serve *serve = NULL;

	TRY(bytes_reserve(&slot->packet, APDU_COMMAND_MAX));
	TRY(bytes_reserve(&slot->response, APDU_RESPONSE_MAX));
	TRY(wire_service_new(&options, &service));
	TRY(wire_service_add(service, &interface));
	TRY(wire_serve_new(control_fd, service, &serve));
	while (!slot->is_gone && !slot->is_mute)
		TRY(step(slot, serve));
	return KC_OK;
}

enum slothost_end serve_slot(int control_fd, struct port *port, unsigned keypad_s)
{
	struct slot slot = {.port = port,
			    .keypad = {.port = port, .limit_s = keypad_s},
			    .packet = BYTES_INIT(APDU_COMMAND_MAX),
			    .response = BYTES_INIT(APDU_RESPONSE_MAX)};
	enum kc_status status = KC_OK;

	for (size_t i = 0; i < CHANNELS_MAX; i++)
		slot.channels[i].fd = -1;
	status = run(&slot, control_fd);
	for (size_t i = 0; i < CHANNELS_MAX; i++)
		socket_close(&slot.channels[i].fd);
	bytes_done(&slot.packet);
	bytes_done(&slot.response);
	if (slot.is_gone)
		return SLOTHOST_GONE;
	if (slot.is_mute)
		return SLOTHOST_MUTE;
	if (status == KC_ERR_NOT_AVAILABLE)
		return SLOTHOST_DONE;
	log_error("slot: %s (%s)", error_get()->message, error_get()->origin);
	return SLOTHOST_ERROR;
}
