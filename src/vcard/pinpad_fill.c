/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a reader puts a PIN into a command: from the structure alone (bmFormatString and the two
 * beside it), without a look at the format that the host made it of, so that each tests the other.
 */
#include "vcard/pinpad.h"

#include "base/try.h"
#include "codec/apdu.h"

enum {
	BITS = 8,
	HALF = 4,
	LC = 4, /* its place in a short command */
	DATA = 5,
};

static void set_bit(uint8_t *data, size_t at, bool is_set)
{
	uint8_t mask = (uint8_t)(1U << (BITS - 1 - at % BITS));

	data[at / BITS] = (uint8_t)(is_set ? data[at / BITS] | mask : data[at / BITS] & ~mask);
}

static void set_bits(uint8_t *data, size_t at, unsigned value, unsigned n)
{
	while (n-- > 0)
		set_bit(data, at++, value >> n & 1);
}

static unsigned value_of(const struct part10_request *request, uint8_t digit)
{
	return request->encoding == KC_PIN_ENCODING_ASCII ? digit : digit & 0x0FU;
}

/* bmPINBlockString without a size: the command grows by the PIN. */
static enum kc_status append(const struct part10_request *request, struct kc_view pin,
			     struct bytes *command)
{
	REQUIRE(request->encoding != KC_PIN_ENCODING_BCD && request->length_bits == 0 &&
			command->data[LC] + pin.len <= APDU_SHORT_DATA_MAX,
		KC_ERR_BAD_PARAMETER, "no place for the PIN");
	for (size_t i = 0; i < pin.len; i++)
		TRY(bytes_append_byte(command, (uint8_t)value_of(request, pin.data[i])));
	command->data[LC] = (uint8_t)(command->data[LC] + pin.len);
	return KC_OK;
}

static enum kc_status write_over(const struct part10_request *request, struct kc_view pin,
				 unsigned insertion_byte, struct bytes *command)
{
	unsigned unit = request->encoding == KC_PIN_ENCODING_BCD ? HALF : BITS;
	size_t room = (size_t)command->data[LC] * BITS;
	size_t origin = (size_t)insertion_byte * BITS;
	size_t at = origin + request->pin_bit;
	size_t end = at + (size_t)request->block_bytes * BITS;
	size_t size = pin.len * unit;

	REQUIRE(end <= room && size <= end - at &&
			origin + request->length_bit + request->length_bits <= room,
		KC_ERR_BAD_PARAMETER, "no place for the PIN");
	if (request->justification == KC_PIN_JUSTIFICATION_RIGHT)
		at = end - size;
	for (size_t i = 0; i < pin.len; i++, at += unit)
		set_bits(command->data + DATA, at, value_of(request, pin.data[i]), unit);
	set_bits(command->data + DATA, origin + request->length_bit, (unsigned)pin.len,
		 request->length_bits);
	return KC_OK;
}

enum kc_status pinpad_fill(const struct part10_request *request, struct kc_view pin,
			   unsigned insertion_byte, struct bytes *command)
{
	if (request->block_bytes == 0)
		return append(request, pin, command);
	return write_over(request, pin, insertion_byte, command);
}
