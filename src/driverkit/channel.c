/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One packet out, one packet in, on the inherited card channel. Blocks: the daemon has the clock.
 */
#include "driverkit/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/try.h"
#include "codec/apdu.h"

enum kc_status channel_init(struct channel *channel, int fd)
{
	uint8_t *packet = malloc(APDU_RESPONSE_MAX);

	REQUIRE(packet, KC_ERR_ALLOCATE, "out of memory");
	*channel = (struct channel){.fd = fd, .packet = packet};
	return KC_OK;
}

void channel_done(struct channel *channel)
{
	free(channel->packet);
	channel->packet = NULL;
}

static enum kc_status broken(void)
{
	if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)
		return fail(KC_ERR_TOKEN_NOT_FOUND, "the card is gone");
	return fail(KC_ERR_COMMUNICATION, "the card channel broke: %s", strerror(errno));
}

static ssize_t send_packet(int fd, struct kc_view packet)
{
	ssize_t n = -1;

	do {
		n = send(fd, packet.data, packet.len, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n;
}

/* With MSG_TRUNC the length is that of the packet, also when it did not fit. */
static ssize_t receive_packet(struct channel *channel)
{
	ssize_t n = -1;

	do {
		n = recv(channel->fd, channel->packet, APDU_RESPONSE_MAX, MSG_TRUNC);
	} while (n < 0 && errno == EINTR);
	return n;
}

enum kc_status channel_exchange(void *context, struct kc_view command, struct bytes *response)
{
	struct channel *channel = context;
	ssize_t n = send_packet(channel->fd, command);

	if (n < 0)
		return broken();
	n = receive_packet(channel);
	if (n < 0)
		return broken();
	REQUIRE(n > 0, KC_ERR_TOKEN_NOT_FOUND, "the card is gone");
	REQUIRE(n <= APDU_RESPONSE_MAX, KC_ERR_COMMUNICATION, "the card's answer is too long");
	TRY(bytes_append(response, view_of(channel->packet, (size_t)n)));
	explicit_bzero(channel->packet, (size_t)n);
	return KC_OK;
}
