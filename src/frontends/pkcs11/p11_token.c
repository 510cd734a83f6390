/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * C_GetTokenInfo. Programs ask for it often, and before anything else: a token is asked for its PIN
 * once for each time that it is inserted, and what is known of it is kept up to date by what
 * C_Login comes to. The keychain's state is the daemon's to know, and costs nobody anything.
 */
#include "frontends/pkcs11/p11_token.h"

#include <stdlib.h>
#include <string.h>

#include <keycask/keychain.h>
#include <keycask/token.h>

#include "base/cleanup.h"
#include "base/copy.h"
#include "frontends/owned.h"
#include "frontends/pkcs11/p11_event.h"
#include "frontends/pkcs11/p11_module.h"
#include "frontends/pkcs11/p11_session.h"
#include "frontends/pkcs11/p11_slot.h"
#include "frontends/pkcs11/p11_status.h"
#include "frontends/pkcs11/p11_text.h"

enum {
	FEW_TRIES = 2,
	SERIAL_BYTES = 16, /* of CK_TOKEN_INFO */
	/* When a driver does not tell, or a password has no rules. */
	PIN_MIN = 0,
	PIN_MAX = 255,
};

/* A token's PIN, as far as programs want to know of it. */
struct p11_pin_rules {
	bool needs_pin;
	CK_ULONG min_len;
	CK_ULONG max_len;
	int tries_left; /* -1: nobody knows */
};

/* --- what a PIN is like -------------------------------------------------------------------- */

/* Of a driver that tells nothing it is not known whether there is a PIN: a login that nobody needs
 * does no harm, as keys that need none are there without it. */
static struct p11_pin_rules rules_of(const struct kc_value *pins)
{
	struct p11_pin_rules rules = {kc_value_count(pins) == 0, PIN_MIN, PIN_MAX, -1};

	for (size_t i = 0; i < kc_value_count(pins); i++) {
		const struct kc_dictionary *pin = kc_value_dictionary(kc_value_at(pins, i));
		const char *role = kc_dictionary_text(pin, KC_PIN_ROLE);

		if (!role || strcmp(role, "user") != 0)
			continue;
		rules.needs_pin = true;
		rules.min_len = (CK_ULONG)kc_dictionary_number(pin, KC_PIN_MIN_LENGTH, PIN_MIN);
		rules.max_len = (CK_ULONG)kc_dictionary_number(pin, KC_PIN_MAX_LENGTH, PIN_MAX);
		rules.tries_left = (int)kc_dictionary_number(pin, KC_PIN_TRIES_LEFT, -1);
		break;
	}
	return rules;
}

static CK_RV ask_for_rules(const char *token_id, struct p11_pin_rules *ret_rules)
{
	CLEANUP(kc_value_freep) struct kc_value *pins = NULL;
	enum kc_status status = kc_token_copy_pins(token_id, &pins);

	if (status == KC_ERR_ITEM_NOT_FOUND)
		return CKR_TOKEN_NOT_PRESENT;
	if (status != KC_OK && status != KC_ERR_UNIMPLEMENTED)
		return p11_status(status);
	*ret_rules = rules_of(pins);
	return CKR_OK;
}

void p11_token_note_tries(CK_SLOT_ID slot_id, int tries_left)
{
	struct p11_slot *slot = p11_slot_find(slot_id);

	if (slot && slot->pin_rules)
		slot->pin_rules->tries_left = tries_left;
}

/* --- what a token is ----------------------------------------------------------------------- */

static const CK_TOKEN_INFO nothing_known = {
	.ulMaxSessionCount = CK_EFFECTIVELY_INFINITE,
	.ulMaxRwSessionCount = CK_EFFECTIVELY_INFINITE,
	.ulTotalPublicMemory = CK_UNAVAILABLE_INFORMATION,
	.ulFreePublicMemory = CK_UNAVAILABLE_INFORMATION,
	.ulTotalPrivateMemory = CK_UNAVAILABLE_INFORMATION,
	.ulFreePrivateMemory = CK_UNAVAILABLE_INFORMATION,
};

/* Held. What all tokens have in common. */
static void describe(const struct p11_slot *slot, CK_TOKEN_INFO *ret_info)
{
	*ret_info = nothing_known;
	ret_info->flags = CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED |
			  CKF_PROTECTED_AUTHENTICATION_PATH | CKF_RNG;
	ret_info->ulSessionCount = p11_session_count(slot->id, false);
	ret_info->ulRwSessionCount = p11_session_count(slot->id, true);
	ret_info->ulMinPinLen = PIN_MIN;
	ret_info->ulMaxPinLen = PIN_MAX;
	p11_text_pad(ret_info->manufacturerID, sizeof(ret_info->manufacturerID), "keycask");
	p11_text_pad(ret_info->utcTime, sizeof(ret_info->utcTime), "");
}

