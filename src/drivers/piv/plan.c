/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a new key goes. A place is called by its key reference in hexadecimal: 9a 9c 9d 9e, 82 to
 * 95. Whether it is taken, cards with metadata know; of others we see the certificate, and what we
 * have made ourselves, so that a place of theirs is never surely free.
 */
#include "drivers/piv/piv.h"

#include "base/cleanup.h"
#include "base/try.h"
#include "codec/hex.h"

enum {
	SLOT_RETIRED_FIRST = 0x82,
	SLOT_CARD_AUTHENTICATION = 0x9E,
	EMPTY_OBJECT_BYTES = 2, /* 53 00: some cards say that instead of 6A82 */
	RSA_BITS_USUAL = 2048,
	RSA_BITS_MIN = 2048, /* SP 800-78-5, table 9: 1024 is history */
	EC_BITS_USUAL = 256,
};

bool piv_find_place(uint8_t slot, struct piv_place *ret_place, unsigned *ret_number)
{
	for (size_t i = 0; i < ARRAY_LEN(piv_places); i++) {
		if (piv_places[i].slot == slot) {
			*ret_place = piv_places[i];
			*ret_number = 0;
			return true;
		}
	}
	if (slot < SLOT_RETIRED_FIRST || slot >= SLOT_RETIRED_FIRST + PIV_RETIRED_MAX)
		return false;
	*ret_number = slot - SLOT_RETIRED_FIRST + 1U;
	*ret_place = piv_retired_place(*ret_number);
	return true;
}

bool piv_find_container(struct kc_view tag, struct piv_place *ret_place)
{
	const unsigned n_usual = ARRAY_LEN(piv_places);

	for (unsigned i = 0; i < PIV_KEYS_MAX; i++) {
		struct piv_place place =
			i < n_usual ? piv_places[i] : piv_retired_place(i - n_usual + 1);
		const uint8_t name[PIV_TAG_BYTES] = {(uint8_t)(place.container >> 16),
						     (uint8_t)(place.container >> 8),
						     (uint8_t)place.container};

		if (view_equal(tag, VIEW_OF(name))) {
			*ret_place = place;
			return true;
		}
	}
	return false;
}

enum kc_status piv_read_place(const char *text, struct piv_place *ret_place)
{
	CLEANUP(bytes_done) struct bytes slot = BYTES_INIT(1);
	unsigned number = 0;
	bool is_slot = hex_decode(text, &slot) == KC_OK && slot.len == 1 &&
		       piv_find_place(slot.data[0], ret_place, &number);

	error_clear();
	if (is_slot)
		return KC_OK;
	error_set_hint("a PIV card has 9a, 9c, 9d, 9e and 82 to 95");
	return fail(KC_ERR_BAD_PARAMETER, "a PIV card has no place \"%.16s\" for a key", text);
}

enum kc_status piv_choose_algorithm(const struct kc_key_wish *wish, uint8_t *ret_algorithm)
{
	unsigned usual = wish->type == KC_KEY_TYPE_RSA ? RSA_BITS_USUAL : EC_BITS_USUAL;
	unsigned bits = wish->size_in_bits ? wish->size_in_bits : usual;
	struct piv_key key = {.slot = 0};

	if (wish->type != KC_KEY_TYPE_RSA && wish->type != KC_KEY_TYPE_EC) {
		error_set_hint("a PIV card makes keys of the types rsa and ec");
		return fail(KC_ERR_BAD_PARAMETER, "PIV has no keys of this type");
	}
	if ((wish->type == KC_KEY_TYPE_RSA && bits < RSA_BITS_MIN) ||
	    piv_set_algorithm(wish->type, bits, &key) != KC_OK) {
		error_clear();
		error_set_hint("rsa keys have 2048, 3072 or 4096 bits, ec keys 256 or 384");
		return fail(KC_ERR_KEY_SIZE_NOT_ALLOWED, "PIV has no keys of %u bits of this type",
			    bits);
	}
	*ret_algorithm = key.algorithm;
	return KC_OK;
}

static bool fits(const struct piv_place *place, const struct kc_key_wish *wish)
{
	bool agrees = wish->can_derive && wish->type == KC_KEY_TYPE_EC;
	bool decrypts = wish->can_decrypt && wish->type == KC_KEY_TYPE_RSA;

	if (place->can_sign)
		return !wish->can_decrypt && !wish->can_derive;
	return !wish->can_sign && (agrees || decrypts || (!wish->can_decrypt && !wish->can_derive));
}

/* *ret_is_taken by a certificate, of which nothing need be understood. */
static enum kc_status look_at_container(struct kc_token *token, const struct piv_place *place,
					bool *ret_is_taken)
{
	CLEANUP(piv_bytes_done) struct kc_bytes object = {NULL, 0};
	enum kc_status status = piv_get_object(token, place->container, &object);

	if (status != KC_OK && !piv_can_skip(status))
		return status;
	/* What cannot be read may be anything. */
	*ret_is_taken = status == KC_OK ? object.len > EMPTY_OBJECT_BYTES
					: status != KC_ERR_OBJECT_NOT_FOUND;
	error_clear();
	return KC_OK;
}

