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
#include "frontends/pkcs11/p11_session.h"
#include "frontends/pkcs11/p11_slot.h"
#include "frontends/pkcs11/p11_status.h"
#include "frontends/pkcs11/p11_token.h"

/* Which token a call is about. */
struct place {
	CK_SLOT_ID slot;
	char *token_id; /* NULL: the keychain */
	CK_USER_TYPE user;
	bool has_read_only; /* sessions */
};

static void place_done(struct place *place)
{
	free(place->token_id);
}

static CK_RV find_place(const struct p11_session *session, struct place *ret_place)
{
	const struct p11_slot *slot = NULL;
	CK_RV result = p11_module_enter();

	if (result != CKR_OK)
		return result;
	slot = p11_slot_find(session->slot);
	if (!slot) { /* finalised and initialised meanwhile */
		p11_module_leave();
		return CKR_SESSION_HANDLE_INVALID;
	}
	*ret_place = (struct place){
		.slot = slot->id,
		.user = slot->user,
		.has_read_only =
			p11_session_count(slot->id, false) > p11_session_count(slot->id, true),
	};
	if (!slot->is_present)
		result = CKR_TOKEN_NOT_PRESENT;
	else if (copy_text(slot->token_id, &ret_place->token_id) != KC_OK)
		result = CKR_HOST_MEMORY;
	p11_module_leave();
	return result;
}

/* A PIN of no bytes is none: many programs have no other way to leave it out. */
static struct kc_view view_of_pin(const CK_BYTE *pin, CK_ULONG pin_len)
{
	return pin && pin_len > 0 ? view_of(pin, pin_len) : (struct kc_view){NULL, 0};
}

/* --- logging in ---------------------------------------------------------------------------- */

/* 3.0, 5.6.8. The keychain is locked also when nobody has logged out. */
static CK_RV check_user(const struct place *place, CK_USER_TYPE user)
{
	if (place->user == user && place->slot != P11_SLOT_KEYCHAIN)
		return CKR_USER_ALREADY_LOGGED_IN;
	if (place->user != P11_NOBODY && place->user != user)
		return CKR_USER_ANOTHER_ALREADY_LOGGED_IN;
	if (user == CKU_SO && place->has_read_only)
		return CKR_SESSION_READ_ONLY_EXISTS;
	return CKR_OK;
}

