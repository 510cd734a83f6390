/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WIRE_CONNECTION_IMPL_H
#define WIRE_CONNECTION_IMPL_H

/*
 * One peer of a server. It goes away by itself, from the loop and never from inside a handler or a
 * reply, when its peer is gone or has broken a rule; only then on_closed runs.
 */

#include "wire/server.h"

struct connection;

struct connection_options {
	sd_event *event;
	struct wire_service *service;
	void *peer; /* for wire_call_peer() */
	/* The connection is over and its calls have been told; free it here. */
	void (*on_closed)(void *userdata, struct connection *connection);
	void *userdata;
};

/* Takes @fd, also when it fails. */
KC_MUST_CHECK enum kc_status connection_new(int fd, const struct connection_options *options,
					    struct connection **ret_connection);
/* Tells a pending call that its peer is gone. */
struct connection *connection_free(struct connection *connection);

void *connection_peer(const struct connection *connection);

/* Start no more calls; be over once the one under way, unless it is a stream, is answered and the
 * answer has been sent. */
void connection_drain(struct connection *connection);
/* As connection_drain(), and what is not sent yet will not be. */
void connection_hurry(struct connection *connection);

#endif
