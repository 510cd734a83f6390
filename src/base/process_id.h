/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_PROCESS_ID_H
#define BASE_PROCESS_ID_H

#include <sys/types.h>

/*
 * getpid(), for those who look at each call whether they are in a child of fork(). Since 2.25
 * glibc's is a system call each time; this one is a look into memory.
 * Threads: any.
 */
pid_t process_id(void);

#endif
