/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_SLOT_H
#define TOKENS_SLOT_H

/*
 * A slot and the card in it. Embedded slots come into being as cards attach: the first one is
 * always there, further ones go for good ("missing") when their card leaves.
 */

#include "base/list.h"
#include "tokens/registry.h"

struct slot;

/* The first slot, empty, and the socket at which cards attach. */
KC_MUST_CHECK enum kc_status slot_listen(struct registry *registry);

KC_MUST_CHECK enum kc_status slot_describe(const struct slot *slot,
					   struct json_object **ret_description);

/* Every slot loses its card and goes, without telling anyone. */
void slot_end_all(struct registry *registry);

struct slot *slot_from_link(struct list *link);

#endif
