/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FRONTENDS_AGENT_PLACE_H
#define FRONTENDS_AGENT_PLACE_H

/* Where the daemon's agent for ssh listens: its word, for all front ends. */

#include <stddef.h>

#include "base/try.h"

/* Starts the daemon when it does not run. Expected: KC_ERR_NOT_AVAILABLE  it has none */
KC_MUST_CHECK enum kc_status agent_place_find(char *ret_path, size_t size);

#endif
