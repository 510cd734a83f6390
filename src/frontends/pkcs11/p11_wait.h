/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_WAIT_H
#define PKCS11_P11_WAIT_H

/* Threads that wait for tokens, in C_WaitForSlotEvent. All of these within p11_module_hold(). */

#include <stdbool.h>

/* There may be news for them, or C_Finalize is called. */
void p11_wait_wake_all(void);

/* Does anybody wait? */
bool p11_wait_is_any(void);

/* p11_event.c's, after fork(): those that waited are not in this process. */
void p11_wait_inherit(void);

#endif
