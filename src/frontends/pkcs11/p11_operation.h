/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_OPERATION_H
#define PKCS11_P11_OPERATION_H

/*
 * What C_SignInit and its siblings begin and C_SignFinal and its siblings end: which key, how, and
 * what has been collected until now. One function asks the daemon, once, when everything is there;
 * a result that did not fit into the application's buffer is kept, so that it costs no second use
 * of the key. One struct for all of them: they differ in what is done at the end.
 */

#include "base/bytes.h"
#include "base/secret.h"
#include "frontends/pkcs11/p11_hash.h"
#include "frontends/pkcs11/p11_object.h"
#include "frontends/pkcs11/p11_parameters.h"
#include "frontends/pkcs11/p11_session.h"

struct p11_operation {
	struct p11_object *key; /* held; NULL: a digest has none */
	struct p11_parameters how;
	bool is_recovering;    /* C_SignRecoverInit, C_VerifyRecoverInit */
	bool has_parts;	       /* C_SignUpdate was called: C_Sign may not be any more (5.2) */
	bool is_authenticated; /* C_Login(CKU_CONTEXT_SPECIFIC) was called for it */
	struct secret pin;     /* what it gave; empty: the daemon asks */
	struct p11_hash hash;  /* of the parts, where the mechanism hashes */
	struct bytes data;     /* the parts, where it does not */
	bool has_result;
	struct kc_bytes result; /* which has not fitted yet */
};

/* NULL is fine; always returns NULL. Not within p11_module_enter(), as it gives the key back. */
struct p11_operation *p11_operation_free(struct p11_operation *operation);

/* End all operations of @session, for C_CloseSession and its siblings. As p11_operation_free(). */
void p11_operation_end_all(struct p11_session *session);

/* C_SessionCancel (3.0, 5.6.8), which calls it: @flags are CKF_SIGN, CKF_ENCRYPT and so on. */
void p11_operation_cancel(struct p11_session *session, CK_FLAGS flags);

/*
 * C_Login(CKU_CONTEXT_SPECIFIC) (5.6.9), which calls it: @pin, data NULL for the protected path,
 * goes with the operation that is active in @session and with no other. Expected:
 * CKR_OPERATION_NOT_INITIALIZED  none is, or its key does not want it (5.6.9) CKR_PIN_LEN_RANGE
 */
CK_RV p11_operation_authenticate(struct p11_session *session, struct kc_view pin);

#endif
