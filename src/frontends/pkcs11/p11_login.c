/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Logging in. A person is asked by the daemon (the protected path) unless the application gives a
 * PIN of its own; either way it is the daemon that keeps what was proved, for this process's
 * connection and as long as its policy says, and here is only noted that somebody is logged in. Of
 * a security officer it is noted what was given, in locked memory: the token asks for it with each
 * thing that it is to write.
 */
#include "frontends/pkcs11/p11_login.h"

#include <stdlib.h>
#include <string.h>

#include <keycask/error.h>
#include <keycask/keychain.h>
#include <keycask/token.h>

#include "base/copy.h"
#include "base/secret.h"
#include "base/try.h"
#include "frontends/pkcs11/p11_module.h"
#include "frontends/pkcs11/p11_object.h"
#include "frontends/pkcs11/p11_operation.h"
#include "frontends/pkcs11/p11_proof.h"
#include "frontends/pkcs11/p11_session.h"
#include "frontends/pkcs11/p11_slot.h"
#include "frontends/pkcs11/p11_status.h"

/* --- logging in ---------------------------------------------------------------------------- */

/* 3.0, 5.6.8. The keychain is locked also when nobody has logged out. */
static CK_RV check_user(const struct p11_proof *proof, CK_USER_TYPE user)
{
	if (proof->user == user && proof->slot != P11_SLOT_KEYCHAIN)
		return CKR_USER_ALREADY_LOGGED_IN;
	if (proof->user != P11_NOBODY && proof->user != user)
		return CKR_USER_ANOTHER_ALREADY_LOGGED_IN;
	if (user == CKU_SO && proof->has_read_only)
		return CKR_SESSION_READ_ONLY_EXISTS;
	return CKR_OK;
}

static CK_RV note_login(const struct p11_proof *proof, CK_USER_TYPE user,
			struct secret **administrator)
{
	struct p11_slot *slot = NULL;
	CK_RV result = p11_module_enter();

	if (result != CKR_OK)
		return result;
	slot = p11_slot_find(proof->slot);
	if (slot && slot->is_present) {
		p11_slot_forget_login(slot);
		slot->user = user;
		slot->administrator = *administrator;
		*administrator = NULL;
	} else {
		result = CKR_DEVICE_REMOVED;
	}
	p11_module_leave();
	return result;
}

static CK_RV prove_to_token(const struct p11_proof *proof, struct kc_view pin)
{
	struct kc_options options = KC_OPTIONS_INIT;
	enum kc_status status = KC_OK;
	int tries_left = -1;

	options.pin = pin;
	options.operation_prompt = "log in to the token";
	status = kc_token_verify_pin(proof->token_id, &options, &tries_left);
	if (status == KC_OK)
		p11_proof_note_tries(proof, tries_left);
	else if (status == KC_ERR_AUTH_FAILED || status == KC_ERR_PIN_BLOCKED)
		p11_proof_note_tries(proof, kc_error_tries_left(kc_error_last()));
	return p11_proof_result(status);
}

static CK_RV prove_to_keychain(const struct p11_proof *proof, struct kc_view password)
{
	struct kc_options options = KC_OPTIONS_INIT;

	(void)proof;
	options.pin = password;
	return p11_proof_result(kc_keychain_unlock(&options));
}

static CK_RV log_user_in(const struct p11_proof *proof, struct kc_view pin)
{
	struct secret *none = NULL;
	CK_RV result = proof->token_id ? prove_to_token(proof, pin) : prove_to_keychain(proof, pin);

	if (result == CKR_OK)
		result = note_login(proof, CKU_USER, &none);
	return result;
}

static void secret_freep(struct secret **secret)
{
	if (*secret)
		secret_done(*secret);
	free(*secret);
}

