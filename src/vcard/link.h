/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_LINK_H
#define VCARD_LINK_H

/*
 * The connection to a reader: vpcd's port or an embedded slot's UNIX socket. Every wait also
 * listens to @stop_fd, which becomes readable when the card is to be pulled.
 */

#include "base/bytes.h"

struct link {
	int fd;
	int stop_fd; /* borrowed */
	bool is_tcp;
	struct bytes received;
};

enum link_event {
	LINK_READY,
	LINK_STOPPED, /* the card is to be pulled */
	LINK_CLOSED,  /* the reader went away */
};

KC_MUST_CHECK enum kc_status link_connect_unix(const char *path, int stop_fd,
					       struct link *ret_link);

/* @address is HOST:PORT, [HOST]:PORT or HOST, then vpcd's own port 35963. */
KC_MUST_CHECK enum kc_status link_connect_tcp(const char *address, int stop_fd,
					      struct link *ret_link);
/* Take the connected stream socket @fd. */
void link_adopt(int fd, int stop_fd, struct link *ret_link);
void link_close(struct link *link);

/* Wait for one message; *ret_used bytes of link->received are to be consumed after it. */
enum link_event link_receive(struct link *link, struct kc_view *ret_message, size_t *ret_used);

/* Send one message as one frame in one write. */
enum link_event link_send(struct link *link, struct kc_view message);

/* Wait until @fd is readable: true, or false when @ms have passed or the card is out before. */
bool link_await(struct link *link, int fd, unsigned ms);

/* Let @ms milliseconds pass. */
enum link_event link_pause(struct link *link, unsigned ms);

#endif
