/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WIRE_CLIENT_H
#define WIRE_CLIENT_H

/*
 * The asking side, blocking: what libkeycask and small programs use. One thread at a time per
 * client. No event loop, no libsystemd, no signal (MSG_NOSIGNAL).
 */

#include <stdbool.h>

#include "wire/field.h"

struct wire_client;

/* Connect to a UNIX stream socket. Expected: KC_ERR_NOT_AVAILABLE  nobody listens there. */
KC_MUST_CHECK enum kc_status wire_client_connect(const char *path, struct wire_client **ret_client);
/* The same over a connected socket, which is taken. */
KC_MUST_CHECK enum kc_status wire_client_adopt(int fd, struct wire_client **ret_client);
struct wire_client *wire_client_free(struct wire_client *client);
DEFINE_FREEP(wire_client)

/*
 * Call and wait for the answer, at most @timeout_ms (-1: no limit). Takes @parameters (NULL:
 * empty); @descriptor (-1: none) is borrowed and sent along. *ret_parameters is the caller's.
 * Expected: KC_ERR_NOT_AVAILABLE  the connection is over (client stays so until freed)
 *           whatever the service failed with, with its record
 */
KC_MUST_CHECK enum kc_status wire_client_call(struct wire_client *client, const char *method,
					      struct json_object *parameters, int descriptor,
					      int timeout_ms, struct json_object **ret_parameters);

/* A copy of @descriptor goes with the next call, before its own. */
KC_MUST_CHECK enum kc_status wire_client_attach(struct wire_client *client, int descriptor);

/* Start a "more" call; then wire_client_next() until *ret_continues is false or it fails. */
KC_MUST_CHECK enum kc_status wire_client_start(struct wire_client *client, const char *method,
					       struct json_object *parameters);
/* Expected: KC_ERR_COMMUNICATION  nothing came within @timeout_ms; try again */
KC_MUST_CHECK enum kc_status wire_client_next(struct wire_client *client, int timeout_ms,
					      struct json_object **ret_parameters,
					      bool *ret_continues);

/* The connection is over: every further call fails. */
bool wire_client_is_over(const struct wire_client *client);

/*
 * Is the descriptor still the one that was made? An application may close all that it does not
 * know, and its next file has the number then: nothing may be written to that, and it is not ours
 * to close (wire_client_free() does not).
 */
bool wire_client_has_descriptor(const struct wire_client *client);

/* For poll(); readable when wire_client_next() would not block (or has something buffered). */
int wire_client_fd(const struct wire_client *client);

#endif
