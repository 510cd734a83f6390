/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_OFFER_H
#define TOKENS_OFFER_H

/*
 * A driver came into use while cards are there: each card is asked, in a turn of its own, for the
 * applications it has not been asked for yet. Its other tokens notice nothing of it.
 */

#include "tokens/slot.h"

struct offer;

/* Offer the card in @slot, if any, to the drivers that have not seen it. */
void offer_card(struct slot *slot);

struct offer *offer_free(struct offer *offer);

#endif
