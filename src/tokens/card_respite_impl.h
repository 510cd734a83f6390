/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_CARD_RESPITE_IMPL_H
#define TOKENS_CARD_RESPITE_IMPL_H

/*
 * Clients that leave no pause must not keep the card from other programs for ever: after a while it
 * is given back although somebody waits here, and taken again when others have had their chance.
 */

#include "tokens/card_impl.h"

/* A transaction begins. */
void card_respite_note_begin(struct card *card);
/* It has lasted long enough, and somebody waits for more. */
bool card_respite_is_due(const struct card *card);
/* Leave the card alone for a moment, card->respite meanwhile, then call card->go_on. */
void card_respite_begin(struct card *card);

#endif
