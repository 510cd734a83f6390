/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_KEYCHAIN_REPORT_H
#define STORE_KEYCHAIN_REPORT_H

/*
 * What a person is told of a damaged keychain that was set aside: in a text beside it, which is
 * read at every start for as long as the damaged file is kept.
 */

#include "store/keychain_salvage.h"

/* The end of a name for what is set aside now: ".damaged-20261123T103000Z". */
const char *keychain_report_aside(void);

/* @kept: the damaged file, in its new place; empty: there was none. A report that cannot be written
 * is no reason to fail. */
void keychain_report_write(const char *kept, const struct keychain_salvage *salvage);

/* What to say of damaged files beside @path; empty: there are none. */
void keychain_report_read(const char *path, char *ret_text, size_t size);

#endif
