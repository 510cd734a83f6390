/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_TRY_H
#define BASE_TRY_H

/*
 * The four helpers of error handling, and no others:
 *   TRY(call)                     return its status when it is not KC_OK
 *   REQUIRE(cond, status, "why")  check of *input*; records why and returns status
 *   fail(status, "why", …)        records origin and reason, and is the status: return fail(…);
 *   ignore(call)                  this result does not matter here
 * "why" is a printf format and what a user reads: lower case, no full stop, never a secret.
 */

#include <keycask/status.h>

#include "base/error.h"

#define TRY(call)                                                                                  \
	do {                                                                                       \
		enum kc_status try_status_ = (call);                                               \
		if (try_status_ != KC_OK)                                                          \
			return try_status_;                                                        \
	} while (0)

#define REQUIRE(cond, status, ...)                                                                 \
	do {                                                                                       \
		if (!(cond))                                                                       \
			return fail(status, __VA_ARGS__);                                          \
	} while (0)

#ifndef __clang_analyzer__
#define fail(status, ...) error_record_failure((status), ERROR_ORIGIN, __VA_ARGS__)
#else /* it does not look into error.c, so here it sees that the status comes back */
#define fail(status, ...)                                                                          \
	((void)error_record_failure((status), ERROR_ORIGIN, __VA_ARGS__), (status))
#endif

#define ignore(call)                                                                               \
	do {                                                                                       \
		if (call) {                                                                        \
		}                                                                                  \
	} while (0)

#endif
