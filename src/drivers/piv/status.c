/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What status words mean: SP 800-73-5 part 2, table 3, and those that cards send besides. Nothing
 * else in this driver compares a status word.
 */
#include "drivers/piv/piv.h"

#include "base/cleanup.h"
#include "base/try.h"

static const struct {
	uint16_t sw;
	enum kc_status status;
} meanings[] = {
	{0x9000, KC_OK},
	{0x6300, KC_ERR_AUTHENTICATION_FAILED},
	{0x6700, KC_ERR_BAD_PARAMETER},
	{0x6881, KC_ERR_NOT_IMPLEMENTED}, /* logical channels */
	{0x6882, KC_ERR_NOT_IMPLEMENTED}, /* secure messaging */
	{0x6883, KC_ERR_COMMUNICATION},	  /* the last command of a chain was expected */
	{0x6884, KC_ERR_NOT_IMPLEMENTED}, /* chaining */
	{0x6982, KC_ERR_AUTHENTICATION_NEEDED},
	{0x6983, KC_ERR_PIN_BLOCKED},
	{0x6A80, KC_ERR_BAD_PARAMETER},
	{0x6A81, KC_ERR_NOT_IMPLEMENTED},
	{0x6A82, KC_ERR_OBJECT_NOT_FOUND},
	{0x6A86, KC_ERR_BAD_PARAMETER},
	{0x6A88, KC_ERR_OBJECT_NOT_FOUND},
	{0x6D00, KC_ERR_NOT_IMPLEMENTED},
	{0x6E00, KC_ERR_NOT_IMPLEMENTED},
};

enum {
	SW_TRIES_MASK = 0xFFF0,
	SW_TRIES = 0x63C0,
};

int piv_tries_left(uint16_t sw)
{
	if ((sw & SW_TRIES_MASK) == SW_TRIES)
		return sw & 0xf;
	return piv_status(sw) == KC_ERR_PIN_BLOCKED ? 0 : -1;
}

enum kc_status piv_status(uint16_t sw)
{
	/* SP 800-73-5 part 2, 3.2.1: 63CX, X further tries; none left is as good as 6983. */
	if (sw == SW_TRIES)
		return KC_ERR_PIN_BLOCKED;
	if ((sw & SW_TRIES_MASK) == SW_TRIES)
		return KC_ERR_AUTHENTICATION_FAILED;
	for (size_t i = 0; i < ARRAY_LEN(meanings); i++) {
		if (meanings[i].sw == sw)
			return meanings[i].status;
	}
	return KC_ERR_COMMUNICATION;
}

static const char *text_of(enum kc_status status)
{
	switch ((int)status) {
	case KC_ERR_AUTHENTICATION_FAILED:
		return "is wrong";
	case KC_ERR_AUTHENTICATION_NEEDED:
		return "needs the PIN";
	case KC_ERR_PIN_BLOCKED:
		return "is blocked";
	case KC_ERR_OBJECT_NOT_FOUND:
		return "is not on the card";
	case KC_ERR_NOT_IMPLEMENTED:
		return "is more than this card can do";
	default:
		return "was refused by the card";
	}
}

enum kc_status piv_check(uint16_t sw, const char *what)
{
	enum kc_status status = piv_status(sw);

	if (status == KC_OK)
		return KC_OK;
	error_set_sw(sw);
	return fail(status, "%s %s", what, text_of(status));
}

bool piv_is_refused_value(uint16_t sw)
{
	/* 3.2.2: 6A80; 6985 where a card has rules about PINs (YubiKey 5.7, PIN complexity). */
	return sw == 0x6A80 || sw == 0x6985;
}

bool piv_is_refused_size(uint16_t sw)
{
	/* 3.3.2: 6A84, not enough memory; 6581 and 6700 where a card has smaller buffers. */
	return sw == 0x6A84 || sw == 0x6581 || sw == 0x6700;
}

/* Absent, unreadable, unknown or damaged: the others are still worth publishing. */
bool piv_can_skip(enum kc_status status)
{
	return status != KC_OK && status != KC_ERR_TOKEN_NOT_FOUND && status != KC_ERR_ALLOCATE;
}
