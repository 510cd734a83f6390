/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WIRE_SERVER_H
#define WIRE_SERVER_H

/*
 * A service on a listening UNIX stream socket and an sd-event loop. Calls of one connection are
 * answered in order, one at a time; a connection that breaks a limit of message.h or the protocol
 * is closed, and nobody else notices.
 */

#include <systemd/sd-event.h>

#include "wire/service.h"

struct wire_server;

struct wire_server_hooks {
	/* A connection came in on @fd (borrowed). KC_OK: serve it, *ret_peer belongs to it and is
	 * what wire_call_peer() gives; anything else: close it. */
	enum kc_status (*admit)(void *context, int fd, void **ret_peer);
	/* The connection is over; all its calls have been told. */
	void (*dismiss)(void *context, void *peer);
	void *context;
	unsigned peers_max; /* connections at once; further ones are closed on accept */
};

/* @listen_fd is taken, @service and @event borrowed and must outlive the server. */
KC_MUST_CHECK enum kc_status wire_server_new(sd_event *event, int listen_fd,
					     struct wire_service *service,
					     const struct wire_server_hooks *hooks,
					     struct wire_server **ret_server);

/* Let nobody in for now (they wait in the backlog), or let them in again, as from the beginning. */
void wire_server_set_open(struct wire_server *server, bool is_open);

/* Stop listening and close every connection. Not from inside a handler. */
struct wire_server *wire_server_free(struct wire_server *server);
DEFINE_FREEP(wire_server)

/*
 * Stop listening, let calls under way finish and their answers go out, then call @on_drained (from
 * the loop; it may free the server). Streams are not waited for but closed, and after two seconds
 * peers that do not read their last answer are too. Fine from inside a handler.
 */
void wire_server_drain(struct wire_server *server, void (*on_drained)(void *userdata),
		       void *userdata);

#endif
