/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SLOTS_PORT_H
#define SLOTS_PORT_H

/*
 * A port is the way to the one card in a slot, whatever kind of slot it is. Everything here
 * blocks, up to the port's deadline: ports live in slot processes and nowhere else.
 *
 * Every function: Expected: KC_ERR_TOKEN_NOT_FOUND  the card is gone
 *                           KC_ERR_COMMUNICATION    the card is mute, or answers nonsense
 * port_power_up() and port_begin(): KC_ERR_NOT_AVAILABLE  another program has the card for itself
 */

#include "base/bytes.h"
#include "codec/part10.h"

struct port;

/* How long a card may take for an answer, and for a key that it makes. */
struct port_deadlines {
	unsigned card_ms;
	unsigned generation_ms;
};

/* By how much longer than anything else @command may take. */
unsigned port_patience_ms(struct port_deadlines deadlines, struct kc_view command);

/* Bytes of a whole command and of a whole response that the slot carries. */
struct port_limits {
	uint32_t max_input;
	uint32_t max_output;
};

/* As KC_PROTOCOL_T0 and so on: bits. */
enum port_protocol {
	PORT_PROTOCOL_NONE = 0,
	PORT_PROTOCOL_T0 = 1 << 0,
	PORT_PROTOCOL_T1 = 1 << 1,
	PORT_PROTOCOL_ANY = 0xffff,
};

/* What a provider of slots brings. @state is the provider's own. */
struct port_operations {
	enum kc_status (*power_up)(void *state, struct bytes *atr);
	enum kc_status (*transmit)(void *state, struct kc_view command, struct bytes *response);
	enum kc_status (*begin)(void *state);
	enum kc_status (*end)(void *state, bool reset);
	enum kc_status (*reset)(void *state);
	enum kc_status (*limits)(void *state, struct port_limits *ret_limits);
	enum kc_status (*choose)(void *state, unsigned allowed, unsigned *ret_protocol);
	/* The two below: NULL where no reader has more to offer than carrying APDUs. */
	enum kc_status (*features)(void *state, struct part10_features *ret_features);
	enum kc_status (*control)(void *state, uint32_t code, struct kc_view data,
				  unsigned limit_ms, struct bytes *answer);
	/* NULL where no other program can have the card. */
	enum kc_status (*wait)(void *state);
	/* A descriptor that hangs up when the card leaves, for poll(); -1 when there is none. */
	int (*descriptor)(void *state);
	void (*close)(void *state);
};

/* @state is taken. */
KC_MUST_CHECK enum kc_status port_new(const struct port_operations *operations, void *state,
				      struct port **ret_port);
struct port *port_free(struct port *port);
DEFINE_FREEP(port)

/* Power the card, reset it, append its ATR. */
KC_MUST_CHECK enum kc_status port_power_up(struct port *port, struct bytes *atr);

/* Send one command APDU as it is, append the response as it comes, status word included. */
KC_MUST_CHECK enum kc_status port_transmit(struct port *port, struct kc_view command,
					   struct bytes *response);

/* SELECT @aid by name and look at the status word only. */
KC_MUST_CHECK enum kc_status port_select(struct port *port, struct kc_view aid, bool *ret_is_there);

/* What the reader offers by PC/SC part 10, all zero when nothing. Within a transaction. */
KC_MUST_CHECK enum kc_status port_features(struct port *port, struct part10_features *ret_features);

/*
 * Have the reader carry out one of its features, append what it answers. It may take @limit_ms
 * longer than anything else. Expected: KC_ERR_NOT_IMPLEMENTED  the reader refuses
 */
KC_MUST_CHECK enum kc_status port_control(struct port *port, uint32_t code, struct kc_view data,
					  unsigned limit_ms, struct bytes *answer);

/* Take the card for ourselves; give it back, with @reset so that no verified state survives. */
KC_MUST_CHECK enum kc_status port_begin(struct port *port);
KC_MUST_CHECK enum kc_status port_end(struct port *port, bool reset);

/* Make the card forget who authenticated; a transaction goes on. */
KC_MUST_CHECK enum kc_status port_reset(struct port *port);

/* How long APDUs may be. Within a transaction. */
KC_MUST_CHECK enum kc_status port_limits(struct port *port, struct port_limits *ret_limits);

/*
 * Speak one of the protocols in @allowed with the card, resetting it when it speaks another;
 * *ret_protocol is which, none when the card has none of them. Within a transaction.
 */
KC_MUST_CHECK enum kc_status port_choose(struct port *port, unsigned allowed,
					 unsigned *ret_protocol);

/* Until no other program has the card for itself. However long that takes: no deadline. */
KC_MUST_CHECK enum kc_status port_wait(struct port *port);

int port_descriptor(const struct port *port);

#endif
