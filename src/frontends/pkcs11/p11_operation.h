/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_OPERATION_H
#define PKCS11_P11_OPERATION_H

/*
 * What C_SignInit and its siblings begin and C_SignFinal and its siblings end: which key, how, and
 * what has been collected until now. The daemon is asked once, when everything is there; a result
 * that did not fit into the application's buffer is kept, so that it costs no second use of the
 * key. One struct for all of them: they differ in what is done at the end.
 */

#include "base/bytes.h"
#include "base/secret.h"
#include "frontends/pkcs11/p11_hash.h"
#include "frontends/pkcs11/p11_object.h"
#include "frontends/pkcs11/p11_parameters.h"
#include "frontends/pkcs11/p11_session.h"

enum {
	/* What a mechanism that does not hash takes, EdDSA's message included, is as long as fits
	 * into one request to the daemon. */
	P11_DATA_MAX = 700 * 1024,
};

struct p11_operation {
	const struct p11_verb *verb;
	struct p11_object *key; /* held; NULL: a digest has none */
	struct p11_parameters how;
	bool has_parts;	      /* C_SignUpdate was called: C_Sign may not be any more (5.2) */
	struct secret pin;    /* C_Login(CKU_CONTEXT_SPECIFIC)'s; empty: the daemon asks */
	struct p11_hash hash; /* of the parts, where the mechanism hashes */
	struct bytes data;    /* the parts, where it does not */
	bool has_result;
	struct kc_bytes result; /* which has not fitted yet */
};

/* One row for each C_xInit. */
struct p11_verb {
	CK_FLAGS flag;		      /* of the mechanisms that do it, and of C_SessionCancel */
	CK_ATTRIBUTE_TYPE permission; /* that the key has to have */
	size_t place;		      /* in struct p11_session; some share one */
};

/* --- beginning -------------------------------------------------------------------------------- */

/*
 * C_SignInit and its siblings. A mechanism of NULL ends what is active (3.0, 5.9.1, 5.13.1).
 * Expected: CKR_OPERATION_ACTIVE, CKR_MECHANISM_INVALID, CKR_KEY_HANDLE_INVALID,
 *           CKR_KEY_TYPE_INCONSISTENT, CKR_KEY_FUNCTION_NOT_PERMITTED
 */
CK_RV p11_operation_begin(CK_SESSION_HANDLE handle, const struct p11_verb *verb,
			  const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);

/*
 * The same for C_DeriveKey and its siblings, which begin and end in one call: into *ret_operation,
 * which is nobody's but the caller's. p11_operation_done() in any case; accepts a zeroed struct.
 */
CK_RV p11_operation_take_whole(const struct p11_session *session, const struct p11_verb *verb,
			       const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key,
			       struct p11_operation *ret_operation);
void p11_operation_done(struct p11_operation *operation);

/* --- going on: CLEANUP(p11_operation_leave) struct p11_turn turn = {0}; ------------------- */

/* One call within an operation. The operation ends with it unless @goes_on is set. */
struct p11_turn {
	struct p11_session *session;
	struct p11_operation **place;
	struct p11_operation *operation;
	bool goes_on;
};

/* Expected: CKR_OPERATION_NOT_INITIALIZED */
CK_RV p11_operation_enter(CK_SESSION_HANDLE handle, const struct p11_verb *verb,
			  struct p11_turn *turn);
/* The same for C_Sign and its siblings, which take all in one part, @data of @len bytes.
 * Expected: CKR_OPERATION_ACTIVE  parts were given already; CKR_ARGUMENTS_BAD. It goes on then. */
CK_RV p11_operation_enter_whole(CK_SESSION_HANDLE handle, const struct p11_verb *verb,
				const void *data, CK_ULONG len, struct p11_turn *turn);
void p11_operation_leave(struct p11_turn *turn);

/* C_SignUpdate and its siblings: collect @data, or hash it where the mechanism does. */
CK_RV p11_operation_update(CK_SESSION_HANDLE handle, const struct p11_verb *verb, const void *data,
			   CK_ULONG len);

/* C_EncryptUpdate and C_DecryptUpdate: RSA has no part of a result before it has everything. */
CK_RV p11_operation_update_quietly(CK_SESSION_HANDLE handle, const struct p11_verb *verb,
				   const void *data, CK_ULONG len, CK_ULONG *written);

/* All that was collected, or @data when nothing was: hashed, when the mechanism hashes, into
 * @digest, which the result may be a view of. */
struct kc_view p11_operation_input(struct p11_operation *operation, struct kc_view data,
				   uint8_t digest[P11_DIGEST_MAX]);

/*
 * Are @needed bytes wanted at @buffer? (5.2) When not, either only their number was asked for
 * (CKR_OK), or the buffer is too small; the operation goes on in both cases, and *ret_result is
 * what the caller returns.
 */
bool p11_operation_has_room(struct p11_turn *turn, size_t needed, const CK_BYTE *buffer,
			    CK_ULONG *len, CK_RV *ret_result);

/* The result into @buffer, if there is room; else it is kept and the operation goes on. */
CK_RV p11_operation_put_result(struct p11_turn *turn, CK_BYTE *buffer, CK_ULONG *len);

/* --- ending, and what C_Login and C_SessionCancel want ------------------------------------ */

/* End all operations of @session, for C_CloseSession and its siblings. Not within
 * p11_module_enter(), as keys are given back. */
void p11_operation_end_all(struct p11_session *session);

/* C_SessionCancel (3.0), which calls it: @flags are CKF_SIGN, CKF_ENCRYPT and so on. As above. */
void p11_operation_cancel(struct p11_session *session, CK_FLAGS flags);

/*
 * C_Login(CKU_CONTEXT_SPECIFIC), which calls it: @pin, data NULL for the protected path, goes with
 * the operation that is active in @session and with no other.
 * Expected: CKR_OPERATION_NOT_INITIALIZED  none is, or its key does not want it
 *           CKR_PIN_LEN_RANGE
 */
CK_RV p11_operation_authenticate(struct p11_session *session, struct kc_view pin);

/* p11_session.c's, after fork(): what was given is the parent's. */
void p11_operation_forget_pins(struct p11_session *session);

#endif
