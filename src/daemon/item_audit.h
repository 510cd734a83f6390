/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_ITEM_AUDIT_H
#define DAEMON_ITEM_AUDIT_H

/* What the audit log says of a call of org.keycask.Items. */

#include "daemon/item_call.h"

/* One line, if the call is worth one: it reads content or changes something, or is refused. */
void item_audit_write(const struct item_call *call, enum kc_status status);

#endif
