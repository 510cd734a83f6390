/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Forms of PINs at their borders, and what a touched security key types. */
#include <string.h>

#include "base/error.h"
#include "harness/test.h"
#include "tokens/pin_form.h"

#define OTP "cccccccfhcbelrhifnjrrddcgrburluurftrgfdrdifj" /* 44: 12 name the key, 32 change */

static const struct token_pin digits = {.min_length = 6, .max_length = 8, .is_numeric = true};
static const struct token_pin any = {.min_length = 6, .max_length = 127};
static const struct token_pin four = {.min_length = 4, .max_length = 4, .is_numeric = true};

TEST(what_a_touch_types_is_no_pin)
{
	static const char *const cases[] = {
		OTP,
		("123" OTP),					    /* in the middle of typing */
		"CCCCCCCFHCBELRHIFNJRRDDCGRBURLUURFTRGFDRDIFJ",	    /* Caps Lock */
		"ifnjrrddcgrburluurftrgfdrdifjccc",		    /* 32: without a name */
		"cccccccccccccccccccccccccccccccccccccccccccccccc", /* 48 */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		error_clear();
		CHECK_STATUS(pin_form_check(NULL, view_of_text(cases[i])),
			     KC_ERR_AUTHENTICATION_FAILED);
		CHECK(strstr(error_get()->message, "one-time password") != NULL);
		CHECK(error_get()->hint[0] != '\0');
		error_clear();
		CHECK_STATUS(pin_form_check_new(&any, view_of_text(cases[i])), KC_ERR_PARAM);
		CHECK(strstr(error_get()->message, "one-time password") != NULL);
	}
}

TEST(what_may_be_a_pin_passes)
{
	CHECK_OK(pin_form_check(NULL, view_of_text("")));
	CHECK_OK(pin_form_check(NULL, view_of_text("ifnjrrddcgrburluurftrgfdrdifjcc"))); /* 31 */
	CHECK_OK(pin_form_check(&any, view_of_text(OTP "1")));
	CHECK_OK(pin_form_check(&any,
				view_of_text("correct horse battery staple, and so on and on")));
	CHECK_OK(pin_form_check(&digits, view_of_text("12345678")));
	CHECK_OK(pin_form_check(&digits, view_of_text("1234567\xC3\xA9"))); /* eight characters */
}

TEST(a_pin_that_is_too_long_is_refused_with_the_length)
{
	error_clear();
	CHECK_STATUS(pin_form_check(&digits, view_of_text("123456789")),
		     KC_ERR_AUTHENTICATION_FAILED);
	CHECK(strstr(error_get()->message, "at most 8 characters") != NULL);
}

TEST(a_new_pin_keeps_the_rules)
{
	static const struct {
		const struct token_pin *pin;
		const char *text;
		const char *message; /* NULL: it is good */
	} cases[] = {
		{&digits, "12345", "5 characters: it must have 6 to 8 digits"},
		{&digits, "123456", NULL},
		{&digits, "12345678", NULL},
		{&digits, "123456789", "9 characters: it must have 6 to 8 digits"},
		{&digits, "12345a", "other than digits: it must have 6 to 8 digits"},
		{&digits, "12345\xC3\xA9", "other than digits"},
		{&digits, "", "0 characters"},
		{&any, "passphrase", NULL},
		{&any, "short", "6 to 127 characters"},
		{&four, "123", "it must have 4 digits"},
		{&four, "1234", NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum kc_status expected = cases[i].message ? KC_ERR_PARAM : KC_OK;

		error_clear();
		CHECK_STATUS(pin_form_check_new(cases[i].pin, view_of_text(cases[i].text)),
			     expected);
		if (cases[i].message && !strstr(error_get()->message, cases[i].message))
			test_fail(__FILE__, __LINE__, "case %zu says \"%s\"", i,
				  error_get()->message);
	}
}
