/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_PROOF_H
#define PKCS11_P11_PROOF_H

/* To whom something is proved: the token of a session, or the keychain. */

#include <keycask/bytes.h>
#include <keycask/status.h>
#include <stdbool.h>

#include "frontends/pkcs11/p11_standard.h"

struct p11_session;

struct p11_proof {
	CK_SLOT_ID slot;
	char *token_id; /* NULL: the keychain */
	CK_USER_TYPE user;
	bool has_read_only; /* sessions */
};

/* CLEANUP(p11_proof_done) struct p11_proof proof = {0}; */
void p11_proof_done(struct p11_proof *proof);

/* Expected: CKR_TOKEN_NOT_PRESENT, CKR_SESSION_HANDLE_INVALID, CKR_CRYPTOKI_NOT_INITIALIZED */
CK_RV p11_proof_find(const struct p11_session *session, struct p11_proof *ret_proof);

/* A PIN of no bytes is none: many programs have no other way to leave it out. */
struct kc_view p11_proof_pin(const CK_BYTE *pin, CK_ULONG pin_len);

/* What C_GetTokenInfo tells from now on; -1: nobody knows. */
void p11_proof_note_tries(const struct p11_proof *proof, int tries_left);

/* What daemon and driver have just said of a PIN, in the words of programs. */
CK_RV p11_proof_result(enum kc_status status);

#endif
