/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sessions: a list of them. They outlive the removal of their token and the end of the daemon, as
 * nothing of them is there: when the token is back they go on, without what was proved to it. (3.0,
 * 5.6.1 would let them end with the token; programs that do not look for that need a restart then.)
 */
#include "frontends/pkcs11/p11_session.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "frontends/pkcs11/p11_event.h"
#include "frontends/pkcs11/p11_find.h"
#include "frontends/pkcs11/p11_login.h"
#include "frontends/pkcs11/p11_module.h"
#include "frontends/pkcs11/p11_object.h"
#include "frontends/pkcs11/p11_operation.h"
#include "frontends/pkcs11/p11_slot.h"

static struct list sessions = {&sessions, &sessions};
static CK_SESSION_HANDLE last_handle; /* runs on over C_Finalize: old handles stay invalid */

/* Within p11_module_enter(). */
static struct p11_session *find(CK_SESSION_HANDLE handle)
{
	list_for_each (link, &sessions) {
		struct p11_session *session = list_entry(link, struct p11_session, link);

		if (session->handle == handle)
			return session;
	}
	return NULL;
}

CK_ULONG p11_session_count(CK_SLOT_ID slot, bool only_read_write)
{
	CK_ULONG n = 0;

	list_for_each (link, &sessions) {
		const struct p11_session *session = list_entry(link, struct p11_session, link);

		n += session->slot == slot && (session->is_read_write || !only_read_write);
	}
	return n;
}

/* --- holding ------------------------------------------------------------------------------- */

CK_RV p11_session_take(CK_SESSION_HANDLE handle, struct p11_session **ret_session)
{
	CK_RV result = p11_module_enter();
	unsigned generation = 0;
	struct p11_session *session = NULL;

	if (result != CKR_OK)
		return result;
	generation = p11_module_generation();
	/* It may be closed while others are waited for. */
	for (session = find(handle); session && session->n_users > 0; session = find(handle))
		p11_module_wait();
	if (generation != p11_module_generation())
		result = CKR_CRYPTOKI_NOT_INITIALIZED;
	else if (!session)
		result = CKR_SESSION_HANDLE_INVALID;
	else
		session->n_users++;
	p11_module_leave();
	if (result == CKR_OK)
		*ret_session = session;
	return result;
}

/* Nobody finds it any more, and nobody has it in hand. */
static void session_free(struct p11_session *session)
{
	p11_operation_end_all(session);
	p11_find_free(session->find);
	p11_module_hold();
	p11_object_end_session(session->handle);
	p11_module_leave();
	p11_object_forget_left();
	free(session);
}

void p11_session_give(struct p11_session *session)
{
	bool is_over = false;

	if (!session)
		return;
	p11_module_hold();
	session->n_users--;
	is_over = session->is_closed;
	p11_module_notify();
	p11_module_leave();
	if (is_over)
		session_free(session);
}

/* --- ending -------------------------------------------------------------------------------- */

/* Held. Whoever is in a call with it frees it; the others come into @free_list. */
static void close_one(struct p11_session *session, struct list *free_list)
{
	list_remove(&session->link);
	session->is_closed = true;
	if (session->n_users == 0)
		list_append(free_list, &session->link);
}

static void free_all(struct list *free_list)
{
	list_for_each_safe (link, free_list) {
		list_remove(link);
		session_free(list_entry(link, struct p11_session, link));
	}
}

/* Held. @slot 0: all. */
static void close_those_of(CK_SLOT_ID slot, struct list *free_list)
{
	list_for_each_safe (link, &sessions) {
		struct p11_session *session = list_entry(link, struct p11_session, link);

		if (slot == 0 || session->slot == slot)
			close_one(session, free_list);
	}
}

void p11_session_end(void)
{
	struct list free_list = {&free_list, &free_list};

	p11_module_hold();
	close_those_of(0, &free_list);
	p11_module_leave();
	free_all(&free_list);
}

/* What a thread of the parent had in hand may be half done, and nobody is there to end it. */
void p11_session_inherit(bool is_whole)
{
	if (!is_whole)
		list_init(&sessions);
	list_for_each (link, &sessions) {
		struct p11_session *session = list_entry(link, struct p11_session, link);

		if (session->n_users == 0) {
			p11_operation_forget_pins(session);
			continue;
		}
		session->n_users = 0;
		session->find = NULL;
		session->sign = session->verify = session->encrypt = NULL;
		session->decrypt = session->digest = NULL;
	}
}

/* --- the standard's functions -------------------------------------------------------------- */

