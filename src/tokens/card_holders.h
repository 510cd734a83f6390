/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_CARD_HOLDERS_H
#define TOKENS_CARD_HOLDERS_H

/* Who has a card, and who waits for it: for people who wonder why theirs does not answer. */

#include "tokens/card.h"

/* An array of org.keycask.Slots' Holder, whoever has the card first, then those who wait. */
KC_MUST_CHECK enum kc_status card_holders_list(const struct card *card,
					       struct json_object **ret_holders);

/* Who has it, in a few words; empty when nobody has. */
void card_holders_name(const struct card *card, char *ret_text, size_t size);

#endif
