/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SYS_USERS_H
#define SYS_USERS_H

/*
 * Which programs of this user use a library: the only way to name those that have a card, since
 * pcscd tells nobody who its clients are.
 */

#include <stddef.h>

/*
 * "scdaemon (process 4711)", several joined by "or": the processes that have a file with @library
 * in its path mapped. Our own helpers, and what may not be looked into, are left out; then
 * *ret_text is empty.
 */
void users_of_library(const char *library, char *ret_text, size_t size);

#endif
