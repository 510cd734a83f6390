/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_CARD_SLOT_H
#define CLI_CARD_SLOT_H

/* Which slot a person means. */

#include "frontends/cli/cli.h"

/*
 * @name, or without it the only slot that has a card; the caller's to free().
 * Expected: KC_ERR_PARAM  several have, named in the hint; KC_ERR_TOKEN_NOT_FOUND  none has
 */
KC_MUST_CHECK enum kc_status card_slot_choose(struct context *context, const char *name,
					      char **ret_name);

#endif
