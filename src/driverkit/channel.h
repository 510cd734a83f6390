/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DRIVERKIT_CHANNEL_H
#define DRIVERKIT_CHANNEL_H

/*
 * The card channel: an inherited SEQPACKET socket whose other end a slot process (or a test) has.
 * One packet is one APDU; an empty packet or the end of the channel means that the card is gone.
 */

#include "driverkit/card.h"

struct channel {
	int fd;		 /* borrowed */
	uint8_t *packet; /* APDU_RESPONSE_MAX bytes */
};

KC_MUST_CHECK enum kc_status channel_init(struct channel *channel, int fd);
void channel_done(struct channel *channel);

/* A card_exchange_fn; @context is the struct channel. */
KC_MUST_CHECK enum kc_status channel_exchange(void *context, struct kc_view command,
					      struct bytes *response);

#endif
