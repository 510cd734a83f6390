/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_TOKEN_LIST_H
#define TOKENS_TOKEN_LIST_H

/* The tokens of one card: which drivers fit, who is there, all leaving together. */

#include "tokens/card.h"

/* The AIDs of all enabled drivers, in configured order. */
KC_MUST_CHECK enum kc_status token_list_aids(struct registry *registry,
					     struct json_object **ret_aids);

/*
 * One token for each driver that has one of the @answered AIDs, unless the card has it already. An
 * AID belongs to the first driver, in order, that does not decline; a card that answered to none
 * is offered to the drivers without AIDs, one after the other.
 */
void token_list_start(struct registry *registry, struct card *card, const char *slot_name,
		      struct json_object *answered, const char *selected);

/* @token's driver says that this is not one of its cards: it is the next one's turn. */
void token_list_decline(struct token *token);

KC_MUST_CHECK enum kc_status token_list_ids(struct registry *registry, const struct card *card,
					    struct json_object **ret_ids);

void token_list_leave(struct registry *registry, const struct card *card, bool is_silent);

#endif
