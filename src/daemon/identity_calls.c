/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.keycask.Identities: which identity for what. */
#include "daemon/calls.h"
#include "daemon/choosing.h"

void identity_calls_choose(struct wire_call *call)
{
	choosing_begin(call);
}
