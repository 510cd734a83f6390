/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stands in, weakly, for p11_operation.c until it is there: then this file goes. */
#include "frontends/pkcs11/p11_session.h"

#define WEAK __attribute__((weak))

void p11_operation_end_all(struct p11_session *session);
void p11_operation_cancel(struct p11_session *session, CK_FLAGS flags);

WEAK void p11_operation_end_all(struct p11_session *session)
{
	(void)session;
}

WEAK void p11_operation_cancel(struct p11_session *session, CK_FLAGS flags)
{
	(void)session, (void)flags;
}
