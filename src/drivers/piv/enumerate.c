/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a card publishes: per key reference the certificate in its container, and the key that the
 * certificate certifies. A card without a readable certificate in one place still publishes the
 * others. Each object is read once; budget on insertion, decision 8: SELECT, CHUID, discovery, key
 * history, four certificates of three APDUs each. What is not in it comes after that (piv_detail).
 */
#include "drivers/piv/piv.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/try.h"
#include "codec/tlv.h"

enum {
	TAG_ON_CARD_CERTIFICATES = 0xC1,
	TAG_OFF_CARD_CERTIFICATES = 0xC2,
};

/* One place under one number, 0 for the four that have none. */
struct visit {
	struct kc_token *token;
	struct kc_contents *contents;
	struct piv_place place;
	unsigned number;
};

static enum kc_status add_certificate(const struct visit *visit, struct kc_view der)
{
	const uint32_t tag = visit->place.container;
	const uint8_t object_id[PIV_TAG_BYTES] = {(uint8_t)(tag >> 16), (uint8_t)(tag >> 8),
						  (uint8_t)tag};
	char label[PIV_LABEL_BYTES];

	piv_put_label(&visit->place, visit->number, "Certificate", label);
	return kc_contents_add_certificate(visit->contents, VIEW_OF(object_id), label, der);
}

static enum kc_status add_key(const struct visit *visit, const struct piv_key *key)
{
	struct piv_state *state = kc_token_state(visit->token);
	const struct piv_publication publication = {
		.place = &visit->place, .number = visit->number, .key = key};

	TRY(piv_add_key(visit->contents, &publication));
	state->keys[state->n_keys++] = *key;
	return KC_OK;
}

static enum kc_status publish(const struct visit *visit, struct kc_view der)
{
	struct piv_key key = {
		.slot = visit->place.slot,
		.constraint = visit->place.constraint,
		.has_certificate = true,
	};
	enum kc_status status = KC_OK;

	TRY(add_certificate(visit, der));
	status = piv_read_public_key(der, &key);
	if (status == KC_OK)
		return add_key(visit, &key);
	/* A certificate of a key that no PIV command can use is still a certificate. */
	log_debug("stage=driver slot=%02X no key: %s", visit->place.slot, error_get()->message);
	error_clear();
	return KC_OK;
}

static enum kc_status read_certificate(const struct visit *visit, struct kc_bytes *ret_der)
{
	CLEANUP(piv_bytes_done) struct kc_bytes object = {NULL, 0};

	TRY(piv_get_object(visit->token, visit->place.container, &object));
	return piv_get_certificate(piv_view(&object), ret_der);
}

/* Expected: whatever piv_can_skip() knows; nothing was published then. */
static enum kc_status visit_place(struct kc_token *token, struct kc_contents *contents,
				  struct piv_place place, unsigned number)
{
	CLEANUP(piv_bytes_done) struct kc_bytes der = {NULL, 0};
	const struct visit visit = {
		.token = token, .contents = contents, .place = place, .number = number};

	TRY(read_certificate(&visit, &der));
	return publish(&visit, piv_view(&der));
}

static enum kc_status skip(enum kc_status status, const struct piv_place *place)
{
	if (status == KC_OK || !piv_can_skip(status))
		return status;
	log_debug("stage=driver slot=%02X skipped: %s", place->slot, error_get()->message);
	error_clear();
	return KC_OK;
}

/* A number of retired keys in @history; 0 when it is not told. */
static enum kc_status read_count(struct kc_view history, uint32_t tag, unsigned *ret_count)
{
	struct kc_view count = {NULL, 0};

	if (!tlv_has(history, tag, &count))
		return KC_OK;
	REQUIRE(count.len == 1 && count.data[0] <= PIV_RETIRED_MAX, KC_ERR_CORRUPTED_DATA,
		"a key history of too many keys");
	*ret_count = count.data[0];
	return KC_OK;
}

/*
 * SP 800-73-5 part 1, 3.3.3: C1 in the Key History object is keysWithOnCardCerts, which have the
 * lowest references, C2 keysWithOffCardCerts, which have the highest.
 */
static enum kc_status read_key_history(struct kc_token *token)
{
	CLEANUP(piv_bytes_done) struct kc_bytes object = {NULL, 0};
	struct piv_state *state = kc_token_state(token);
	struct kc_view content = {NULL, 0};
	struct kc_view any = {NULL, 0};
	unsigned n_on_card = 0;
	unsigned n_off_card = 0;

	TRY(piv_get_object(token, PIV_TAG_KEY_HISTORY, &object));
	TRY(piv_unwrap(piv_view(&object), &content));
	TRY(tlv_find(content, TAG_ON_CARD_CERTIFICATES, &any));
	TRY(read_count(content, TAG_ON_CARD_CERTIFICATES, &n_on_card));
	TRY(read_count(content, TAG_OFF_CARD_CERTIFICATES, &n_off_card));
	REQUIRE(n_on_card + n_off_card <= PIV_RETIRED_MAX, KC_ERR_CORRUPTED_DATA,
		"a key history of too many keys");
	state->n_retired = n_on_card;
	state->n_off_card = n_off_card;
	return KC_OK;
}

/* Retired certificates fill their containers from the first on. */
static enum kc_status visit_retired(struct kc_token *token, struct kc_contents *contents)
{
	struct piv_state *state = kc_token_state(token);
	enum kc_status status = read_key_history(token);

	state->has_history = status == KC_OK;
	if (status != KC_OK && !piv_can_skip(status))
		return status;
	error_clear();
	for (unsigned number = 1; number <= state->n_retired; number++) {
		struct piv_place place = piv_retired_place(number);

		TRY(skip(visit_place(token, contents, place, number), &place));
	}
	return KC_OK;
}

/*
 * A card that has no key history, or refuses to store one, may have retired keys all the same
 * (cards.md): then the first gap ends the search.
 */
static enum kc_status search_retired(struct kc_token *token, struct kc_contents *contents)
{
	struct piv_state *state = kc_token_state(token);

	for (unsigned number = state->n_retired + 1; number <= PIV_RETIRED_MAX; number++) {
		struct piv_place place = piv_retired_place(number);
		enum kc_status status = visit_place(token, contents, place, number);

		if (status == KC_ERR_OBJECT_NOT_FOUND)
			break;
		TRY(skip(status, &place));
		state->n_retired = number;
	}
	error_clear();
	return KC_OK;
}

enum kc_status piv_enumerate(struct kc_token *token, struct kc_contents *contents)
{
	struct piv_state *state = kc_token_state(token);

	state->n_keys = 0;
	state->n_retired = 0;
	state->n_off_card = 0;
	TRY(piv_discover(token));
	TRY(piv_add_pins(token, contents));
	for (size_t i = 0; i < ARRAY_LEN(piv_places); i++)
		TRY(skip(visit_place(token, contents, piv_places[i], 0), &piv_places[i]));
	return visit_retired(token, contents);
}

enum kc_status piv_detail(struct kc_token *token, struct kc_contents *contents)
{
	const struct piv_state *state = kc_token_state(token);
	unsigned n_retired = state->n_retired;
	bool has_more = false;
	enum kc_status status = KC_OK;

	if (!state->has_history)
		TRY(search_retired(token, contents));
	has_more = state->n_retired != n_retired;
	status = piv_add_metadata(token, contents);
	if (status != KC_OK && status != KC_ERR_NOT_IMPLEMENTED)
		return status;
	TRY(piv_add_made(token, contents, &has_more));
	if (status == KC_OK || !has_more)
		return status;
	error_clear();
	return KC_OK;
}
