/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * GENERATE ASYMMETRIC KEY PAIR, SP 800-73-5 part 2, 3.3.2. A card that tells of its keys only by
 * certificates will not tell of this one: it is kept here for as long as the card stays, and the
 * certificate of a key that is lost by it goes too, or it would be taken for the new one's.
 */
#include "drivers/piv/piv.h"

#include "base/cleanup.h"
#include "base/try.h"
#include "codec/tlv.h"

enum {
	INS_GENERATE = 0x47,
	TAG_CONTROL = 0xAC,
	TAG_MECHANISM = 0x80,
	TAG_PUBLIC_KEY = 0x7F49,
};

struct piv_key *piv_find_made(struct piv_state *state, uint8_t slot)
{
	for (size_t i = 0; i < state->n_made; i++) {
		if (state->made[i].slot == slot)
			return &state->made[i];
	}
	return NULL;
}

static enum kc_status keep_made(struct piv_state *state, const struct piv_key *key)
{
	struct piv_key *place = piv_find_made(state, key->slot);

	if (!place) {
		REQUIRE(state->n_made < PIV_KEYS_MAX, KC_ERR_INTERNAL, "more keys than places");
		place = &state->made[state->n_made++];
	}
	*place = *key;
	return KC_OK;
}

/* Which sizes there are beyond SP 800-78 is the card's own affair: 6A80 or 6A86. */
static enum kc_status transmit(struct kc_token *token, uint8_t slot, uint8_t algorithm,
			       struct kc_bytes *ret_answer)
{
	const uint8_t control[] = {TAG_CONTROL, 3, TAG_MECHANISM, 1, algorithm};
	const struct kc_apdu apdu = {
		.ins = INS_GENERATE, .p2 = slot, .data = VIEW_OF(control), .le = PIV_LE_ALL};
	enum kc_status status = piv_command(token, &apdu, "making a key", ret_answer);
	uint16_t sw = (uint16_t)error_get()->sw;

	if (status == KC_ERR_AUTHENTICATION_NEEDED) {
		error_clear();
		return kc_token_fail(token, status, sw, "the card wants its management key");
	}
	if (status != KC_ERR_BAD_PARAMETER)
		return status;
	error_clear();
	return kc_token_fail(token, KC_ERR_KEY_SIZE_NOT_ALLOWED, sw,
			     "the card does not make keys of this type and size in %02X", slot);
}

/* Before the key, so that a card that is pulled in between has a key too few and no lie. */
enum kc_status piv_make_room(struct kc_token *token, const struct piv_place *place)
{
	const struct piv_state *state = kc_token_state(token);

	if (state->has_metadata || !piv_find_slot(kc_token_state(token), place->slot))
		return KC_OK;
	return piv_delete_certificate(token, place, "the certificate of the key that was there");
}

static enum kc_status add_made(struct kc_contents *contents, const struct piv_key *key)
{
	struct piv_place place = {.slot = 0};
	struct piv_publication publication = {.place = &place, .key = key};

	REQUIRE(piv_find_place(key->slot, &place, &publication.number), KC_ERR_INTERNAL,
		"no place %02X", key->slot);
	return piv_add_key(contents, &publication);
}

enum kc_status piv_add_new(struct kc_token *token, const struct piv_key *key,
			   struct kc_contents *made)
{
	TRY(keep_made(kc_token_state(token), key));
	return add_made(made, key);
}

static enum kc_status read_answer(const struct kc_bytes *answer, uint8_t algorithm,
				  struct piv_key *key)
{
	struct kc_view records = {NULL, 0};
	enum kc_status status = tlv_find(piv_view(answer), TAG_PUBLIC_KEY, &records);

	if (status == KC_OK)
		status = piv_read_public_records(records, algorithm, key);
	if (status != KC_ERR_OBJECT_NOT_FOUND)
		return status;
	error_clear();
	return fail(KC_ERR_CORRUPTED_DATA, "the card does not tell which key it has made");
}

enum kc_status piv_generate(struct kc_token *token, const struct kc_key_wish *wish,
			    struct kc_view object_id, struct kc_contents *made)
{
	CLEANUP(piv_bytes_done) struct kc_bytes answer = {NULL, 0};
	struct piv_place place = {.slot = 0};
	struct piv_key key = {.slot = object_id.data[0]};
	uint8_t algorithm = 0;
	unsigned number = 0;

	TRY(piv_choose_algorithm(wish, &algorithm));
	REQUIRE(piv_find_place(key.slot, &place, &number), KC_ERR_BAD_PARAMETER, "no place %02X",
		key.slot);
	key.constraint = place.constraint;
	TRY(piv_make_room(token, &place));
	TRY(transmit(token, key.slot, algorithm, &answer));
	TRY(read_answer(&answer, algorithm, &key));
	return piv_add_new(token, &key, made);
}

enum kc_status piv_add_made(struct kc_token *token, struct kc_contents *contents,
			    bool *ret_has_added)
{
	struct piv_state *state = kc_token_state(token);

	for (size_t i = 0; i < state->n_made && !state->has_metadata; i++) {
		const struct piv_key *key = &state->made[i];

		if (piv_find_slot(state, key->slot))
			continue;
		REQUIRE(state->n_keys < PIV_KEYS_MAX, KC_ERR_INTERNAL, "more keys than places");
		TRY(add_made(contents, key));
		state->keys[state->n_keys++] = *key;
		*ret_has_added = true;
	}
	return KC_OK;
}
