/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Yubico's one-time passwords are 32 to 48 characters of "modhex", an alphabet that lies on the
 * same keys everywhere; the last 32 are the encrypted part and change with each touch (Yubico,
 * "OTPs Explained"). The key types them into whatever has the focus, after what a person has typed
 * there already, and then Enter.
 */
#include "tokens/pin_form.h"

#include <stdio.h>
#include <string.h>

#include "base/try.h"

enum {
	OTP_CHANGING_PART = 32,
};

/* With Caps Lock they come in upper case. */
static bool is_modhex(uint8_t byte)
{
	return byte && strchr("cbdefghijklnrtuvCBDEFGHIJKLNRTUV", byte);
}

static bool ends_with_one_time_password(struct kc_view text)
{
	if (text.len < OTP_CHANGING_PART)
		return false;
	for (size_t i = text.len - OTP_CHANGING_PART; i < text.len; i++) {
		if (!is_modhex(text.data[i]))
			return false;
	}
	return true;
}

/* Characters of UTF-8: all bytes but those that continue one. */
static size_t count_characters(struct kc_view text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += (text.data[i] & 0xC0) != 0x80;
	return n;
}

/* Why @text is no PIN that anybody would have meant; false when it may be one. */
static bool is_noise(struct kc_view text)
{
	if (!ends_with_one_time_password(text))
		return false;
	error_set_hint("type the PIN, and touch the security key only when it blinks");
	return true;
}

#define NOISE                                                                                      \
	"that looked like a one-time password typed by a touch of a security key; no try is spent"

enum kc_status pin_form_check(const struct token_pin *pin, struct kc_view text)
{
	REQUIRE(!is_noise(text), KC_ERR_AUTHENTICATION_FAILED, NOISE);
	REQUIRE(!pin || count_characters(text) <= pin->max_length, KC_ERR_AUTHENTICATION_FAILED,
		"that is longer than a PIN of this token, which has at most %u characters; no try "
		"is spent",
		pin->max_length);
	return KC_OK;
}

static bool is_of_digits(struct kc_view text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
	}
	return true;
}

enum kc_status pin_form_check_new(const struct token_pin *pin, struct kc_view text)
{
	char rules[PIN_FORM_RULES_BYTES];
	size_t n = count_characters(text);

	pin_form_describe(pin, rules);
	REQUIRE(!is_noise(text), KC_ERR_PARAM, NOISE);
	REQUIRE(n >= pin->min_length && n <= pin->max_length, KC_ERR_PARAM,
		"a new PIN of %zu characters: it must have %s", n, rules);
	REQUIRE(!pin->is_numeric || is_of_digits(text), KC_ERR_PARAM,
		"a new PIN of other than digits: it must have %s", rules);
	return KC_OK;
}

void pin_form_describe(const struct token_pin *pin, char rules[PIN_FORM_RULES_BYTES])
{
	const char *what = pin->is_numeric ? "digits" : "characters";

	if (pin->min_length == pin->max_length)
		(void)snprintf(rules, PIN_FORM_RULES_BYTES, "%u %s", pin->min_length, what);
	else
		(void)snprintf(rules, PIN_FORM_RULES_BYTES, "%u to %u %s", pin->min_length,
			       pin->max_length, what);
}
