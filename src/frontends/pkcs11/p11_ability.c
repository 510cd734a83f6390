/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The daemon is asked once what the private keys of a token perform, which touches no card. What
 * comes of it stays with the slot until another token, or the same one with other keys, is in it.
 * When nobody can be asked, everything is said to be possible: a token refuses by itself what it
 * cannot do.
 */
#include "frontends/pkcs11/p11_ability.h"

#include <stdlib.h>
#include <string.h>

#include <keycask/names.h>
#include <keycask/token.h>

#include "base/cleanup.h"
#include "frontends/owned.h"
#include "frontends/pkcs11/p11_event.h"
#include "frontends/pkcs11/p11_module.h"
#include "frontends/pkcs11/p11_slot.h"

/* What to ask keys of @key_type, and the flags that go when all of them say no. */
static const struct probe {
	enum p11_scheme scheme;
	CK_FLAGS flags;
	const char *key_type;
	const char *operation;
	const char *algorithm;
} probes[] = {
	{P11_RSA_PKCS1, CKF_SIGN | CKF_SIGN_RECOVER, KC_KEY_TYPE_NAME_RSA, KC_OPERATION_SIGN,
	 KC_ALGORITHM_RSA_SIGNATURE_DIGEST_PKCS1V15_RAW},
	{P11_RSA_PKCS1, CKF_DECRYPT | CKF_UNWRAP, KC_KEY_TYPE_NAME_RSA, KC_OPERATION_DECRYPT,
	 KC_ALGORITHM_RSA_ENCRYPTION_PKCS1},
	{P11_RSA_RAW, CKF_SIGN | CKF_SIGN_RECOVER, KC_KEY_TYPE_NAME_RSA, KC_OPERATION_SIGN,
	 KC_ALGORITHM_RSA_SIGNATURE_RAW},
	{P11_RSA_RAW, CKF_DECRYPT, KC_KEY_TYPE_NAME_RSA, KC_OPERATION_DECRYPT,
	 KC_ALGORITHM_RSA_ENCRYPTION_RAW},
	{P11_RSA_PSS, CKF_SIGN, KC_KEY_TYPE_NAME_RSA, KC_OPERATION_SIGN,
	 KC_ALGORITHM_RSA_SIGNATURE_DIGEST_PSS_SHA256},
	{P11_RSA_OAEP, CKF_DECRYPT | CKF_UNWRAP, KC_KEY_TYPE_NAME_RSA, KC_OPERATION_DECRYPT,
	 KC_ALGORITHM_RSA_ENCRYPTION_OAEP_SHA1},
	{P11_ECDSA, CKF_SIGN, KC_KEY_TYPE_NAME_EC, KC_OPERATION_SIGN,
	 KC_ALGORITHM_ECDSA_SIGNATURE_DIGEST_RFC4754},
	{P11_ECDH, CKF_DERIVE, KC_KEY_TYPE_NAME_EC, KC_OPERATION_EXCHANGE,
	 KC_ALGORITHM_ECDH_KEY_EXCHANGE_STANDARD},
	{P11_EDDSA, CKF_SIGN, KC_KEY_TYPE_NAME_ED25519, KC_OPERATION_SIGN,
	 KC_ALGORITHM_EDDSA_SIGNATURE_MESSAGE_ED25519},
};

static const CK_FLAGS private_flags =
	CKF_SIGN | CKF_SIGN_RECOVER | CKF_DECRYPT | CKF_UNWRAP | CKF_DERIVE | CKF_GENERATE_KEY_PAIR;

/* --- asking ------------------------------------------------------------------------------- */

static bool has(const struct kc_value *names, const char *name)
{
	for (size_t i = 0; i < kc_value_count(names); i++) {
		const char *other = kc_value_text(kc_value_at(names, i));

		if (other && strcmp(other, name) == 0)
			return true;
	}
	return false;
}

static bool is_lacking(const struct kc_value *types, const struct probe *probe)
{
	for (size_t i = 0; i < kc_value_count(types); i++) {
		const struct kc_dictionary *type = kc_value_dictionary(kc_value_at(types, i));
		const char *key_type = kc_dictionary_text(type, KC_ATTR_KEY_TYPE);

		if (key_type && strcmp(key_type, probe->key_type) == 0)
			return !has(kc_dictionary_get(type, probe->operation), probe->algorithm);
	}
	return false;
}

static unsigned ask(const char *token_id)
{
	CLEANUP(kc_value_freep) struct kc_value *types = NULL;
	unsigned lacking = 0;

	if (kc_token_copy_algorithms(token_id, &types) != KC_OK)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(probes); i++)
		if (is_lacking(types, &probes[i]))
			lacking |= 1U << i;
	return lacking;
}

/* --- what is known ------------------------------------------------------------------------ */

/* Within p11_module_enter(). NULL in *ret_token_id: it is known already, or there is no token. */
static CK_RV look(CK_SLOT_ID id, struct p11_ability *ret_ability, unsigned *ret_state,
		  char **ret_token_id)
{
	const struct p11_slot *slot = p11_slot_find(id);

	if (!slot)
		return CKR_SLOT_ID_INVALID;
	if (!slot->is_present)
		return CKR_TOKEN_NOT_PRESENT;
	*ret_ability = (struct p11_ability){slot->token_id != NULL, slot->lacking};
	*ret_state = slot->n_insertions;
	if (!slot->token_id || slot->n_asked == slot->n_insertions + 1)
		return CKR_OK;
	*ret_token_id = strdup(slot->token_id);
	return *ret_token_id ? CKR_OK : CKR_HOST_MEMORY;
}

static void note(CK_SLOT_ID id, unsigned state, unsigned lacking)
{
	struct p11_slot *slot = NULL;

	if (p11_module_enter() != CKR_OK)
		return;
	slot = p11_slot_find(id);
	if (slot) {
		slot->lacking = lacking;
		slot->n_asked = state + 1;
	}
	p11_module_leave();
}

CK_RV p11_ability_find(CK_SLOT_ID slot, struct p11_ability *ret_ability)
{
	CLEANUP(freep) char *token_id = NULL;
	unsigned state = 0;
	CK_RV result = p11_event_look();

	if (result == CKR_OK)
		result = p11_module_enter();
	if (result != CKR_OK)
		return result;
	result = look(slot, ret_ability, &state, &token_id);
	p11_module_leave();
	if (result != CKR_OK || !token_id)
		return result;
	ret_ability->lacking = ask(token_id);
	note(slot, state, ret_ability->lacking);
	return CKR_OK;
}

/* What public keys do alone is no reason to list a mechanism: nobody asks a token for that. */
CK_FLAGS p11_ability_flags(const struct p11_ability *ability, const struct p11_mechanism *mechanism)
{
	CK_FLAGS flags = mechanism->flags;

	for (size_t i = 0; i < ARRAY_LEN(probes); i++)
		if ((ability->lacking & 1U << i) && probes[i].scheme == mechanism->scheme)
			flags &= ~probes[i].flags;
	if ((mechanism->flags & private_flags) && !(flags & private_flags))
		return 0;
	return ability->is_hardware && (flags & private_flags) ? flags | CKF_HW : flags;
}