/* Without a PIN the daemon asks for it with each thing that the token is to write. */
static CK_RV log_officer_in(const struct p11_proof *proof, struct kc_view pin)
{
	CLEANUP(secret_freep) struct secret *administrator = NULL;

	if (!proof->token_id)
		return CKR_USER_TYPE_INVALID;
	if (pin.data) {
		administrator = calloc(1, sizeof(*administrator));
		if (!administrator)
			return CKR_HOST_MEMORY;
		if (secret_init(administrator, pin) != KC_OK)
			return CKR_PIN_LEN_RANGE;
	}
	return note_login(proof, CKU_SO, &administrator);
}

static CK_RV log_in(struct p11_session *session, CK_USER_TYPE user, struct kc_view pin)
{
	CLEANUP(p11_proof_done) struct p11_proof proof = {0};
	CK_RV result = CKR_OK;

	if (user == CKU_CONTEXT_SPECIFIC)
		return p11_operation_authenticate(session, pin);
	if (user != CKU_USER && user != CKU_SO)
		return CKR_USER_TYPE_INVALID;
	result = p11_proof_find(session, &proof);
	if (result == CKR_OK)
		result = check_user(&proof, user);
	if (result != CKR_OK)
		return result;
	return user == CKU_SO ? log_officer_in(&proof, pin) : log_user_in(&proof, pin);
}

CK_RV C_Login(CK_SESSION_HANDLE handle, CK_USER_TYPE user, CK_BYTE *pin, CK_ULONG pin_len)
{
	CLEANUP(p11_session_givep) struct p11_session *session = NULL;
	CK_RV result = p11_session_take(handle, &session);

	if (result != CKR_OK)
		return result;
	return log_in(session, user, p11_proof_pin(pin, pin_len));
}

/* 3.0, 5.6.9: as C_Login, for tokens that know several users by name; ours know one. */
CK_RV C_LoginUser(CK_SESSION_HANDLE handle, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG pin_len,
		  CK_UTF8CHAR *user_name, CK_ULONG user_name_len)
{
	if (user_name && user_name_len > 0)
		return CKR_USER_TYPE_INVALID;
	return C_Login(handle, user, pin, pin_len);
}

/* --- logging out --------------------------------------------------------------------------- */

/* Held. Who it was that is logged in no more; *ret_token_id is to be told. */
static CK_RV forget_login(struct p11_slot *slot, char **ret_token_id)
{
	if (!slot || slot->user == P11_NOBODY)
		return CKR_USER_NOT_LOGGED_IN;
	if (slot->user == CKU_USER && copy_text(slot->token_id, ret_token_id) != KC_OK)
		return CKR_HOST_MEMORY;
	p11_slot_forget_login(slot);
	p11_object_end_login(slot->id);
	return CKR_OK;
}

/* A daemon that is not there knows no PIN. The keychain stays as it is: it is everybody's. */
static CK_RV log_out_of_token(const char *token_id)
{
	enum kc_status status = token_id ? kc_token_logout(token_id) : KC_OK;

	return status == KC_ERR_NOT_AVAILABLE ? CKR_OK : p11_status(status);
}

CK_RV C_Logout(CK_SESSION_HANDLE handle)
{
	CLEANUP(p11_session_givep) struct p11_session *session = NULL;
	CLEANUP(freep) char *token_id = NULL;
	CK_RV result = p11_session_take(handle, &session);

	if (result == CKR_OK)
		result = p11_module_enter();
	if (result != CKR_OK)
		return result;
	result = forget_login(p11_slot_find(session->slot), &token_id);
	p11_module_leave();
	p11_object_forget_left();
	return result == CKR_OK ? log_out_of_token(token_id) : result;
}

void p11_login_end_if_unused(CK_SLOT_ID slot_id)
{
	CLEANUP(freep) char *token_id = NULL;
	struct p11_slot *slot = NULL;

	if (p11_module_enter() != CKR_OK)
		return;
	slot = p11_slot_find(slot_id);
	if (slot && p11_session_count(slot_id, false) == 0)
		ignore(forget_login(slot, &token_id) != CKR_OK);
	p11_module_leave();
	p11_object_forget_left();
	ignore(log_out_of_token(token_id) != CKR_OK);
}
