/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_TOKEN_LIST_H
#define TOKENS_TOKEN_LIST_H

/* The tokens of one card: which drivers fit, who is there, all leaving together. */

#include "tokens/card.h"

/* The AIDs of all enabled drivers, in configured order. */
KC_MUST_CHECK enum kc_status token_list_aids(struct registry *registry,
					     struct json_object **ret_aids);

/* One token for each driver that has one of the @answered AIDs. */
void token_list_start(struct registry *registry, struct card *card, const char *slot_name,
		      struct json_object *answered, const char *selected);

KC_MUST_CHECK enum kc_status token_list_ids(struct registry *registry, const struct card *card,
					    struct json_object **ret_ids);

void token_list_leave(struct registry *registry, const struct card *card, bool is_silent);

#endif