static enum kc_status is_taken(struct kc_token *token, const struct piv_place *place,
			       bool *ret_is_taken)
{
	struct piv_state *state = kc_token_state(token);

	if (piv_find_made(state, place->slot)) {
		*ret_is_taken = true;
		return KC_OK;
	}
	TRY(piv_metadata_presence(token, place->slot, ret_is_taken));
	if (state->has_metadata || *ret_is_taken)
		return KC_OK;
	return look_at_container(token, place, ret_is_taken);
}

/* What is_taken() has not found may be there all the same, unless the card tells of all its keys.
 */
static enum kc_status check_free(struct kc_token *token, const struct piv_place *place)
{
	const struct piv_state *state = kc_token_state(token);
	struct piv_management management = {.is_known = false};

	if (!state->has_metadata) /* no key has it, but the management key, which is always there */
		TRY(piv_metadata_management(token, &management));
	REQUIRE(state->has_metadata, KC_ERR_DUPLICATE_ITEM,
		"the card does not tell whether there is a key in %02X", place->slot);
	return KC_OK;
}

/* Keys are looked for up to the first gap (metadata.c), so nobody would find one behind it again.
 */
static enum kc_status check_reach(struct kc_token *token, const struct piv_place *place)
{
	struct piv_place before = {.slot = 0};
	unsigned number = 0;
	bool taken = true;

	if (piv_find_slot(kc_token_state(token), place->slot) ||
	    place->slot <= SLOT_RETIRED_FIRST ||
	    !piv_find_place((uint8_t)(place->slot - 1), &before, &number) || number == 0)
		return KC_OK;
	TRY(is_taken(token, &before, &taken));
	if (!taken)
		error_set_hint("the place before it, %02x, is free: take that first", before.slot);
	REQUIRE(taken, KC_ERR_BAD_PARAMETER,
		"retired keys stand one behind the other, and %02X would leave a gap", place->slot);
	return KC_OK;
}

static enum kc_status check_place(struct kc_token *token, const struct kc_key_wish *wish,
				  const struct piv_place *place)
{
	bool taken = false;

	REQUIRE(fits(place, wish), KC_ERR_BAD_PARAMETER, "keys in %02X are for %s", place->slot,
		place->can_sign ? "signing" : "decrypting or key exchange");
	TRY(check_reach(token, place));
	if (wish->may_replace)
		return KC_OK;
	TRY(is_taken(token, place, &taken));
	REQUIRE(!taken, KC_ERR_DUPLICATE_ITEM, "there is a key in %02X of the card", place->slot);
	return check_free(token, place);
}

static enum kc_status keep_slot(uint8_t slot, struct kc_bytes *ret_object_id)
{
	CLEANUP(bytes_done) struct bytes id = BYTES_INIT(1);

	TRY(bytes_append_byte(&id, slot));
	*ret_object_id = bytes_take(&id);
	return KC_OK;
}

/* What nobody gets without asking for it: the key of 9E, which serves without a PIN, and one that
 * does not sign. */
static bool is_offered(const struct piv_place *place, const struct kc_key_wish *wish)
{
	bool is_asked_for = wish->can_decrypt || wish->can_derive;

	return fits(place, wish) && place->slot != SLOT_CARD_AUTHENTICATION &&
	       (place->can_sign || is_asked_for);
}

static enum kc_status find_free(struct kc_token *token, const struct kc_key_wish *wish,
				uint8_t *ret_slot)
{
	const unsigned n_usual = ARRAY_LEN(piv_places);

	for (unsigned i = 0; i < n_usual + PIV_RETIRED_MAX; i++) {
		struct piv_place place =
			i < n_usual ? piv_places[i] : piv_retired_place(i - n_usual + 1);
		bool taken = false;

		if (!is_offered(&place, wish))
			continue;
		TRY(is_taken(token, &place, &taken));
		if (taken)
			continue;
		if (!wish->may_replace)
			TRY(check_free(token, &place));
		*ret_slot = place.slot;
		return KC_OK;
	}
	if (!wish->can_decrypt && !wish->can_derive)
		error_set_hint("keys that do not sign go to 9d, and 82 to 95, if one says so");
	return fail(KC_ERR_DUPLICATE_ITEM, "every place of the card that would do has a key");
}

enum kc_status piv_plan_key(struct kc_token *token, const struct kc_key_wish *wish,
			    struct kc_bytes *ret_object_id)
{
	struct piv_place place = {.slot = 0};
	uint8_t algorithm = 0;

	TRY(piv_choose_algorithm(wish, &algorithm));
	if (wish->is_import)
		TRY(piv_check_takes_keys(token));
	if (wish->place) {
		TRY(piv_read_place(wish->place, &place));
		TRY(check_place(token, wish, &place));
		return keep_slot(place.slot, ret_object_id);
	}
	REQUIRE(!wish->can_sign || (!wish->can_decrypt && !wish->can_derive), KC_ERR_BAD_PARAMETER,
		"no key of a PIV card both signs and decrypts");
	REQUIRE(!(wish->can_decrypt && wish->type == KC_KEY_TYPE_EC) &&
			!(wish->can_derive && wish->type == KC_KEY_TYPE_RSA),
		KC_ERR_BAD_PARAMETER,
		"rsa keys decrypt and ec keys exchange; not the other way round");
	TRY(find_free(token, wish, &place.slot));
	return keep_slot(place.slot, ret_object_id);
}
