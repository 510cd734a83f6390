/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Readers that work on APDUs say how much data one may have; others say how long their own
 * messages are. With T=0 the extended form does not exist but inside of ENVELOPE (ISO 7816-3 12.2).
 */
#include "slots/pcsc_limits.h"

#include <reader.h>
#include <winscard.h>

#include "base/try.h"
#include "codec/apdu.h"

enum {
	PROPERTIES_MAX = 512,
	MAX_INPUT_BYTES = 4,
	EXTENDED_OVERHEAD = 4 + 3 + 2, /* header, Lc, Le */
	APDU_DATA_MAX = 65535,
};

static const struct port_limits short_limits = {APDU_SHORT_COMMAND_MAX, APDU_SHORT_RESPONSE_MAX};
static const struct port_limits all_limits = {APDU_COMMAND_MAX, APDU_RESPONSE_MAX};

static struct port_limits limits_of_data(uint32_t apdu_data)
{
	/* 2.6.14: "0: short APDU only; 65536: extended APDU of every length". */
	if (apdu_data == 0)
		return short_limits;
	if (apdu_data > APDU_DATA_MAX)
		return all_limits;
	return (struct port_limits){apdu_data + EXTENDED_OVERHEAD, apdu_data + APDU_SW_BYTES};
}

struct port_limits pcsc_limits_of(const struct pcsc_told *told)
{
	if (told->is_t0)
		return short_limits;
	if (told->apdu_data != PCSC_UNTOLD)
		return limits_of_data(told->apdu_data);
	if (told->max_input == PCSC_UNTOLD || told->max_input >= APDU_COMMAND_MAX)
		return all_limits;
	if (told->max_input <= APDU_SHORT_COMMAND_MAX)
		return short_limits;
	return (struct port_limits){told->max_input, told->max_input};
}

static uint32_t ask_apdu_data(SCARDHANDLE card, uint32_t properties)
{
	uint32_t bytes = 0;
	uint8_t list[PROPERTIES_MAX];
	DWORD len = 0;

	if (properties == 0 ||
	    SCardControl(card, properties, NULL, 0, list, sizeof(list), &len) != SCARD_S_SUCCESS)
		return PCSC_UNTOLD;
	return part10_get_apdu_data(view_of(list, len), &bytes) == KC_OK ? bytes : PCSC_UNTOLD;
}

static uint32_t ask_max_input(SCARDHANDLE card)
{
	uint8_t bytes[MAX_INPUT_BYTES];
	DWORD len = sizeof(bytes);
	uint32_t number = 0;

	if (SCardGetAttrib(card, SCARD_ATTR_MAXINPUT, bytes, &len) != SCARD_S_SUCCESS ||
	    len != sizeof(bytes))
		return PCSC_UNTOLD;
	memcpy(&number, bytes, sizeof(number)); /* in the host's byte order */
	return number > 0 ? number : PCSC_UNTOLD;
}

void pcsc_limits_ask(long card, uint32_t properties, struct pcsc_told *ret_told)
{
	ret_told->apdu_data = ask_apdu_data(card, properties);
	ret_told->max_input = ask_max_input(card);
	error_clear();
}
