/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * GET METADATA, F7, of Yubico's PIV extensions, which other vendors' cards know too: which key is
 * in a slot, when it asks for the PIN, whether for a touch. What a certificate says of a slot gives
 * way to what the card says.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/try.h"
#include "codec/tlv.h"
#include "drivers/piv/piv.h"

enum {
	INS_GET_METADATA = 0xF7,

	META_ALGORITHM = 0x01,
	META_POLICY = 0x02,
	META_PUBLIC_KEY = 0x04,
	META_IS_DEFAULT = 0x05,
	META_TRIES = 0x06,

	KEY_MANAGEMENT = 0x9B,

	PIN_NEVER = 1,
	PIN_ONCE = 2,
	PIN_ALWAYS = 3,
	PIN_MATCH_ONCE = 4, /* a fingerprint, or the PIN instead */
	PIN_MATCH_ALWAYS = 5,

	TOUCH_ALWAYS = 2,
	TOUCH_CACHED = 3,
};

static enum kc_status get_metadata(struct kc_token *token, uint8_t reference,
				   struct kc_bytes *ret_metadata)
{
	const struct kc_apdu apdu = {.ins = INS_GET_METADATA, .p2 = reference, .le = PIV_LE_ALL};

	return piv_command(token, &apdu, "the metadata", ret_metadata);
}

/* The policy that is not told is the slot's own. */
static enum kc_constraint constraint_of(uint8_t policy, const struct piv_place *place)
{
	switch (policy) {
	case PIN_NEVER:
		return KC_CONSTRAINT_NONE;
	case PIN_ONCE:
	case PIN_MATCH_ONCE:
		return KC_CONSTRAINT_PIN;
	case PIN_ALWAYS:
	case PIN_MATCH_ALWAYS:
		return KC_CONSTRAINT_PIN_ALWAYS;
	default:
		return place->constraint;
	}
}

static enum kc_status read_key(struct kc_view metadata, const struct piv_place *place,
			       struct piv_key *ret_key)
{
	struct piv_key key = {.slot = place->slot, .constraint = place->constraint};
	struct kc_view algorithm = {NULL, 0};
	struct kc_view policy = {NULL, 0};
	struct kc_view public_key = {NULL, 0};

	TRY(tlv_find(metadata, META_ALGORITHM, &algorithm));
	TRY(tlv_find(metadata, META_PUBLIC_KEY, &public_key));
	REQUIRE(algorithm.len == 1, KC_ERR_CORRUPTED_DATA, "an algorithm of %zu bytes",
		algorithm.len);
	if (tlv_has(metadata, META_POLICY, &policy) && policy.len == 2) {
		key.constraint = constraint_of(policy.data[0], place);
		key.needs_touch = policy.data[1] == TOUCH_ALWAYS || policy.data[1] == TOUCH_CACHED;
	}
	TRY(piv_read_public_records(public_key, algorithm.data[0], &key));
	*ret_key = key;
	return KC_OK;
}

static bool is_same_key(const struct piv_key *one, const struct piv_key *other)
{
	return view_equal(view_of(one->public_key, one->public_key_len),
			  view_of(other->public_key, other->public_key_len));
}

/* A key that was generated after its slot's certificate had been made is published without it. */
static enum kc_status publish(struct kc_token *token, struct kc_contents *contents,
			      struct piv_publication publication, struct piv_key *key)
{
	struct piv_state *state = kc_token_state(token);
	struct piv_key *known = piv_find_slot(state, key->slot);

	key->has_certificate = known && known->has_certificate && is_same_key(known, key);
	publication.key = key;
	if (known) {
		*known = *key;
		return piv_replace_key(contents, &publication);
	}
	REQUIRE(state->n_keys < PIV_KEYS_MAX, KC_ERR_INTERNAL, "more keys than places");
	state->keys[state->n_keys++] = *key;
	return piv_add_key(contents, &publication);
}

static enum kc_status detail_place(struct kc_token *token, struct kc_contents *contents,
				   const struct piv_place *place, unsigned number)
{
	CLEANUP(piv_bytes_done) struct kc_bytes metadata = {NULL, 0};
	const struct piv_publication publication = {.place = place, .number = number};
	struct piv_key key = {0};

	TRY(get_metadata(token, place->slot, &metadata));
	TRY(read_key(piv_view(&metadata), place, &key));
	return publish(token, contents, publication, &key);
}

/* A certificate whose key has been deleted. Only a card that tells of keys at all is believed. */
static enum kc_status retract(struct kc_token *token, struct kc_contents *contents, uint8_t slot)
{
	struct piv_state *state = kc_token_state(token);
	struct piv_management management = {.is_known = false};

	if (!piv_find_slot(state, slot))
		return KC_OK;
	TRY(piv_metadata_management(token, &management));
	if (!management.is_known)
		return KC_OK;
	piv_forget_slot(state->keys, &state->n_keys, slot);
	return kc_contents_remove_key(contents, view_of(&slot, 1));
}

