/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kc_card_transmit() against a card that answers anything. The input is a byte of what to send and
 * then the card's packets, each a length (two bytes, big-endian) and that many bytes; when they
 * are used up the card is gone.
 */
#include <stdlib.h>

#include "base/error.h"
#include "driverkit/card.h"

enum {
	DATA_MAX = 600,
};

static enum kc_status next_packet(void *context, struct kc_view command, struct bytes *response)
{
	struct kc_view *packets = context;
	size_t len = 0;

	if (command.len < 4)
		abort(); /* we never send half a header */
	if (packets->len < 2)
		return KC_ERR_TOKEN_NOT_FOUND;
	len = (size_t)packets->data[0] << 8 | packets->data[1];
	*packets = view_slice(*packets, 2, packets->len);
	if (bytes_append(response, view_slice(*packets, 0, len)) != KC_OK)
		abort();
	*packets = view_slice(*packets, len, packets->len);
	return KC_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t zeros[DATA_MAX];
	struct kc_view packets = view_slice(view_of(data, size), 1, size);
	struct kc_card card = {.exchange = next_packet, .context = &packets};
	uint8_t shape = size > 0 ? data[0] : 0;
	struct kc_apdu apdu = {.cla = shape & 0x03,
			       .ins = 0xCB,
			       .data = view_of(zeros, shape & 0x10 ? DATA_MAX : shape & 0x0C),
			       .le = shape & 0x20   ? 65536
				     : shape & 0x40 ? 256
						    : 0};
	struct kc_bytes answer = {NULL, 0};
	uint16_t sw = 0;

	if (shape & 0x80)
		kc_card_use_extended(&card, 1024);
	error_clear();
	if (kc_card_transmit(&card, &apdu, &answer, &sw) != KC_OK) {
		if (answer.data)
			abort(); /* untouched on failure */
		return 0;
	}
	if (answer.len > CARD_ANSWER_MAX || sw >> 8 == 0x61)
		abort();
	kc_bytes_free(&answer);
	return 0;
}
