/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_LIST_H
#define BASE_LIST_H

/*
 * Intrusive doubly linked list. A list head and a link are the same struct; an initialised link
 * that is in no list points to itself, so list_remove() is always safe. Comment each link with
 * the list it belongs to: struct list link; // registry::tokens
 */

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next;
	struct list *previous;
};

static inline void list_init(struct list *list)
{
	list->next = list;
	list->previous = list;
}

static inline bool list_is_empty(const struct list *list)
{
	return list->next == list;
}

/* Put @link at the end of @list. */
static inline void list_append(struct list *list, struct list *link)
{
	link->previous = list->previous;
	link->next = list;
	list->previous->next = link;
	list->previous = link;
}

/* Take @link out of whatever list it is in. */
static inline void list_remove(struct list *link)
{
	link->previous->next = link->next;
	link->next->previous = link->previous;
	list_init(link);
}

#define list_entry(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

/* The loop variable is declared here: list_for_each (link, &registry->tokens) { … } */
#define list_for_each(link, head)                                                                  \
	for (struct list *link = (head)->next; link != (head); link = link->next)

/* As list_for_each, and the body may remove @link (but not its successor). */
#define list_for_each_safe(link, head)                                                             \
	for (struct list *link = (head)->next, *next_##link = link->next; link != (head);          \
	     link = next_##link, next_##link = link->next)

#endif
