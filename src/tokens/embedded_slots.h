/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_EMBEDDED_SLOTS_H
#define TOKENS_EMBEDDED_SLOTS_H

/*
 * Embedded slots come into being as software cards attach: the first one is always there, further
 * ones go for good ("missing") when their card leaves.
 */

#include "tokens/registry.h"

/* The first slot, empty, and the socket at which cards attach. */
KC_MUST_CHECK enum kc_status embedded_slots_listen(struct registry *registry);

#endif