static CK_RV note_login(const struct place *place, CK_USER_TYPE user, struct secret **administrator)
{
	struct p11_slot *slot = NULL;
	CK_RV result = p11_module_enter();

	if (result != CKR_OK)
		return result;
	slot = p11_slot_find(place->slot);
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

static void note_tries(const struct place *place, int tries_left)
{
	p11_module_hold();
	p11_token_note_tries(place->slot, tries_left);
	p11_module_leave();
}

/* What daemon and driver say of a PIN, in the words of programs. A PIN that nobody typed is not
 * tried when it is the last try (KC_ERR_INTERACTION_NOT_ALLOWED): whoever has one can log in at the
 * prompt. */
static CK_RV result_of_pin(enum kc_status status)
{
	if (status == KC_ERR_PARAM)
		return CKR_PIN_LEN_RANGE;
	if (status == KC_ERR_INTERACTION_NOT_ALLOWED)
		return CKR_FUNCTION_REJECTED;
	return p11_status(status);
}

static CK_RV prove_to_token(const struct place *place, struct kc_view pin)
{
	struct kc_options options = KC_OPTIONS_INIT;
	enum kc_status status = KC_OK;
	int tries_left = -1;

	options.pin = pin;
	status = kc_token_verify_pin(place->token_id, &options, &tries_left);
	if (status == KC_OK)
		note_tries(place, tries_left);
	else if (status == KC_ERR_AUTH_FAILED || status == KC_ERR_PIN_BLOCKED)
		note_tries(place, kc_error_tries_left(kc_error_last()));
	return result_of_pin(status);
}

static CK_RV prove_to_keychain(const struct place *place, struct kc_view password)
{
	struct kc_options options = KC_OPTIONS_INIT;

	(void)place;
	options.pin = password;
	return result_of_pin(kc_keychain_unlock(&options));
}

static CK_RV log_user_in(const struct place *place, struct kc_view pin)
{
	struct secret *none = NULL;
	CK_RV result = place->token_id ? prove_to_token(place, pin) : prove_to_keychain(place, pin);

	if (result == CKR_OK)
		result = note_login(place, CKU_USER, &none);
	return result;
}

static void secret_freep(struct secret **secret)
{
	if (*secret)
		secret_done(*secret);
	free(*secret);
}

/* Without a PIN the daemon asks for it with each thing that the token is to write. */
static CK_RV log_officer_in(const struct place *place, struct kc_view pin)
{
	CLEANUP(secret_freep) struct secret *administrator = NULL;

	if (!place->token_id)
		return CKR_USER_TYPE_INVALID;
	if (pin.data) {
		administrator = calloc(1, sizeof(*administrator));
		if (!administrator)
			return CKR_HOST_MEMORY;
		if (secret_init(administrator, pin) != KC_OK)
			return CKR_PIN_LEN_RANGE;
	}
	return note_login(place, CKU_SO, &administrator);
}

static CK_RV log_in(struct p11_session *session, CK_USER_TYPE user, struct kc_view pin)
{
	CLEANUP(place_done) struct place place = {0};
	CK_RV result = CKR_OK;

	if (user == CKU_CONTEXT_SPECIFIC)
		return p11_operation_authenticate(session, pin);
	if (user != CKU_USER && user != CKU_SO)
		return CKR_USER_TYPE_INVALID;
	result = find_place(session, &place);
	if (result == CKR_OK)
		result = check_user(&place, user);
	if (result != CKR_OK)
		return result;
	return user == CKU_SO ? log_officer_in(&place, pin) : log_user_in(&place, pin);
}

CK_RV C_Login(CK_SESSION_HANDLE handle, CK_USER_TYPE user, CK_BYTE *pin, CK_ULONG pin_len)
{
	CLEANUP(p11_session_givep) struct p11_session *session = NULL;
	CK_RV result = p11_session_take(handle, &session);

	if (result != CKR_OK)
		return result;
	return log_in(session, user, view_of_pin(pin, pin_len));
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
	ignore(log_out_of_token(token_id) != CKR_OK);
}

/* --- C_SetPIN ------------------------------------------------------------------------------ */

/* Afterwards the rules of the token's PIN are what they were, and its tries are all there. */
static CK_RV set_token_pin(const struct place *place, struct kc_view current,
			   struct kc_view new_pin)
{
	struct kc_pin_change change = KC_PIN_CHANGE_INIT;
	enum kc_status status = KC_OK;

	change.pin_id = place->user == CKU_SO ? "admin" : NULL;
	change.current = current;
	change.new_pin = new_pin;
	status = kc_token_change_pin(place->token_id, &change, NULL);
	if (status == KC_OK)
		note_tries(place, -1);
	else if (status == KC_ERR_AUTH_FAILED || status == KC_ERR_PIN_BLOCKED)
		note_tries(place, kc_error_tries_left(kc_error_last()));
	return result_of_pin(status);
}

static CK_RV set_password(struct kc_view current, struct kc_view new_password)
{
	struct kc_keychain_change change = KC_KEYCHAIN_CHANGE_INIT;

	change.current = current;
	change.new_password = new_password;
	return result_of_pin(kc_keychain_change_password(&change, NULL));
}

/* 3.0, 5.5.9: without PINs they are asked for on the protected path. */
CK_RV C_SetPIN(CK_SESSION_HANDLE handle, CK_BYTE *old_pin, CK_ULONG old_len, CK_BYTE *new_pin,
	       CK_ULONG new_len)
{
	CLEANUP(p11_session_givep) struct p11_session *session = NULL;
	CLEANUP(place_done) struct place place = {0};
	struct kc_view current = view_of_pin(old_pin, old_len);
	struct kc_view wish = view_of_pin(new_pin, new_len);
	CK_RV result = p11_session_take(handle, &session);

	if (result == CKR_OK && !session->is_read_write)
		result = CKR_SESSION_READ_ONLY;
	if (result == CKR_OK)
		result = find_place(session, &place);
	if (result != CKR_OK)
		return result;
	return place.token_id ? set_token_pin(&place, current, wish) : set_password(current, wish);
}
