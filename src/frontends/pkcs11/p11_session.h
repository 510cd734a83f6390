/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_SESSION_H
#define PKCS11_P11_SESSION_H

/*
 * Sessions. A handle is never given twice, so that a stale one is invalid and nobody else's.
 */

#include <stdbool.h>

#include "base/list.h"
#include "frontends/pkcs11/p11_standard.h"

struct p11_find;
struct p11_operation;

struct p11_session {
	CK_SESSION_HANDLE handle;
	CK_SLOT_ID slot;
	bool is_read_write;
	unsigned n_users;      /* threads that are in a call with it */
	bool is_closed;	       /* freed when the last of them leaves */
	struct p11_find *find; /* p11_find.c; NULL: none active */
	/* One of each kind at most may be active (5.2): p11_operation.c. NULL: none. */
	struct p11_operation *sign, *verify, *encrypt, *decrypt, *digest;
	struct list link; /* p11_session.c: sessions */
};

/*
 * The session of @handle, held: it is not freed before p11_session_give(), and no other thread is
 * in a call with it. Not within p11_module_enter().
 * Expected: CKR_CRYPTOKI_NOT_INITIALIZED, CKR_SESSION_HANDLE_INVALID
 */
CK_RV p11_session_take(CK_SESSION_HANDLE handle, struct p11_session **ret_session);

/* NULL is fine. */
void p11_session_give(struct p11_session *session);

/* CLEANUP(p11_session_givep) struct p11_session *session = NULL; */
static inline void p11_session_givep(struct p11_session **session)
{
	p11_session_give(*session);
}

/* Within p11_module_enter(). */
CK_ULONG p11_session_count(CK_SLOT_ID slot, bool only_read_write);

/* p11_module.c's: after fork(), with the tables as they were (or not: @is_whole); and at
 * C_Finalize, which ends those of all slots, not within p11_module_enter(). */
void p11_session_inherit(bool is_whole);
void p11_session_end(void);

#endif
