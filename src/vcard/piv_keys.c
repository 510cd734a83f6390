/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keys put into slots: SP 800-73-5 part 2, 3.3.1 GENERATE ASYMMETRIC KEY PAIR, and Yubico's
 * IMPORT ASYMMETRIC KEY. Both take Yubico's PIN and touch policy (AA, AB).
 */
#include "vcard/piv_keys.h"

#include "base/try.h"
#include "codec/tlv.h"
#include "vcard/key_material.h"
#include "vcard/rsa_parts.h"

enum {
	TAG_CONTROL = 0xAC,
	TAG_MECHANISM = 0x80,
	TAG_PUBLIC_KEY = 0x7F49,
	TAG_RSA_P = 0x01,
	TAG_RSA_Q = 0x02,
	TAG_RSA_DP = 0x03,
	TAG_RSA_DQ = 0x04,
	TAG_EC_SCALAR = 0x06,
	PUBLIC_KEY_MAX = 600,
};

/* A record of one byte; 0 when it is absent. */
static enum kc_status read_policy(struct kc_view data, uint32_t tag, uint8_t max,
				  uint8_t *ret_policy)
{
	struct kc_view value = {0};

	if (!tlv_has(data, tag, &value))
		return KC_OK;
	REQUIRE(value.len == 1 && value.data[0] <= max, KC_ERR_PARAM, "no such policy");
	*ret_policy = value.data[0];
	return KC_OK;
}

static enum kc_status read_policies(struct kc_view data, const struct piv_slot *slot,
				    struct card_key *key)
{
	TRY(read_policy(data, PIV_TAG_PIN_POLICY, PIV_PIN_ALWAYS, &key->pin_policy));
	TRY(read_policy(data, PIV_TAG_TOUCH_POLICY, PIV_TOUCH_CACHED, &key->touch_policy));
	if (key->pin_policy == PIV_PIN_DEFAULT)
		key->pin_policy = slot->default_pin_policy;
	if (key->touch_policy == PIV_TOUCH_DEFAULT)
		key->touch_policy = PIV_TOUCH_NEVER;
	return KC_OK;
}

/* SP 800-73-5 part 2 table 10: AC holds the mechanism and, perhaps, an RSA exponent. */
static enum kc_status read_control(struct kc_view data, const struct piv_slot *slot,
				   struct card_key *ret_key)
{
	struct card_key key = {.origin = PIV_GENERATED};
	struct kc_view control = {0};
	struct kc_view mechanism = {0};

	TRY(tlv_find(data, TAG_CONTROL, &control));
	TRY(tlv_find(control, TAG_MECHANISM, &mechanism));
	REQUIRE(mechanism.len == 1, KC_ERR_PARAM, "no mechanism");
	key.algorithm = piv_algorithm_find(mechanism.data[0]);
	REQUIRE(key.algorithm, KC_ERR_PARAM, "no such mechanism");
	TRY(read_policies(control, slot, &key));
	*ret_key = key;
	return KC_OK;
}

static enum kc_status put_public_key(const struct card_key *key, struct bytes *answer)
{
	CLEANUP(bytes_done) struct bytes parts = BYTES_INIT(PUBLIC_KEY_MAX);

	TRY(key_material_put_public(key->pkey, &parts));
	return tlv_put(answer, TAG_PUBLIC_KEY, bytes_view(&parts));
}

uint16_t piv_keys_generate(struct card *card, const struct apdu_command *command,
			   struct bytes *answer)
{
	const struct piv_slot *slot = piv_slot_find(command->p2);
	struct card_key key = {0};

	if (command->p1 != 0 || !slot)
		return SW_WRONG_P1P2;
	if (!card->session.is_management_verified)
		return SW_NOT_AUTHENTICATED;
	if (read_control(command->data, slot, &key) != KC_OK)
		return SW_WRONG_DATA;
	if (key_material_generate(key.algorithm->type, &key.pkey) != KC_OK)
		return SW_INTERNAL;
	if (put_public_key(&key, answer) != KC_OK) {
		key_material_freep(&key.pkey);
		return SW_INTERNAL;
	}
	card_state_put_key(&card->state, slot->reference, &key);
	card->is_changed = true;
	return SW_OK;
}

static enum kc_status read_rsa(struct kc_view data, struct card_key *key)
{
	struct rsa_parts parts = {0};

	TRY(tlv_find(data, TAG_RSA_P, &parts.p));
	TRY(tlv_find(data, TAG_RSA_Q, &parts.q));
	TRY(tlv_find(data, TAG_RSA_DP, &parts.dp));
	TRY(tlv_find(data, TAG_RSA_DQ, &parts.dq));
	return rsa_parts_assemble(key->algorithm->type, &parts, &key->pkey);
}

static enum kc_status read_ec(struct kc_view data, struct card_key *key)
{
	struct kc_view scalar = {0};

	TRY(tlv_find(data, TAG_EC_SCALAR, &scalar));
	return key_material_from_scalar(key->algorithm->type, scalar, &key->pkey);
}

uint16_t piv_keys_import(struct card *card, const struct apdu_command *command,
			 struct bytes *answer)
{
	const struct piv_slot *slot = piv_slot_find(command->p2);
	struct card_key key = {
		.origin = PIV_IMPORTED,
		.algorithm = piv_algorithm_find(command->p1),
	};

	(void)answer;
	if (!key.algorithm || !slot)
		return SW_WRONG_P1P2;
	if (!card->session.is_management_verified)
		return SW_NOT_AUTHENTICATED;
	if (read_policies(command->data, slot, &key) != KC_OK ||
	    (key.algorithm->type->curve ? read_ec : read_rsa)(command->data, &key) != KC_OK)
		return SW_WRONG_DATA;
	card_state_put_key(&card->state, slot->reference, &key);
	card->is_changed = true;
	return SW_OK;
}
