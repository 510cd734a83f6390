/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_WRITING_H
#define PKCS11_P11_WRITING_H

/*
 * Writing to a token or to the keychain: who may (3.0, 5.7.1: a read/write session), where, and
 * what its administrator has proved by C_Login(CKU_SO); when nobody has, the daemon asks.
 */

#include <keycask/dictionary.h>
#include <keycask/key.h>

#include "base/secret.h"
#include "frontends/pkcs11/p11_session.h"
#include "frontends/pkcs11/p11_session_object.h"

struct p11_writing {
	CK_SLOT_ID slot;
	char *token_id;		     /* NULL: the keychain */
	struct secret administrator; /* empty: nobody is logged in as CKU_SO */
};

/*
 * Ownership: p11_writing_done().
 * Expected: CKR_SESSION_READ_ONLY; CKR_DEVICE_REMOVED  the token is away
 */
CK_RV p11_writing_begin(const struct p11_session *session, struct p11_writing *ret_writing);
void p11_writing_done(struct p11_writing *writing);

/* Borrowed from @writing. */
struct kc_options p11_writing_options(const struct p11_writing *writing);

/* What was written, by its persistent reference, as an object. Expected: CKR_GENERAL_ERROR  it is
 * not there */
CK_RV p11_writing_find(const struct p11_writing *writing, CK_OBJECT_CLASS object_class,
		       struct kc_view reference, CK_OBJECT_HANDLE *ret_handle);

/* CKR_OK and what went wrong with something that was to be written: a template that the daemon does
 * not take says so. */
CK_RV p11_writing_status(enum kc_status status);

/* The same, right after it, with a key that was to be a session object, of which the daemon keeps
 * so many for a process and no more: CKR_DEVICE_MEMORY. */
CK_RV p11_writing_status_of_session(enum kc_status status);

/*
 * What the keychain shall call an item: KC_ATTR_LABEL of CKA_LABEL, and KC_ATTR_ALIAS of CKA_ID
 * unless that is @hash, which it is anyway. Tokens name their items themselves: then nothing is
 * set. Expected: CKR_ATTRIBUTE_VALUE_INVALID
 */
CK_RV p11_writing_put_names(const struct p11_writing *writing, const struct p11_wish *wish,
			    struct kc_view hash, struct kc_dictionary *attributes);

/* C_CreateObject with CKA_TOKEN, from a checked @wish. */
CK_RV p11_writing_add_certificate(const struct p11_writing *writing, const struct p11_wish *wish,
				  CK_OBJECT_HANDLE *ret_handle);
CK_RV p11_writing_add_key(const struct p11_writing *writing, CK_OBJECT_CLASS object_class,
			  const struct p11_wish *wish, CK_OBJECT_HANDLE *ret_handle);

/* @private, a key that was just made, as an object. */
CK_RV p11_writing_find_key(const struct p11_writing *writing, CK_OBJECT_CLASS object_class,
			   const struct kc_key *key, CK_OBJECT_HANDLE *ret_handle);

#endif
