/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sockets of the card side. vpcd writes length and body separately and leaves Nagle on, so on TCP
 * each message would wait 40 ms for our delayed acknowledgement: TCP_QUICKACK, which the kernel
 * forgets, is set again before every receive.
 */
#include "vcard/link.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/try.h"
#include "codec/vpcd.h"

#define VPCD_PORT "35963"

enum {
	RECEIVE_BLOCK = 4096,
	ADDRESS_MAX = 300,
	MS_PER_SECOND = 1000,
	NS_PER_MS = 1000000,
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void addresses_freep(struct addrinfo **addresses)
{
	if (*addresses)
		freeaddrinfo(*addresses);
}

void link_adopt(int fd, int stop_fd, struct link *ret_link)
{
	*ret_link = (struct link){
		.fd = fd,
		.stop_fd = stop_fd,
		.received = BYTES_INIT(VPCD_HEADER_BYTES + VPCD_MESSAGE_MAX + RECEIVE_BLOCK),
	};
}

void link_close(struct link *link)
{
	close_fd(&link->fd);
	link->fd = -1;
	bytes_done(&link->received);
}

enum kc_status link_connect_unix(const char *path, int stop_fd, struct link *ret_link)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	CLEANUP(close_fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	REQUIRE(strlen(path) < sizeof(address.sun_path), KC_ERR_PARAM,
		"the socket path %s is too long", path);
	memcpy(address.sun_path, path, strlen(path));
	REQUIRE(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0,
		KC_ERR_NOT_AVAILABLE, "no reader listens on %s: %s", path, strerror(errno));
	link_adopt(take_fd(fd), stop_fd, ret_link);
	return KC_OK;
}

/* Take "[::1]:35963", "localhost:35963" or "localhost" apart, in place. */
static void split_address(char *text, const char **ret_host, const char **ret_port)
{
	char *colon = strrchr(text, ':');
	char *bracket = strchr(text, ']');

	*ret_host = text;
	*ret_port = VPCD_PORT;
	if (text[0] == '[' && bracket) {
		*ret_host = text + 1;
		*bracket = '\0';
		colon = bracket[1] == ':' ? bracket + 1 : NULL;
	}
	if (!colon)
		return;
	*colon = '\0';
	*ret_port = colon + 1;
}

static int connect_any(const struct addrinfo *addresses)
{
	for (const struct addrinfo *next = addresses; next; next = next->ai_next) {
		CLEANUP(close_fd)
		int fd = socket(next->ai_family, next->ai_socktype | SOCK_CLOEXEC,
				next->ai_protocol);

		if (fd >= 0 && connect(fd, next->ai_addr, next->ai_addrlen) == 0)
			return take_fd(fd);
	}
	return -1;
}

enum kc_status link_connect_tcp(const char *address, int stop_fd, struct link *ret_link)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	CLEANUP(addresses_freep) struct addrinfo *addresses = NULL;
	CLEANUP(close_fd) int fd = -1;
	char copy[ADDRESS_MAX];
	const char *host = NULL;
	const char *port = NULL;
	int failure = 0;

	REQUIRE(snprintf(copy, sizeof(copy), "%s", address) < (int)sizeof(copy), KC_ERR_PARAM,
		"an address that is too long");
	split_address(copy, &host, &port);
	failure = getaddrinfo(host, port, &hints, &addresses);
	REQUIRE(failure == 0, KC_ERR_PARAM, "%s is no HOST:PORT: %s", address,
		gai_strerror(failure));
	fd = connect_any(addresses);
	REQUIRE(fd >= 0, KC_ERR_NOT_AVAILABLE, "no reader listens on %s: %s", address,
		strerror(errno));
	ignore(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)));
	link_adopt(take_fd(fd), stop_fd, ret_link);
	ret_link->is_tcp = true;
	return KC_OK;
}

