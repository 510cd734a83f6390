/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keys come into the OpenPGP application: OpenPGP card 3.4, 7.2.14 GENERATE ASYMMETRIC KEY PAIR,
 * which also reads public keys, and 4.4.3.12, the extended header list of an import. That list has
 * the lengths of the parts in one record and the parts, one behind the other, in the next.
 */
#include "vcard/openpgp_keys.h"

#include "base/try.h"
#include "codec/tlv.h"
#include "vcard/key_material.h"
#include "vcard/rsa_parts.h"

enum {
	P1_GENERATE = 0x80,
	P1_READ = 0x81,
	P1_P2_IMPORT = 0x3FFF,
	TAG_KEY_REFERENCE = 0x84,
	TAG_PUBLIC_KEY = 0x7F49,
	TAG_HEADER_LIST = 0x4D,
	TAG_LENGTHS = 0x7F48,
	TAG_PARTS = 0x5F48,
	PART_FIRST = 0x91,
	PART_RSA_EXPONENT = 0x91,
	PART_RSA_P = 0x92,
	PART_RSA_Q = 0x93,
	PART_EC_PRIVATE = 0x92,
	N_PARTS = 9, /* 91 to 99 */
	X25519_BYTES = 32,
	PUBLIC_KEY_MAX = 600,
};

/* B6, B8 or A4, empty or with the reference of that very key; else OPENPGP_N_KEYS. */
static size_t find_key(const struct tlv *crt)
{
	size_t index = openpgp_slot_by_crt(crt->tag);
	struct kc_view reference = {0};

	if (index == OPENPGP_N_KEYS || crt->value.len == 0)
		return index;
	if (!tlv_has(crt->value, TAG_KEY_REFERENCE, &reference) || reference.len != 1 ||
	    reference.data[0] != openpgp_slot_at(index)->reference)
		return OPENPGP_N_KEYS;
	return index;
}

static uint16_t put_public_key(const struct openpgp_key *key, struct bytes *answer)
{
	CLEANUP(bytes_done) struct bytes parts = BYTES_INIT(PUBLIC_KEY_MAX);

	if (!key->pkey)
		return SW_NO_REFERENCE;
	if (key_material_put_public(key->pkey, &parts) != KC_OK ||
	    tlv_put(answer, TAG_PUBLIC_KEY, bytes_view(&parts)) != KC_OK)
		return SW_INTERNAL;
	return SW_OK;
}

static uint16_t make_key(struct card *card, size_t index)
{
	struct openpgp_state *state = &card->state.openpgp;
	EVP_PKEY *pkey = NULL;

	if (!card->session.openpgp.is_admin_verified)
		return SW_NOT_AUTHENTICATED;
	if (key_material_generate(state->keys[index].type, &pkey) != KC_OK)
		return SW_INTERNAL;
	openpgp_state_put_key(state, index, pkey, OPENPGP_KEY_GENERATED);
	card->is_changed = true;
	return SW_OK;
}

uint16_t openpgp_keys_generate(struct card *card, const struct apdu_command *command,
			       struct bytes *answer)
{
	struct kc_view data = command->data;
	struct tlv crt = {0};
	size_t index = 0;
	uint16_t sw = SW_OK;

	if ((command->p1 != P1_GENERATE && command->p1 != P1_READ) || command->p2 != 0)
		return SW_WRONG_P1P2;
	if (data.len == 0 || tlv_read(&data, &crt) != KC_OK)
		return SW_WRONG_DATA;
	index = find_key(&crt);
	if (index == OPENPGP_N_KEYS)
		return SW_NO_REFERENCE;
	if (command->p1 == P1_GENERATE)
		sw = make_key(card, index);
	return sw == SW_OK ? put_public_key(&card->state.openpgp.keys[index], answer) : sw;
}

/* --- import --- */

/* Deal out the bytes of @values to the parts that @lengths names. */
static enum kc_status deal_parts(struct kc_view lengths, struct kc_view values,
				 struct kc_view parts[N_PARTS])
{
	while (lengths.len > 0) {
		uint32_t tag = 0;
		size_t len = 0;

		TRY(tlv_read_header(&lengths, &tag, &len));
		REQUIRE(tag - PART_FIRST < N_PARTS && len <= values.len, KC_ERR_PARAM,
			"no such part of a key");
		parts[tag - PART_FIRST] = view_slice(values, 0, len);
		values = view_slice(values, len, values.len);
	}
	return KC_OK;
}

static enum kc_status read_header_list(struct kc_view data, size_t *ret_index,
				       struct kc_view parts[N_PARTS])
{
	struct kc_view list = {0};
	struct kc_view lengths = {0};
	struct kc_view values = {0};
	struct tlv crt = {0};

	TRY(tlv_find(data, TAG_HEADER_LIST, &list));
	TRY(tlv_read(&list, &crt));
	TRY(tlv_find(list, TAG_LENGTHS, &lengths));
	TRY(tlv_find(list, TAG_PARTS, &values));
	*ret_index = find_key(&crt);
	REQUIRE(*ret_index < OPENPGP_N_KEYS, KC_ERR_PARAM, "no such key");
	return deal_parts(lengths, values, parts);
}

/* The number of an X25519 key as GnuPG sends it, the highest byte first; RFC 7748 has the lowest.
 */
static enum kc_status from_number(const struct key_type *type, struct kc_view number,
				  EVP_PKEY **ret_pkey)
{
	CLEANUP(bytes_done) struct bytes raw = BYTES_INIT(X25519_BYTES); /* wiped */

	REQUIRE(number.len > 0 && number.len <= X25519_BYTES, KC_ERR_PARAM,
		"a key of another size than %s", type->name);
	for (size_t i = 0; i < X25519_BYTES; i++)
		TRY(bytes_append_byte(&raw, i < number.len ? number.data[number.len - 1 - i] : 0));
	return key_material_from_scalar(type, bytes_view(&raw), ret_pkey);
}

static enum kc_status assemble(const struct key_type *type, const struct kc_view parts[N_PARTS],
			       EVP_PKEY **ret_pkey)
{
	const struct rsa_parts rsa = {
		.e = parts[PART_RSA_EXPONENT - PART_FIRST],
		.p = parts[PART_RSA_P - PART_FIRST],
		.q = parts[PART_RSA_Q - PART_FIRST],
	};

	if (type->family == KEY_RSA)
		return rsa_parts_assemble(type, &rsa, ret_pkey);
	if (type->family == KEY_MONTGOMERY)
		return from_number(type, parts[PART_EC_PRIVATE - PART_FIRST], ret_pkey);
	return key_material_from_scalar(type, parts[PART_EC_PRIVATE - PART_FIRST], ret_pkey);
}

uint16_t openpgp_keys_import(struct card *card, const struct apdu_command *command,
			     struct bytes *answer)
{
	struct kc_view parts[N_PARTS] = {0};
	EVP_PKEY *pkey = NULL;
	size_t index = 0;

	(void)answer;
	if ((command->p1 << 8 | command->p2) != P1_P2_IMPORT)
		return SW_WRONG_P1P2;
	if (!card->session.openpgp.is_admin_verified)
		return SW_NOT_AUTHENTICATED;
	if (read_header_list(command->data, &index, parts) != KC_OK ||
	    assemble(card->state.openpgp.keys[index].type, parts, &pkey) != KC_OK)
		return SW_WRONG_DATA;
	openpgp_state_put_key(&card->state.openpgp, index, pkey, OPENPGP_KEY_IMPORTED);
	card->is_changed = true;
	return SW_OK;
}
