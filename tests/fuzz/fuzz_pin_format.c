/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any format, any PIN, any padding: the host writes within the block or nothing, and when a
 * reader's keypad can be told of the format, it fills in the same.
 */
#include "codec/part10_entry.h"

#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "vcard/pinpad.h"

enum {
	HEAD = 11,
	BLOCK_MAX = 300,
	APDU_HEAD = 5,
	BITS = 8,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_so)
{
	if (!is_so)
		abort();
}

static struct kc_pin_format read_format(const uint8_t *data)
{
	return (struct kc_pin_format){
		.charset = data[0] % 5,
		.encoding = data[1] % 4,
		.justification = data[2] % 3,
		.min_length = data[3],
		.max_length = data[4],
		.block_bytes = data[5],
		.bit_offset = (unsigned)data[6] << BITS | data[7],
		.length_bit_offset = (unsigned)data[8] << BITS | data[9],
		.length_bit_size = data[10],
	};
}

/* What the reader makes of it, from the structure alone. */
static void compare(const struct kc_pin_format *format, struct kc_view pin, uint8_t padding,
		    struct kc_view block)
{
	CLEANUP(bytes_done) struct bytes structure = BYTES_INIT(PART10_STRUCTURE_MAX);
	CLEANUP(bytes_done) struct bytes command = BYTES_INIT(2 * BLOCK_MAX);
	uint8_t apdu[APDU_HEAD + 255] = {0x00, 0x20, 0x00, 0x80, (uint8_t)format->block_bytes};
	struct part10_entry entry = {.apdu = view_of(apdu, APDU_HEAD + format->block_bytes)};
	struct part10_request request;

	memset(apdu + APDU_HEAD, padding, sizeof(apdu) - APDU_HEAD);
	if (part10_entry_put(&structure, format, &entry) != KC_OK)
		return;
	demand(part10_entry_get(bytes_view(&structure), false, &request) == KC_OK);
	demand(request.min_length == format->min_length);
	demand(request.max_length == format->max_length);
	demand(bytes_append(&command, request.entry.apdu) == KC_OK);
	demand(pinpad_fill(&request, pin, 0, &command) == KC_OK);
	demand(view_equal(view_slice(bytes_view(&command), APDU_HEAD, BLOCK_MAX), block));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t block[BLOCK_MAX];
	struct kc_pin_format format;
	struct kc_view pin;
	uint8_t padding = 0;
	size_t len = 0;

	if (size < HEAD + 1)
		return 0;
	format = read_format(data);
	padding = data[HEAD];
	pin = view_of(data + HEAD + 1, size - HEAD - 1);
	memset(block, padding, sizeof(block));
	if (kc_pin_format_put(&format, pin, block, 255, &len) != KC_OK) {
		for (size_t i = 0; i < sizeof(block); i++)
			demand(block[i] == padding);
		return 0;
	}
	demand(len == (format.block_bytes ? format.block_bytes : pin.len));
	for (size_t i = len; i < sizeof(block); i++)
		demand(block[i] == padding);
	compare(&format, pin, padding, view_of(block, len));
	return 0;
}
