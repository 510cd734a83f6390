/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_UNLOCKING_H
#define CLI_UNLOCKING_H

/* What wants an open keychain, and a person who may open it. */

#include <stdbool.h>

#include <keycask/status.h>

#include "base/try.h"

typedef enum kc_status (*unlocking_fn)(void *userdata);

/* Is the keychain locked? The thread's error record stays as it is. */
bool unlocking_is_locked(void);

/*
 * Call @work. When it fails because the keychain is locked, there is a terminal and @may_ask, have
 * the daemon ask for its password and call @work once more.
 */
KC_MUST_CHECK enum kc_status unlocking_run(bool may_ask, unlocking_fn work, void *userdata);

#endif
