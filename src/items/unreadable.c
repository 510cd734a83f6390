/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A short list without order: it is empty, unless something has happened to the file. */
#include "items/unreadable_impl.h"

static size_t find(const struct unreadable *unreadable, enum vocabulary_class item_class,
		   int64_t position)
{
	size_t i = 0;

	while (i < unreadable->n && (unreadable->rows[i].position != position ||
				     unreadable->rows[i].item_class != item_class))
		i++;
	return i;
}

void unreadable_note(struct unreadable *unreadable, enum vocabulary_class item_class,
		     int64_t position)
{
	size_t at = find(unreadable, item_class, position);

	if (at < unreadable->n || at == UNREADABLE_MAX)
		return;
	unreadable->rows[at].item_class = item_class;
	unreadable->rows[at].position = position;
	unreadable->n++;
}

void unreadable_forget(struct unreadable *unreadable, enum vocabulary_class item_class,
		       int64_t position)
{
	size_t at = find(unreadable, item_class, position);

	if (at < unreadable->n)
		unreadable->rows[at] = unreadable->rows[--unreadable->n];
}