/* poll() for @events on the link; negative @timeout_ms: for ever. Ready also when time is up. */
static enum link_event wait_for(const struct link *link, short events, int timeout_ms)
{
	struct pollfd fds[] = {{link->stop_fd, POLLIN, 0}, {link->fd, events, 0}};
	int n = 0;

	do
		n = poll(fds, ARRAY_LEN(fds), timeout_ms);
	while (n < 0 && errno == EINTR);
	if (fds[0].revents)
		return LINK_STOPPED;
	if (n < 0 || fds[1].revents & (POLLERR | POLLNVAL))
		return LINK_CLOSED;
	return LINK_READY;
}

static enum link_event receive_some(struct link *link)
{
	enum link_event event = wait_for(link, POLLIN, -1);
	ssize_t n = 0;

	if (event != LINK_READY)
		return event;
	if (bytes_reserve(&link->received, RECEIVE_BLOCK) != KC_OK)
		return LINK_CLOSED;
	n = recv(link->fd, link->received.data + link->received.len, RECEIVE_BLOCK, MSG_DONTWAIT);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		return LINK_CLOSED;
	if (n > 0)
		link->received.len += (size_t)n;
	return LINK_READY;
}

enum link_event link_receive(struct link *link, struct kc_view *ret_message, size_t *ret_used)
{
	while (!vpcd_get(bytes_view(&link->received), ret_message, ret_used)) {
		enum link_event event = LINK_READY;

		if (link->is_tcp)
			ignore(setsockopt(link->fd, IPPROTO_TCP, TCP_QUICKACK, &(int){1},
					  sizeof(int)));
		event = receive_some(link);
		if (event != LINK_READY)
			return event;
	}
	return LINK_READY;
}

static enum link_event send_some(struct link *link, struct kc_view *rest)
{
	enum link_event event = wait_for(link, POLLOUT, -1);
	ssize_t n = 0;

	if (event != LINK_READY)
		return event;
	n = send(link->fd, rest->data, rest->len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return LINK_CLOSED;
	if (n > 0)
		*rest = view_slice(*rest, (size_t)n, rest->len);
	return LINK_READY;
}

enum link_event link_send(struct link *link, struct kc_view message)
{
	CLEANUP(bytes_done) struct bytes frame = BYTES_INIT(VPCD_HEADER_BYTES + VPCD_MESSAGE_MAX);
	struct kc_view rest;
	enum link_event event = LINK_READY;

	if (vpcd_put(&frame, message) != KC_OK)
		return LINK_CLOSED;
	rest = bytes_view(&frame);
	while (rest.len > 0 && event == LINK_READY)
		event = send_some(link, &rest);
	return event;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * MS_PER_SECOND + now.tv_nsec / NS_PER_MS;
}

/* Readable stop_fd, closed link, or @fd (-1: none) readable, whatever comes first within @ms. */
static void poll_for(struct pollfd fds[3], const struct link *link, int fd, unsigned ms)
{
	int64_t end = now_ms() + ms;
	int n = 0;

	fds[0] = (struct pollfd){link->stop_fd, POLLIN, 0};
	fds[1] = (struct pollfd){link->fd, POLLRDHUP, 0};
	fds[2] = (struct pollfd){fd, POLLIN, 0};
	for (int64_t left = ms; left > 0; left = end - now_ms()) {
		n = poll(fds, 3, (int)left);
		if (n > 0 || (n < 0 && errno != EINTR))
			return;
	}
}

bool link_await(struct link *link, int fd, unsigned ms)
{
	struct pollfd fds[3];

	poll_for(fds, link, fd, ms);
	return fds[2].revents & POLLIN && !fds[0].revents && !fds[1].revents;
}

enum link_event link_pause(struct link *link, unsigned ms)
{
	struct pollfd fds[3];

	poll_for(fds, link, -1, ms);
	if (fds[0].revents)
		return LINK_STOPPED;
	return fds[1].revents ? LINK_CLOSED : LINK_READY;
}
