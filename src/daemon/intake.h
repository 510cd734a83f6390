/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_INTAKE_H
#define DAEMON_INTAKE_H

/* From what tokens/ knows of a token's items to what the engine stores. */

#include "items/engine.h"
#include "tokens/registry.h"

KC_MUST_CHECK enum kc_status intake_publish(struct engine *engine, const char *token_id,
					    const struct token_item *items, size_t n_items);

#endif
