/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_UNREADABLE_IMPL_H
#define ITEMS_UNREADABLE_IMPL_H

/*
 * Which rows of the file did not open. A query passes over them (reference/keychain.md 6), so that
 * somebody has to count what nobody would miss at once.
 */

#include <stddef.h>
#include <stdint.h>

#include "codec/vocabulary.h"

enum {
	UNREADABLE_MAX = 256, /* from here on it is "at least" */
};

struct unreadable {
	size_t n;
	struct {
		enum vocabulary_class item_class;
		int64_t position; /* never given twice: schema.h */
	} rows[UNREADABLE_MAX];
};

void unreadable_note(struct unreadable *unreadable, enum vocabulary_class item_class,
		     int64_t position);
/* That row is deleted. */
void unreadable_forget(struct unreadable *unreadable, enum vocabulary_class item_class,
		       int64_t position);

#endif
