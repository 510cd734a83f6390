/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The port: one thin layer over what a provider of slots brings. */
#include "slots/port.h"

#include <stdlib.h>

#include "base/try.h"
#include "codec/apdu.h"

enum {
	INS_SELECT = 0xa4,
	SELECT_BY_NAME = 0x04,
	/* ISO 7816-8, 11.1: GENERATE ASYMMETRIC KEY PAIR; P1 with this bit reads a key that is
	 * there. */
	INS_GENERATE = 0x46,
	INS_GENERATE_BER = 0x47,
	P1_READ = 0x01,
};

unsigned port_patience_ms(struct port_deadlines deadlines, struct kc_view command)
{
	bool makes_key = command.len > 2 &&
			 (command.data[1] == INS_GENERATE || command.data[1] == INS_GENERATE_BER) &&
			 !(command.data[2] & P1_READ);

	return makes_key && deadlines.generation_ms > deadlines.card_ms
		       ? deadlines.generation_ms - deadlines.card_ms
		       : 0;
}

struct port {
	const struct port_operations *operations;
	void *state;
};

enum kc_status port_new(const struct port_operations *operations, void *state,
			struct port **ret_port)
{
	struct port *port = calloc(1, sizeof(*port));

	if (!port)
		operations->close(state);
	REQUIRE(port, KC_ERR_ALLOCATE, "out of memory");
	*port = (struct port){operations, state};
	*ret_port = port;
	return KC_OK;
}

struct port *port_free(struct port *port)
{
	if (port)
		port->operations->close(port->state);
	free(port);
	return NULL;
}

enum kc_status port_power_up(struct port *port, struct bytes *atr)
{
	return port->operations->power_up(port->state, atr);
}

enum kc_status port_transmit(struct port *port, struct kc_view command, struct bytes *response)
{
	return port->operations->transmit(port->state, command, response);
}

/*
 * ISO 7816-4 11.2.2. Success is any answer that says the application is there: 9000, data waiting
 * (61xx), or a warning (62xx, 63xx).
 */
static bool is_success(uint16_t sw)
{
	return sw == 0x9000 || sw >> 8 == 0x61 || sw >> 8 == 0x62 || sw >> 8 == 0x63;
}

enum kc_status port_select(struct port *port, struct kc_view aid, bool *ret_is_there)
{
	CLEANUP(bytes_done) struct bytes command = BYTES_INIT(APDU_COMMAND_MAX);
	CLEANUP(bytes_done) struct bytes answer = BYTES_INIT(APDU_RESPONSE_MAX);
	struct apdu_command select = {
		.ins = INS_SELECT, .p1 = SELECT_BY_NAME, .data = aid, .le = APDU_SHORT_LE_MAX};
	struct apdu_response response;

	TRY(apdu_put_command(&command, &select));
	TRY(port_transmit(port, bytes_view(&command), &answer));
	TRY(apdu_get_response(bytes_view(&answer), &response));
	*ret_is_there = is_success(response.sw);
	return KC_OK;
}

enum kc_status port_features(struct port *port, struct part10_features *ret_features)
{
	if (port->operations->features)
		return port->operations->features(port->state, ret_features);
	*ret_features = (struct part10_features){{0}};
	return KC_OK;
}

enum kc_status port_control(struct port *port, uint32_t code, struct kc_view data,
			    unsigned limit_ms, struct bytes *answer)
{
	REQUIRE(port->operations->control, KC_ERR_NOT_IMPLEMENTED, "no reader to control");
	return port->operations->control(port->state, code, data, limit_ms, answer);
}

enum kc_status port_begin(struct port *port)
{
	return port->operations->begin(port->state);
}

enum kc_status port_end(struct port *port, bool reset)
{
	return port->operations->end(port->state, reset);
}

enum kc_status port_reset(struct port *port)
{
	return port->operations->reset(port->state);
}

enum kc_status port_limits(struct port *port, struct port_limits *ret_limits)
{
	return port->operations->limits(port->state, ret_limits);
}

enum kc_status port_choose(struct port *port, unsigned allowed, unsigned *ret_protocol)
{
	return port->operations->choose(port->state, allowed, ret_protocol);
}

enum kc_status port_wait(struct port *port)
{
	return port->operations->wait ? port->operations->wait(port->state) : KC_OK;
}

int port_descriptor(const struct port *port)
{
	return port->operations->descriptor(port->state);
}
