/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keys that are brought: Yubico's IMPORT ASYMMETRIC KEY, FE, which other makers' cards know too; SP
 * 800-73 has no such command. RSA keys go there as p, q, d mod p-1, d mod q-1 and the inverse of q,
 * each half as long as the modulus; EC keys as their number.
 */
#include "drivers/piv/piv.h"

#include "base/cleanup.h"
#include "base/try.h"
#include "codec/tlv.h"

enum {
	INS_IMPORT_KEY = 0xFE,
	TAG_RSA_FIRST = 0x01, /* p, q, dp, dq, qinv: 01 to 05 */
	TAG_EC = 0x06,
	COMMAND_MAX = 5 * (4096 / 16 + 4),
};

/* There is no harmless way to ask for FE alone; who has it says which version it is. */
enum kc_status piv_check_takes_keys(struct kc_token *token)
{
	uint32_t version = 0;

	TRY(piv_read_version(token, &version));
	if (version == 0)
		error_set_hint("it makes keys itself: keycask key create --token");
	REQUIRE(version != 0, KC_ERR_NOT_IMPLEMENTED,
		"this card takes no keys from elsewhere: PIV has no command for it");
	return KC_OK;
}

/* With zeros in front, as long as a card wants it. */
static enum kc_status put_number(uint32_t tag, struct kc_view number, size_t width,
				 struct bytes *data)
{
	REQUIRE(number.len <= width, KC_ERR_BAD_PARAMETER,
		"a key whose primes are not of the same size");
	TRY(tlv_put_header(data, tag, width));
	for (size_t i = number.len; i < width; i++)
		TRY(bytes_append_byte(data, 0));
	return bytes_append(data, number);
}

static enum kc_status put_key(const struct kc_private_key *key, struct bytes *data)
{
	const struct kc_view numbers[] = {key->prime1, key->prime2, key->exponent1, key->exponent2,
					  key->coefficient};
	const size_t width = key->size_in_bits / 16;

	if (key->type == KC_KEY_TYPE_EC)
		return tlv_put(data, TAG_EC, key->scalar);
	for (uint32_t i = 0; i < ARRAY_LEN(numbers); i++)
		TRY(put_number(TAG_RSA_FIRST + i, numbers[i], width, data));
	return KC_OK;
}

/* SP 800-78-5 table 8, and what cards compute with: 65537. */
static enum kc_status check_exponent(const struct kc_private_key *key)
{
	static const uint8_t usual[] = {0x01, 0x00, 0x01};

	REQUIRE(key->type != KC_KEY_TYPE_RSA || view_equal(key->public_exponent, VIEW_OF(usual)),
		KC_ERR_BAD_PARAMETER, "PIV cards take rsa keys with the exponent 65537 alone");
	return KC_OK;
}

static enum kc_status transmit(struct kc_token *token, uint8_t slot, uint8_t algorithm,
			       struct kc_view data)
{
	const struct kc_apdu apdu = {
		.ins = INS_IMPORT_KEY, .p1 = algorithm, .p2 = slot, .data = data};
	enum kc_status status = piv_command(token, &apdu, "importing the key", NULL);
	uint16_t sw = (uint16_t)error_get()->sw;

	if (status != KC_ERR_BAD_PARAMETER)
		return status;
	error_clear();
	return kc_token_fail(token, KC_ERR_KEY_SIZE_NOT_ALLOWED, sw,
			     "the card takes no keys of this type and size in %02X", slot);
}

/* The card answers nothing: what it has now is what was sent. */
static enum kc_status describe(const struct kc_private_key *key, uint8_t slot, uint8_t algorithm,
			       enum kc_constraint constraint, struct piv_key *ret_key)
{
	struct piv_key made = {.slot = slot,
			       .algorithm = algorithm,
			       .type = key->type,
			       .size_in_bits = key->size_in_bits,
			       .constraint = constraint};

	REQUIRE(key->public_key.len <= sizeof(made.public_key), KC_ERR_BAD_PARAMETER,
		"a public key of %zu bytes", key->public_key.len);
	memcpy(made.public_key, key->public_key.data, key->public_key.len);
	made.public_key_len = key->public_key.len;
	*ret_key = made;
	return KC_OK;
}

/* A certificate of this very key stays. */
static enum kc_status make_room(struct kc_token *token, const struct piv_place *place,
				const struct kc_private_key *key)
{
	const struct piv_key *known = piv_find_slot(kc_token_state(token), place->slot);

	if (known && view_equal(view_of(known->public_key, known->public_key_len), key->public_key))
		return KC_OK;
	return piv_make_room(token, place);
}

enum kc_status piv_import_key(struct kc_token *token, const struct kc_key_wish *wish,
			      const struct kc_private_key *key, struct kc_view object_id,
			      struct kc_contents *made)
{
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(COMMAND_MAX); /* wiped */
	struct piv_place place = {.slot = 0};
	struct piv_key known = {.slot = 0};
	uint8_t algorithm = 0;
	unsigned number = 0;

	TRY(piv_choose_algorithm(wish, &algorithm));
	TRY(check_exponent(key));
	REQUIRE(piv_find_place(object_id.data[0], &place, &number), KC_ERR_BAD_PARAMETER,
		"no place %02X", object_id.data[0]);
	TRY(put_key(key, &data));
	TRY(describe(key, place.slot, algorithm, place.constraint, &known));
	TRY(make_room(token, &place, key));
	TRY(transmit(token, place.slot, algorithm, bytes_view(&data)));
	return piv_add_new(token, &known, made);
}
