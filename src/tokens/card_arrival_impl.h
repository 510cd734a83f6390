/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_CARD_ARRIVAL_IMPL_H
#define TOKENS_CARD_ARRIVAL_IMPL_H

/* How a card comes into use, and what happens while another program has it for itself. */

#include "tokens/card_impl.h"

/* Ends in PHASE_HELD with card->go_on(), after the hooks have been told. */
KC_MUST_CHECK enum kc_status card_arrival_begin(struct card *card, const struct card_place *place);

/* Another program has it: those who cannot wait are told, card->go_on() when it is free. */
void card_arrival_be_taken(struct card *card);
/* The failure that names @holder, or nobody. */
KC_MUST_CHECK enum kc_status card_arrival_fail_taken(const char *holder);

#endif
