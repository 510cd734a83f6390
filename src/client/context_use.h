/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLIENT_CONTEXT_USE_H
#define CLIENT_CONTEXT_USE_H

/*
 * Contexts in calls: a dictionary has a context's name in this process, the daemon wants the one it
 * has on this very connection. line.c changes the one into the other when the connection stands.
 */

#include "wire/client.h"

/* The connection that a call is about to be sent on. */
struct context_line {
	struct wire_client *client;
	unsigned generation; /* another number for each connection of this process */
};

/*
 * If field @name of @object is a context of this process: make it known to the daemon, unless it
 * is, and put the daemon's name there; what it was goes to @local for the next time. The line is
 * locked. Fine when there is none; a name of nobody's is left for the daemon to refuse.
 */
KC_MUST_CHECK enum kc_status context_use_prepare(const struct context_line *line,
						 struct json_object *object, const char *name,
						 char **local);

#endif
