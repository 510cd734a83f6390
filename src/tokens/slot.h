/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_SLOT_H
#define TOKENS_SLOT_H

/*
 * A slot and the card in it, whatever provides it: embedded_slots.h and reader_slots.h make them.
 */

#include "base/list.h"
#include "tokens/registry.h"

struct slot;

KC_MUST_CHECK enum kc_status slot_describe(const struct slot *slot,
					   struct json_object **ret_description);

/* Every card forgets who authenticated. */
void slot_lock_all(struct registry *registry);

/* Expected: KC_ERR_ITEM_NOT_FOUND */
KC_MUST_CHECK enum kc_status slot_find(struct registry *registry, const char *name,
				       struct slot **ret_slot);
KC_MUST_CHECK enum kc_status slot_list_holders(const struct slot *slot,
					       struct json_object **ret_holders);
/* Start its process anew, from the loop. Expected: KC_ERR_TOKEN_NOT_FOUND  there is no card */
KC_MUST_CHECK enum kc_status slot_reprobe(struct slot *slot);

/* No card is told anything any more. */
void slot_stop_all(struct registry *registry);

/* Every slot loses its card and goes, without telling anyone. */
void slot_end_all(struct registry *registry);

struct slot *slot_from_link(struct list *link);

#endif
