/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_ITEMS_H
#define BENCH_ITEMS_H

/*
 * What items.c measures, as each store does it: items_keycask.c, items_pkcs11.c. Items are
 * numbered; each has a name that follows from its number and a value of ITEM_BYTES. Any failure
 * ends the program.
 */

#include <stdbool.h>
#include <stddef.h>

enum {
	ITEM_BYTES = 800,
};

extern unsigned char item_value[ITEM_BYTES];

_Noreturn void item_fail(const char *what, long status);

void store_open(int argc, char **argv);
void store_add(unsigned number);
/* Find it by its name and read its value; false: there is none. */
bool store_find(unsigned number);
/* Find all and read their names: how many there are. */
size_t store_list(void);
/* A new comment, or the nearest that the store has. */
void store_update(unsigned number, unsigned round);
void store_delete(unsigned number);

#endif
