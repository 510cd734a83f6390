/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_PIN_FORM_H
#define TOKENS_PIN_FORM_H

/*
 * What a PIN looks like, judged before the card is asked, because the card would count it. Whether
 * it is the right one is not known here.
 */

#include "tokens/token_pins.h"

enum {
	PIN_FORM_RULES_BYTES = 64,
};

/*
 * Could @text be a PIN that fits @pin (NULL: nothing is known of it)? It is not when it is longer,
 * or was typed by a security key that was touched.
 * Expected: KC_ERR_AUTHENTICATION_FAILED, saying which
 */
KC_MUST_CHECK enum kc_status pin_form_check(const struct token_pin *pin, struct kc_view text);

/* Could @text be a new value of @pin? Expected: KC_ERR_PARAM, saying why not */
KC_MUST_CHECK enum kc_status pin_form_check_new(const struct token_pin *pin, struct kc_view text);

/* "6 to 8 digits" */
void pin_form_describe(const struct token_pin *pin, char rules[PIN_FORM_RULES_BYTES]);

#endif
