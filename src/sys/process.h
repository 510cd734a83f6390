/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SYS_PROCESS_H
#define SYS_PROCESS_H

/* What the kernel says of a process, ours or not. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"

/* The first line of /proc/@pid/@name; false when it cannot be read. */
bool process_read(pid_t pid, const char *name, char *text, size_t size);

/* The whole of a small file of the kernel's, at most as much as @text may grow, ended by a NUL that
 * does not count. @process is a descriptor of /proc/PID, or -1: @name is below /proc. */
bool process_read_at(int process, const char *name, struct bytes *text);
bool process_read_all(int fd, struct bytes *text);

/* In clock ticks since boot; 0 when it is not known. */
uint64_t process_start_time(pid_t pid);

#endif
