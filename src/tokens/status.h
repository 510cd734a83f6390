/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_STATUS_H
#define TOKENS_STATUS_H

/*
 * The one mapping from what a driver answers to what the item and key interfaces say
 * (reference/keychain.md 3.8, design/decisions.md 24). The record keeps the cause.
 */

#include "tokens/registry.h"

struct token_pin;

/* Never KC_OK for a failure; adds @token to the record. */
enum kc_status status_of_driver(enum kc_status status, const struct token *token);

/* Advice for when @pin (NULL: the PIN of @token) is blocked, into the record. */
void status_hint_blocked(const struct token *token, const struct token_pin *pin);

#endif