static CK_RV open_session(CK_SLOT_ID slot_id, CK_FLAGS flags, CK_SESSION_HANDLE *ret_handle)
{
	const struct p11_slot *slot = p11_slot_find(slot_id);
	struct p11_session *session = NULL;

	if (!slot)
		return CKR_SLOT_ID_INVALID;
	if (!slot->is_present)
		return CKR_TOKEN_NOT_PRESENT;
	if (slot->user == CKU_SO && !(flags & CKF_RW_SESSION))
		return CKR_SESSION_READ_WRITE_SO_EXISTS;
	session = calloc(1, sizeof(*session));
	if (!session)
		return CKR_HOST_MEMORY;
	session->handle = ++last_handle;
	session->slot = slot_id;
	session->is_read_write = flags & CKF_RW_SESSION;
	list_append(&sessions, &session->link);
	*ret_handle = session->handle;
	return CKR_OK;
}

CK_RV C_OpenSession(CK_SLOT_ID slot_id, CK_FLAGS flags, void *application, CK_NOTIFY notify,
		    CK_SESSION_HANDLE *ret_handle)
{
	CK_RV result = CKR_OK;

	(void)application, (void)notify; /* nothing is surrendered, so nobody is notified */
	if (!ret_handle)
		return CKR_ARGUMENTS_BAD;
	/* 3.0, 5.6.1: "for legacy reasons, the CKF_SERIAL_SESSION bit must always be set" */
	if (!(flags & CKF_SERIAL_SESSION))
		return CKR_SESSION_PARALLEL_NOT_SUPPORTED;
	result = p11_event_look();
	if (result == CKR_OK)
		result = p11_module_enter();
	if (result != CKR_OK)
		return result;
	result = open_session(slot_id, flags, ret_handle);
	p11_module_leave();
	return result;
}

CK_RV C_CloseSession(CK_SESSION_HANDLE handle)
{
	struct list free_list = {&free_list, &free_list};
	struct p11_session *session = NULL;
	CK_SLOT_ID slot = 0;
	CK_RV result = p11_module_enter();

	if (result != CKR_OK)
		return result;
	session = find(handle);
	if (session) {
		slot = session->slot;
		close_one(session, &free_list);
	}
	p11_module_leave();
	if (!session)
		return CKR_SESSION_HANDLE_INVALID;
	free_all(&free_list);
	p11_login_end_if_unused(slot);
	return CKR_OK;
}

CK_RV C_CloseAllSessions(CK_SLOT_ID slot_id)
{
	struct list free_list = {&free_list, &free_list};
	CK_RV result = p11_module_enter();

	if (result != CKR_OK)
		return result;
	if (p11_slot_find(slot_id))
		close_those_of(slot_id, &free_list);
	else
		result = CKR_SLOT_ID_INVALID;
	p11_module_leave();
	free_all(&free_list);
	if (result == CKR_OK)
		p11_login_end_if_unused(slot_id);
	return result;
}

static CK_STATE state_of(const struct p11_session *session)
{
	const struct p11_slot *slot = p11_slot_find(session->slot);

	if (slot->user == CKU_SO)
		return CKS_RW_SO_FUNCTIONS;
	if (slot->user == CKU_USER)
		return session->is_read_write ? CKS_RW_USER_FUNCTIONS : CKS_RO_USER_FUNCTIONS;
	return session->is_read_write ? CKS_RW_PUBLIC_SESSION : CKS_RO_PUBLIC_SESSION;
}

CK_RV C_GetSessionInfo(CK_SESSION_HANDLE handle, CK_SESSION_INFO *info)
{
	const struct p11_session *session = NULL;
	CK_RV result = CKR_OK;

	if (!info)
		return CKR_ARGUMENTS_BAD;
	result = p11_module_enter();
	if (result != CKR_OK)
		return result;
	session = find(handle);
	if (session)
		*info = (CK_SESSION_INFO){
			.slotID = session->slot,
			.state = state_of(session),
			.flags = CKF_SERIAL_SESSION | (session->is_read_write ? CKF_RW_SESSION : 0),
		};
	else
		result = CKR_SESSION_HANDLE_INVALID;
	p11_module_leave();
	return result;
}

CK_RV C_SessionCancel(CK_SESSION_HANDLE handle, CK_FLAGS flags)
{
	struct p11_session *session = NULL;
	CK_RV result = p11_session_take(handle, &session);

	if (result != CKR_OK)
		return result;
	if (flags & CKF_FIND_OBJECTS)
		session->find = p11_find_free(session->find);
	p11_operation_cancel(session, flags);
	p11_session_give(session);
	return CKR_OK;
}
