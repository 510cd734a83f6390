/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hexadecimal, PINs hidden. What a card has said is not printed but as hexadecimal. */
#include "frontends/cli/card_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <keycask/text.h>

#include "base/bytes.h"

enum {
	HEADER_BYTES = 4,
	SHORT_CASE_2 = 5, /* header and Le: no data */
	CLA_READER = 0xff,
	INS_VERIFY = 0x20,
	INS_VERIFY_TLV = 0x21,
	INS_CHANGE_REFERENCE_DATA = 0x24,
	INS_RESET_RETRY_COUNTER = 0x2c,
};

enum kc_status card_text_hex(struct kc_view data, char **ret_text)
{
	char *text = kc_text_hex(data);

	REQUIRE(text, KC_ERR_ALLOCATE, "out of memory");
	for (char *c = text; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	*ret_text = text;
	return KC_OK;
}

static bool is_between(char c)
{
	return c == ' ' || c == ':' || c == '\t' || c == '\r';
}

enum kc_status card_text_read(const char *text, struct kc_bytes *ret_data)
{
	CLEANUP(freep) char *digits = malloc(strlen(text) + 1);
	enum kc_status status = KC_OK;
	size_t n = 0;

	REQUIRE(digits, KC_ERR_ALLOCATE, "out of memory");
	for (const char *c = text; *c; c++) {
		if (!is_between(*c))
			digits[n++] = *c;
	}
	digits[n] = '\0';
	status = n > 0 ? kc_text_hex_decode(digits, ret_data) : KC_ERR_PARAM;
	explicit_bzero(digits, n);
	if (status == KC_OK)
		return KC_OK;
	error_clear();
	return fail(KC_ERR_PARAM, "not hexadecimal bytes: %s",
		    n > 2 * HEADER_BYTES ? "(a long text)" : text);
}

/* ISO 7816-4 11.6: their data are reference data, that is, PINs. */
bool card_text_has_pin(struct kc_view apdu)
{
	uint8_t ins = 0;

	if (apdu.len <= SHORT_CASE_2 || apdu.data[0] == CLA_READER)
		return false;
	ins = apdu.data[1];
	return ins == INS_VERIFY || ins == INS_VERIFY_TLV || ins == INS_CHANGE_REFERENCE_DATA ||
	       ins == INS_RESET_RETRY_COUNTER;
}

enum kc_status card_text_command(struct kc_view apdu, char **ret_text)
{
	TRY(card_text_hex(apdu, ret_text));
	if (card_text_has_pin(apdu)) {
		size_t shown = (size_t)2 * (HEADER_BYTES + 1);

		memset(*ret_text + shown, '*', strlen(*ret_text) - shown);
	}
	return KC_OK;
}
