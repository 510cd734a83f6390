/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* C_SetPIN: another PIN for the token, or another password for the keychain. */
#include <keycask/error.h>
#include <keycask/keychain.h>
#include <keycask/token.h>

#include "base/cleanup.h"
#include "frontends/pkcs11/p11_proof.h"
#include "frontends/pkcs11/p11_session.h"

/* Afterwards the rules of the token's PIN are what they were, and its tries are all there. */
static CK_RV set_token_pin(const struct p11_proof *proof, struct kc_view current,
			   struct kc_view new_pin)
{
	struct kc_pin_change change = KC_PIN_CHANGE_INIT;
	enum kc_status status = KC_OK;

	change.pin_id = proof->user == CKU_SO ? "admin" : NULL;
	change.current = current;
	change.new_pin = new_pin;
	status = kc_token_change_pin(proof->token_id, &change, NULL);
	if (status == KC_OK)
		p11_proof_note_tries(proof, -1);
	else if (status == KC_ERR_AUTH_FAILED || status == KC_ERR_PIN_BLOCKED)
		p11_proof_note_tries(proof, kc_error_tries_left(kc_error_last()));
	return p11_proof_result(status);
}

static CK_RV set_password(struct kc_view current, struct kc_view new_password)
{
	struct kc_keychain_change change = KC_KEYCHAIN_CHANGE_INIT;

	change.current = current;
	change.new_password = new_password;
	return p11_proof_result(kc_keychain_change_password(&change, NULL));
}

/* 3.0, 5.5.9: without PINs they are asked for on the protected path. */
CK_RV C_SetPIN(CK_SESSION_HANDLE handle, CK_BYTE *old_pin, CK_ULONG old_len, CK_BYTE *new_pin,
	       CK_ULONG new_len)
{
	CLEANUP(p11_session_givep) struct p11_session *session = NULL;
	CLEANUP(p11_proof_done) struct p11_proof proof = {0};
	struct kc_view current = p11_proof_pin(old_pin, old_len);
	struct kc_view wish = p11_proof_pin(new_pin, new_len);
	CK_RV result = p11_session_take(handle, &session);

	if (result == CKR_OK && !session->is_read_write)
		result = CKR_SESSION_READ_ONLY;
	if (result == CKR_OK)
		result = p11_proof_find(session, &proof);
	if (result != CKR_OK)
		return result;
	return proof.token_id ? set_token_pin(&proof, current, wish) : set_password(current, wish);
}
