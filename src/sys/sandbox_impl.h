/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SYS_SANDBOX_IMPL_H
#define SYS_SANDBOX_IMPL_H

/* Keep a leak checker, if one is built in, from running in this confined process. */
void sandbox_leaks_forget(void);

#endif