static void describe_pin(const struct p11_pin_rules *rules, CK_TOKEN_INFO *info)
{
	info->ulMinPinLen = rules->min_len;
	info->ulMaxPinLen = rules->max_len;
	if (rules->needs_pin)
		info->flags |= CKF_LOGIN_REQUIRED;
	if (rules->tries_left == 0)
		info->flags |= CKF_USER_PIN_LOCKED;
	if (rules->tries_left == 1)
		info->flags |= CKF_USER_PIN_FINAL_TRY;
	if (rules->tries_left > 0 && rules->tries_left <= FEW_TRIES)
		info->flags |= CKF_USER_PIN_COUNT_LOW;
}

/* 3.0, 3.3: 16 characters. The last of a long number are those that differ. */
static const char *serial_of(const char *token_id)
{
	const char *instance = strchr(token_id, ':');
	const char *serial = instance ? instance + 1 : token_id;
	size_t len = strlen(serial);

	return len > SERIAL_BYTES ? serial + len - SERIAL_BYTES : serial;
}

/* Held. */
static void describe_token(const struct p11_slot *slot, CK_TOKEN_INFO *ret_info)
{
	const char *model = slot->model ? slot->model : "token";

	describe(slot, ret_info);
	describe_pin(slot->pin_rules, ret_info);
	p11_text_pad(ret_info->label, sizeof(ret_info->label), slot->label ? slot->label : model);
	p11_text_pad(ret_info->model, sizeof(ret_info->model), model);
	p11_text_pad(ret_info->serialNumber, sizeof(ret_info->serialNumber),
		     serial_of(slot->token_id));
}

/* Held. Keep @rules with @slot, if nobody was faster. */
static CK_RV keep_rules(struct p11_slot *slot, const struct p11_pin_rules *rules)
{
	if (!slot->pin_rules)
		slot->pin_rules = malloc(sizeof(*rules));
	if (!slot->pin_rules)
		return CKR_HOST_MEMORY;
	*slot->pin_rules = *rules;
	return CKR_OK;
}

static CK_RV tell_of_token(CK_SLOT_ID id, const char *token_id, CK_TOKEN_INFO *ret_info)
{
	struct p11_pin_rules rules = {0};
	struct p11_slot *slot = NULL;
	CK_RV result = ask_for_rules(token_id, &rules);

	if (result == CKR_OK)
		result = p11_module_enter();
	if (result != CKR_OK)
		return result;
	slot = p11_slot_find(id);
	result = slot && slot->is_present ? keep_rules(slot, &rules) : CKR_TOKEN_NOT_PRESENT;
	if (result == CKR_OK)
		describe_token(slot, ret_info);
	p11_module_leave();
	return result;
}

/* Held. What is known already; else what is to be asked for: *ret_token_id. */
static CK_RV tell_what_is_known(CK_SLOT_ID id, CK_TOKEN_INFO *ret_info, char **ret_token_id)
{
	const struct p11_slot *slot = p11_slot_find(id);

	if (!slot)
		return CKR_SLOT_ID_INVALID;
	if (!slot->is_present)
		return CKR_TOKEN_NOT_PRESENT;
	if (id == P11_SLOT_KEYCHAIN)
		describe(slot, ret_info);
	else if (slot->pin_rules)
		describe_token(slot, ret_info);
	else if (copy_text(slot->token_id, ret_token_id) != KC_OK)
		return CKR_HOST_MEMORY;
	return CKR_OK;
}

/* --- the keychain -------------------------------------------------------------------------- */

static CK_RV tell_of_keychain(CK_TOKEN_INFO *info)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *state = NULL;
	const char *name = NULL;

	if (kc_keychain_state(&state) != KC_OK)
		return CKR_TOKEN_NOT_PRESENT;
	name = kc_dictionary_text(state, KC_KEYCHAIN_STATE);
	if (name && strcmp(name, KC_KEYCHAIN_UNLOCKED) != 0)
		info->flags |= CKF_LOGIN_REQUIRED;
	if (kc_dictionary_flag(state, KC_KEYCHAIN_IS_READ_ONLY, false))
		info->flags |= CKF_WRITE_PROTECTED;
	p11_text_pad(info->label, sizeof(info->label), "keycask");
	p11_text_pad(info->model, sizeof(info->model), "keychain");
	p11_text_pad(info->serialNumber, sizeof(info->serialNumber), "keychain");
	return CKR_OK;
}

CK_RV C_GetTokenInfo(CK_SLOT_ID id, CK_TOKEN_INFO *info)
{
	CLEANUP(freep) char *token_id = NULL;
	CK_TOKEN_INFO found = {0};
	CK_RV result = CKR_OK;

	if (!info)
		return CKR_ARGUMENTS_BAD;
	result = p11_event_look();
	if (result == CKR_OK)
		result = p11_module_enter();
	if (result != CKR_OK)
		return result;
	result = tell_what_is_known(id, &found, &token_id);
	p11_module_leave();
	if (result == CKR_OK && id == P11_SLOT_KEYCHAIN)
		result = tell_of_keychain(&found);
	else if (result == CKR_OK && token_id)
		result = tell_of_token(id, token_id, &found);
	if (result == CKR_OK)
		*info = found;
	return result;
}
