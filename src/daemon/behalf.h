/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_BEHALF_H
#define DAEMON_BEHALF_H

/* A program that asks for another one, as an agent does for ssh: the person sits where that one
 * runs. */

#include "wire/service.h"

/*
 * When the call's interaction says on_behalf_of, have its terminal and display be those of that
 * process, and its operation_prompt begin with that process's name. Nothing else follows from it:
 * rights, PINs and quotas stay the caller's. A process that cannot be looked at is named no
 * further.
 */
void behalf_apply(struct wire_call *call);

#endif
