/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What status words mean: OpenPGP card 3.4, 7.3, and those that cards send besides. Nothing else in
 * this driver compares a status word.
 */
#include "drivers/openpgp/openpgp.h"

#include "base/cleanup.h"
#include "base/try.h"

static const struct {
	uint16_t sw;
	enum kc_status status;
} meanings[] = {
	{0x9000, KC_OK},
	{0x6285, KC_ERR_NOT_IMPLEMENTED},  /* terminated: it wants ACTIVATE FILE first */
	{0x6600, KC_ERR_CANCELED_BY_USER}, /* 7.3: reserved for the user interaction flag */
	{0x6700, KC_ERR_BAD_PARAMETER},
	{0x6881, KC_ERR_NOT_IMPLEMENTED}, /* logical channels */
	{0x6882, KC_ERR_NOT_IMPLEMENTED}, /* secure messaging */
	{0x6883, KC_ERR_COMMUNICATION},	  /* the last command of a chain was expected */
	{0x6884, KC_ERR_NOT_IMPLEMENTED}, /* chaining */
	{0x6982, KC_ERR_AUTHENTICATION_NEEDED},
	{0x6983, KC_ERR_PIN_BLOCKED},
	{0x6985, KC_ERR_OBJECT_NOT_FOUND}, /* no key in this place, on some cards */
	{0x6A80, KC_ERR_BAD_PARAMETER},
	{0x6A81, KC_ERR_NOT_IMPLEMENTED},
	{0x6A82, KC_ERR_OBJECT_NOT_FOUND},
	{0x6A83, KC_ERR_OBJECT_NOT_FOUND},
	{0x6A86, KC_ERR_NOT_IMPLEMENTED},
	{0x6A88, KC_ERR_OBJECT_NOT_FOUND},
	{0x6B00, KC_ERR_NOT_IMPLEMENTED},
	{0x6D00, KC_ERR_NOT_IMPLEMENTED},
	{0x6E00, KC_ERR_NOT_IMPLEMENTED},
};

enum {
	SW_TRIES_MASK = 0xFFF0,
	SW_TRIES = 0x63C0,
};

int openpgp_tries_in(uint16_t sw)
{
	if ((sw & SW_TRIES_MASK) == SW_TRIES)
		return sw & 0xf;
	return openpgp_status(sw) == KC_ERR_PIN_BLOCKED ? 0 : -1;
}

enum kc_status openpgp_status(uint16_t sw)
{
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

static enum kc_status judge(enum kc_status status, uint16_t sw, const char *what)
{
	if (status == KC_OK)
		return KC_OK;
	error_set_sw(sw);
	if (status == KC_ERR_CANCELED_BY_USER)
		return fail(status, "the token was not touched in time");
	return fail(status, "%s %s", what, text_of(status));
}

enum kc_status openpgp_check(uint16_t sw, const char *what)
{
	return judge(openpgp_status(sw), sw, what);
}

/* 7.2.2 to 7.2.4: 6982, "PW wrong"; some cards tell the tries with 63Cx instead. */
enum kc_status openpgp_check_password(uint16_t sw, const char *what)
{
	return judge(openpgp_is_refusal(sw) ? KC_ERR_AUTHENTICATION_FAILED : openpgp_status(sw), sw,
		     what);
}

bool openpgp_is_refusal(uint16_t sw)
{
	return openpgp_status(sw) == KC_ERR_AUTHENTICATION_NEEDED;
}

bool openpgp_is_refused_value(uint16_t sw)
{
	return sw == 0x6A80 || sw == 0x6700 || sw == 0x6985;
}

bool openpgp_is_refused_size(uint16_t sw)
{
	return sw == 0x6700 || sw == 0x6A84 || sw == 0x6581;
}

/* Absent, unreadable, unknown or damaged: the others are still worth publishing. */
bool openpgp_can_skip(enum kc_status status)
{
	return status != KC_OK && status != KC_ERR_TOKEN_NOT_FOUND && status != KC_ERR_ALLOCATE;
}
