/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WIRE_SERVE_H
#define WIRE_SERVE_H

/*
 * A service on one inherited, blocking socket: how child processes (drivers, slots, x509) answer
 * their daemon. Handlers end their call before they return; one that
 * streams may take as long as the daemon lives, its replies go out at once. No event loop and no
 * libsystemd.
 */

#include "wire/service.h"

struct wire_serve;

/* @fd is taken, @service borrowed. */
KC_MUST_CHECK enum kc_status wire_serve_new(int fd, struct wire_service *service,
					    struct wire_serve **ret_serve);
struct wire_serve *wire_serve_free(struct wire_serve *serve);
DEFINE_FREEP(wire_serve)

/* For poll(). */
int wire_serve_fd(const struct wire_serve *serve);

/*
 * Wait for input once, answer every whole message that is there, return.
 * Expected: KC_ERR_NOT_AVAILABLE  the daemon closed its end: leave
 *           KC_ERR_DECODE         it sent nonsense: leave
 */
KC_MUST_CHECK enum kc_status wire_serve_step(struct wire_serve *serve);

#endif
