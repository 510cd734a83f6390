/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_SESSION_OBJECT_H
#define PKCS11_P11_SESSION_OBJECT_H

/* Session objects (3.0, 4.1): they are made in this process, and end with their session. Those that
 * are keys are p11_session_key.h's. */

#include "frontends/pkcs11/p11_object.h"
#include "frontends/pkcs11/p11_session.h"

/* What an application says of an object. Checked by p11_template_check(). */
struct p11_wish {
	const CK_ATTRIBUTE *template;
	CK_ULONG n;
};

/*
 * @object, a new one, becomes a session object of @session with what @wish says of any.
 * Expected: CKR_USER_NOT_LOGGED_IN  it is to be private, and nobody is logged in (5.7.1)
 */
CK_RV p11_session_object_begin(const struct p11_session *session, const struct p11_wish *wish,
			       struct p11_object *object);

/* All that @wish says, but secrets, in place of what @object had by itself. */
void p11_session_object_overlay(struct p11_object *object, const struct p11_wish *wish);

/* Does 3.0 let @object, or a copy of it, have @attribute? Some become what they are for good. */
bool p11_session_object_may_become(const struct p11_object *object, const CK_ATTRIBUTE *attribute);

/* The value of a secret key that is sensitive now, or not extractable, is told to nobody. */
void p11_session_object_hide(struct p11_object *object);

/* @object, which is taken also on failure, has its handle. */
CK_RV p11_session_object_publish(struct p11_object **object, CK_OBJECT_HANDLE *ret_handle);

/* C_CreateObject of data or a certificate, as a checked @wish says. */
CK_RV p11_session_object_create(const struct p11_session *session, CK_OBJECT_CLASS object_class,
				const struct p11_wish *wish, CK_OBJECT_HANDLE *ret_handle);

/* A copy of @original, as @wish says otherwise (C_CopyObject).
 * Expected: CKR_ATTRIBUTE_READ_ONLY  it would be less guarded than @original */
CK_RV p11_session_object_copy(const struct p11_session *session, struct p11_object *original,
			      const struct p11_wish *wish, CK_OBJECT_HANDLE *ret_handle);

#endif
