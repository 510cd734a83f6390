/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SYS_PROCESS_H
#define SYS_PROCESS_H

/* What the kernel says of a process, ours or not. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The first line of /proc/@pid/@name; false when it cannot be read. */
bool process_read(pid_t pid, const char *name, char *text, size_t size);

/* In clock ticks since boot; 0 when it is not known. */
uint64_t process_start_time(pid_t pid);

#endif
