/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_EVENT_H
#define PKCS11_P11_EVENT_H

/* Which tokens are there: the slots are told of what the daemon tells a token watcher. */

#include <stdbool.h>

#include "frontends/pkcs11/p11_standard.h"

/*
 * Take note of what has happened since the last time. Not within p11_module_enter(). Costs a poll()
 * when nothing has, and looks for a daemon when there was none.
 * Expected: CKR_CRYPTOKI_NOT_INITIALIZED
 */
CK_RV p11_event_look(void);

/* Within p11_module_enter(): readable when something has happened; -1: there is no daemon. */
int p11_event_fd(void);

/* p11_module.c's: after fork(); and at C_Finalize, within p11_module_hold(), which it leaves until
 * those that wait for tokens have gone. */
void p11_event_inherit(bool is_whole);
void p11_event_end(void);

#endif
