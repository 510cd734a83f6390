/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WIRE_READING_H
#define WIRE_READING_H

/*
 * json-c changes the thread's locale around each text that it reads, for which glibc takes a lock
 * of the whole process. A child that another thread forks in that moment would find it taken, by
 * nobody, and wait for ever with its first message. So nobody forks while a text is read: fork()
 * waits, some microseconds, for whoever reads, and whoever reads next for fork().
 */

void reading_begin(void);
void reading_end(void);

#endif
