/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_FAULT_VFS_H
#define STORE_FAULT_VFS_H

/*
 * For tests: a file system for SQLite on which one operation of a kind fails, counted from when it
 * was armed. It stands before SQLite's own.
 */

#include <stdbool.h>

#define FAULT_VFS "keycask-fault"

enum fault_kind {
	FAULT_WRITE,
	FAULT_FULL, /* a write, for want of space */
	FAULT_SYNC,
	FAULT_TRUNCATE,
	FAULT_READ,
	FAULT_OPEN,
	FAULT_N_KINDS,
};

/* "write" … */
const char *fault_vfs_name(enum fault_kind kind);

/* Once per process. */
void fault_vfs_register(void);

/* The @n-th operation of @kind from now on fails, counted from 1, and with @is_lasting all after it
 * too; 0: none. */
void fault_vfs_arm(enum fault_kind kind, int n, bool is_lasting);

/* Has one failed since? */
bool fault_vfs_has_struck(void);

#endif
