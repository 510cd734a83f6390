/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_PROGRESS_H
#define TOKENS_PROGRESS_H

/*
 * Which cards are being read, from the moment they are put in until their items are in the keychain
 * or it is known that there are none: till then nobody may say that a card is missing.
 */

#include "tokens/slot_impl.h"

KC_MUST_CHECK enum kc_status progress_watch(struct registry *registry);
void progress_unwatch(struct registry *registry);

/* Something has changed that may matter: look at it from the loop, once, when all is in place. */
void progress_note(struct registry *registry);

/* A card that another program has for itself is not being read. */
bool progress_is_reading(const struct slot *slot);

#endif
