/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

/* "Did you mean …?": the closest of a set of names to one that is unknown. */

#include <stddef.h>

#include "base/bytes.h"

enum {
	NEAREST_NAME_MAX = 64, /* longer names are never close to anything */
};

struct nearest {
	struct kc_view name; /* what was asked for, borrowed */
	const char *best;    /* NULL while nothing close was offered */
	size_t distance;
};

struct nearest nearest_begin(struct kc_view name);

/* Keep @candidate (borrowed) when it is close and closer than what was offered before. */
void nearest_offer(struct nearest *nearest, const char *candidate);

#endif
