/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The private keys of a token are asked what they would try, which touches no card. What comes of
 * it stays with the slot until another token, or the same one with other keys, is in it. When
 * nobody can be asked, everything is said to be possible: a token refuses by itself what it cannot
 * do.
 */
#include "frontends/pkcs11/p11_ability.h"

#include <stdlib.h>
#include <string.h>

#include <keycask/item.h>
#include <keycask/key.h>

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

static bool can(const struct kc_value *item, const struct probe *probe)
{
	CLEANUP(kc_key_freep) struct kc_key *key = NULL;
	bool is_supported = true;

	if (kc_key_from_item(item, &key) != KC_OK)
		return true;
	if (kc_key_is_algorithm_supported(key, probe->operation, probe->algorithm, &is_supported) !=
	    KC_OK)
		return true;
	return is_supported;
}

static bool is_of_type(const struct kc_value *item, const char *key_type)
{
	const char *type = kc_dictionary_text(kc_value_dictionary(item), KC_ATTR_KEY_TYPE);

	return type && strcmp(type, key_type) == 0;
}

static bool is_lacking(const struct kc_value *keys, const struct probe *probe)
{
	bool has_keys = false;

	for (size_t i = 0; i < kc_value_count(keys); i++) {
		const struct kc_value *key = kc_value_at(keys, i);

		if (!is_of_type(key, probe->key_type))
			continue;
		if (can(key, probe))
			return false;
		has_keys = true;
	}
	return has_keys;
}

static unsigned ask(const char *token_id)
{
	CLEANUP(kc_dictionary_freep)
	struct kc_dictionary *query =
		KC_DICTIONARY({KC_CLASS, KC_TEXT(KC_CLASS_KEY)},
			      {KC_ATTR_KEY_CLASS, KC_TEXT(KC_KEY_CLASS_PRIVATE)},
			      {KC_ATTR_TOKEN_ID, KC_TEXT(token_id)},
			      {KC_MATCH_LIMIT, KC_TEXT(KC_MATCH_LIMIT_ALL)},
			      {KC_RETURN_ATTRIBUTES, KC_TRUE}, {KC_RETURN_PERSISTENT_REF, KC_TRUE});
	CLEANUP(kc_value_freep) struct kc_value *keys = NULL;
	unsigned lacking = 0;

	if (kc_item_copy_matching(query, &keys) != KC_OK)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(probes); i++)
		if (is_lacking(keys, &probes[i]))
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
