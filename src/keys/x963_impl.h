/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_X963_IMPL_H
#define KEYS_X963_IMPL_H

/* The key derivation function of ANSI X9.63 (SEC 1 3.6.1). */

#include "keys/algorithms_impl.h"

/* Append @len bytes of Hash(@secret ‖ counter ‖ @info), counter 1, 2, …; @len is at least 1. */
KC_MUST_CHECK enum kc_status x963_derive(enum algorithm_hash hash, struct kc_view secret,
					 struct kc_view info, size_t len, struct bytes *derived);

#endif
