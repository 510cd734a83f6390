/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* APDU encoding: ISO 7816-4 section 5.1, tables 1 to 4. */
#include "codec/apdu.h"

#include "base/try.h"

enum {
	HEADER_BYTES = 4,
};

static enum kc_status put_length(struct bytes *bytes, size_t len, bool is_extended)
{
	if (is_extended)
		TRY(bytes_append_byte(bytes, (uint8_t)(len >> 8)));
	return bytes_append_byte(bytes, (uint8_t)len);
}

static enum kc_status put_body(struct bytes *bytes, const struct apdu_command *command)
{
	/* The extended form starts with one 00, before Lc or, without data, before Le. */
	if (command->is_extended && (command->data.len > 0 || command->le > 0))
		TRY(bytes_append_byte(bytes, 0));
	if (command->data.len > 0) {
		TRY(put_length(bytes, command->data.len, command->is_extended));
		TRY(bytes_append(bytes, command->data));
	}
	if (command->le > 0) /* 256 and 65536 are written as 00 and 0000 */
		TRY(put_length(bytes, command->le, command->is_extended));
	return KC_OK;
}

enum kc_status apdu_put_command(struct bytes *bytes, const struct apdu_command *command)
{
	uint8_t header[HEADER_BYTES] = {command->cla, command->ins, command->p1, command->p2};
	size_t data_max = command->is_extended ? 65535 : APDU_SHORT_DATA_MAX;
	size_t le_max = command->is_extended ? APDU_EXTENDED_MAX : APDU_SHORT_LE_MAX;

	REQUIRE(command->data.len <= data_max && command->le <= le_max, KC_ERR_PARAM,
		"an APDU of %zu bytes does not fit its form", command->data.len);
	TRY(bytes_append(bytes, VIEW_OF(header)));
	return put_body(bytes, command);
}

static uint32_t short_le(uint8_t byte)
{
	return byte ? byte : APDU_SHORT_LE_MAX;
}

static uint32_t extended_length(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 8 | bytes[1];
}

static uint32_t extended_le(const uint8_t *bytes)
{
	uint32_t le = extended_length(bytes);

	return le ? le : APDU_EXTENDED_MAX;
}

/* @body starts with Lc, one byte, not 0. */
static enum kc_status get_short_body(struct kc_view body, struct apdu_command *command)
{
	size_t lc = body.data[0];
	size_t rest = body.len - 1;

	REQUIRE(lc > 0 && (rest == lc || rest == lc + 1), KC_ERR_CORRUPTED_DATA,
		"an APDU whose Lc does not match its length");
	command->data = view_of(body.data + 1, lc);
	command->le = rest > lc ? short_le(body.data[1 + lc]) : 0;
	return KC_OK;
}

/* @body starts with 00 and has at least three bytes. */
static enum kc_status get_extended_body(struct kc_view body, struct apdu_command *command)
{
	size_t lc = extended_length(body.data + 1);
	size_t rest = body.len - 3;

	command->is_extended = true;
	if (rest == 0) {
		command->le = extended_le(body.data + 1);
		return KC_OK;
	}
	REQUIRE(lc > 0 && (rest == lc || rest == lc + 2), KC_ERR_CORRUPTED_DATA,
		"an extended APDU whose Lc does not match its length");
	command->data = view_of(body.data + 3, lc);
	command->le = rest > lc ? extended_le(body.data + 3 + lc) : 0;
	return KC_OK;
}

enum kc_status apdu_get_command(struct kc_view input, struct apdu_command *ret_command)
{
	struct apdu_command command = {0};
	struct kc_view body = view_slice(input, HEADER_BYTES, input.len);

	REQUIRE(input.len >= HEADER_BYTES, KC_ERR_CORRUPTED_DATA, "an APDU without header");
	command.cla = input.data[0];
	command.ins = input.data[1];
	command.p1 = input.data[2];
	command.p2 = input.data[3];
	if (body.len == 1)
		command.le = short_le(body.data[0]);
	else if (body.len >= 3 && body.data[0] == 0)
		TRY(get_extended_body(body, &command));
	else if (body.len > 0)
		TRY(get_short_body(body, &command));
	*ret_command = command;
	return KC_OK;
}

enum kc_status apdu_get_response(struct kc_view input, struct apdu_response *ret_response)
{
	REQUIRE(input.len >= 2, KC_ERR_COMMUNICATION, "the card answered %zu bytes, no status word",
		input.len);
	ret_response->data = view_of(input.data, input.len - 2);
	ret_response->sw = (uint16_t)(input.data[input.len - 2] << 8 | input.data[input.len - 1]);
	return KC_OK;
}