static enum kc_status visit_place(struct kc_token *token, struct kc_contents *contents,
				  const struct piv_place *place, unsigned number)
{
	enum kc_status status = detail_place(token, contents, place, number);

	if (status != KC_ERR_OBJECT_NOT_FOUND)
		return status;
	TRY(retract(token, contents, place->slot));
	return status;
}

/* An empty slot, a key of a kind that PIV does not know, nonsense: the others still count. */
static enum kc_status skip(enum kc_status status, const struct piv_place *place)
{
	if (status == KC_OK || !piv_can_skip(status))
		return status;
	log_debug("stage=driver slot=%02X no metadata: %s", place->slot, error_get()->message);
	error_clear();
	return KC_OK;
}

/*
 * Those that the key history tells of, and those behind the certificates, which it may not: the
 * first empty place there ends that search, which costs most cards one APDU.
 */
static enum kc_status detail_retired(struct kc_token *token, struct kc_contents *contents)
{
	const struct piv_state *state = kc_token_state(token);
	bool is_searching = true;

	for (unsigned number = 1; number <= PIV_RETIRED_MAX; number++) {
		struct piv_place place = piv_retired_place(number);
		bool is_off_card = number > PIV_RETIRED_MAX - state->n_off_card;
		enum kc_status status = KC_OK;

		if (!is_searching && !is_off_card)
			continue;
		status = visit_place(token, contents, &place, number);
		if (status == KC_ERR_OBJECT_NOT_FOUND && number > state->n_retired)
			is_searching = false;
		TRY(skip(status, &place));
	}
	return KC_OK;
}

/* A card without the instruction says so when it is asked for the first slot. */
enum kc_status piv_add_metadata(struct kc_token *token, struct kc_contents *contents)
{
	struct piv_state *state = kc_token_state(token);
	enum kc_status status = visit_place(token, contents, &piv_places[0], 0);

	if (status == KC_ERR_NOT_IMPLEMENTED && error_get()->sw != 0)
		return status;
	state->has_metadata = true;
	TRY(skip(status, &piv_places[0]));
	for (size_t i = 1; i < ARRAY_LEN(piv_places); i++)
		TRY(skip(visit_place(token, contents, &piv_places[i], 0), &piv_places[i]));
	return detail_retired(token, contents);
}

/* 6A82 or 6A88: there is none. Whatever else a card with the instruction answers: there is one. */
enum kc_status piv_metadata_presence(struct kc_token *token, uint8_t slot, bool *ret_is_there)
{
	CLEANUP(piv_bytes_done) struct kc_bytes metadata = {NULL, 0};
	struct piv_state *state = kc_token_state(token);
	enum kc_status status = get_metadata(token, slot, &metadata);

	if (status != KC_OK && !piv_can_skip(status))
		return status;
	error_clear();
	if (status == KC_OK)
		state->has_metadata = true;
	*ret_is_there =
		status == KC_OK || (state->has_metadata && status != KC_ERR_OBJECT_NOT_FOUND);
	return KC_OK;
}

enum kc_status piv_metadata_management(struct kc_token *token,
				       struct piv_management *ret_management)
{
	CLEANUP(piv_bytes_done) struct kc_bytes metadata = {NULL, 0};
	struct piv_management management = {.is_known = false};
	enum kc_status status = get_metadata(token, KEY_MANAGEMENT, &metadata);
	struct kc_view value = {NULL, 0};

	if (status != KC_OK && !piv_can_skip(status))
		return status;
	if (status == KC_OK)
		((struct piv_state *)kc_token_state(token))->has_metadata = true;
	if (status == KC_OK && tlv_has(piv_view(&metadata), META_ALGORITHM, &value) &&
	    value.len == 1) {
		management.is_known = true;
		management.algorithm = value.data[0];
	}
	if (status == KC_OK && tlv_has(piv_view(&metadata), META_IS_DEFAULT, &value))
		management.is_default = value.len == 1 && value.data[0] == 1;
	error_clear();
	*ret_management = management;
	return KC_OK;
}

enum kc_status piv_metadata_tries(struct kc_token *token, enum piv_reference reference,
				  int *ret_tries_left)
{
	CLEANUP(piv_bytes_done) struct kc_bytes metadata = {NULL, 0};
	enum kc_status status = get_metadata(token, (uint8_t)reference, &metadata);
	struct kc_view tries = {NULL, 0};

	*ret_tries_left = -1;
	if (status != KC_OK && !piv_can_skip(status))
		return status;
	/* How many there are at most, how many are left. */
	if (status == KC_OK && tlv_has(piv_view(&metadata), META_TRIES, &tries) && tries.len == 2)
		*ret_tries_left = tries.data[1];
	error_clear();
	return KC_OK;
}
