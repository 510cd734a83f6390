/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_KEYCHAIN_SWAP_H
#define STORE_KEYCHAIN_SWAP_H

/*
 * A whole new file, PATH.next, takes the place of PATH; what was there is kept under another name,
 * together with its log. A crash at any point leaves PATH as it was, or PATH.next to be put in its
 * place at the next start: never neither, and never a log beside a file that it is not of.
 */

#include <stdbool.h>
#include <stddef.h>

#include <keycask/status.h>

/* Tests crash there. */
typedef void (*keychain_swap_step_fn)(const char *step);

/* Is there a PATH.next? */
bool keychain_swap_is_due(const char *path);

/*
 * Put it in its place. What was there becomes PATH@aside, or, if there is such a file and
 * @is_unique, PATH@aside-2 …; its name goes to @ret_kept, empty when nothing was there.
 */
struct keychain_swap {
	const char *path;
	const char *aside;
	bool is_unique;
	keychain_swap_step_fn step; /* or NULL */
};
KC_MUST_CHECK enum kc_status keychain_swap(const struct keychain_swap *swap, char *ret_kept,
					   size_t size);

/* PATH.new, synced, becomes PATH.next. */
KC_MUST_CHECK enum kc_status keychain_swap_prepare(const char *path, keychain_swap_step_fn step);

#endif
