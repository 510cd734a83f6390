/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLIENT_SIZED_H
#define CLIENT_SIZED_H

/*
 * Public structs that begin with their size, so that they can grow: what an older program was
 * compiled with is shorter than what this library knows, what a newer one was, longer.
 */

#include <keycask/status.h>

/*
 * Fill in @known, which holds the defaults, from @given (NULL: all defaults); @known_size is that
 * of both as this library knows them, @init the macro to start from, for messages. Expected:
 * KC_ERR_PARAM          @given was not made from @init KC_ERR_UNIMPLEMENTED  it sets something that
 * came after this library
 */
KC_MUST_CHECK enum kc_status sized_read(const void *given, void *known, size_t known_size,
					const char *init);

#endif
