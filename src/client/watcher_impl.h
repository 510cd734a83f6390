/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLIENT_WATCHER_IMPL_H
#define CLIENT_WATCHER_IMPL_H

/* What a token watcher is made of: watcher.c has the stream, watcher_handlers.c what it comes to.
 */

#include <sys/types.h>

#include <keycask/token.h>

#include "wire/client.h"

struct removal_handler {
	struct removal_handler *next;
	char *token_id;
	kc_token_handler_fn handler;
	void *userdata;
	bool is_armed; /* its token is there: the stream will tell of its removal */
};

struct kc_token_watcher {
	pid_t owner;
	int epoll_fd;
	int timer_fd;
	struct wire_client *client;    /* NULL: no daemon */
	struct kc_dictionary *present; /* token ID → the event that told of it */

	kc_token_handler_fn on_insertion; /* NULL: none */
	void *insertion_userdata;
	struct kc_dictionary *told; /* token ID → true: on_insertion knows of it */
	struct removal_handler *removals;
	bool is_dispatching; /* handlers run: to be freed when they have come back */
	bool is_freed;
};

/* Release what handlers need. */
void watcher_handlers_done(struct kc_token_watcher *watcher);

#endif
