/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_CARD_SLOT_IMPL_H
#define TOKENS_CARD_SLOT_IMPL_H

/* A card's slot process, as the files of the card deal with it. */

#include "tokens/card_impl.h"

enum {
	CARD_SLOT_NOBODY = 0, /* no driver's channel */
};

KC_MUST_CHECK enum kc_status card_slot_start(struct card *card, const struct card_place *place);

KC_MUST_CHECK enum kc_status card_slot_call(struct card *card, const char *method,
					    struct json_object *parameters, wire_reply_fn on_reply);

/* Begin for the driver at @channel, or for CARD_SLOT_NOBODY. */
KC_MUST_CHECK enum kc_status card_slot_begin(struct card *card, int64_t channel,
					     wire_reply_fn on_reply);

/*
 * May we go on after an answer of @status? A slot process whose card is gone or mute says so and
 * ends, which is heard as its end; one that fails otherwise is ended here.
 */
bool card_slot_may_go_on(struct card *card, enum kc_status status, const char *what);

/* It has failed at @what it must be able to do: it is over, and the card lost. */
void card_slot_give_up(struct card *card, const char *what);

#endif
