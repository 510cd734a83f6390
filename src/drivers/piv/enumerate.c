/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a card publishes: per key reference the certificate in its container, and the key that the
 * certificate certifies. A card without a readable certificate in one place still publishes the
 * others. Each object is read once; budget on insertion, decision 8: SELECT, CHUID, key history,
 * four certificates of three APDUs each.
 */
#include "drivers/piv/piv.h"

#include <stdio.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/try.h"
#include "codec/tlv.h"

enum {
	TAG_ON_CARD_CERTIFICATES = 0xC1,
	LABEL_BYTES = 64,
	CONTINUE_UNTIL_MISSING = PIV_RETIRED_MAX,
};

static const char *const rsa_algorithms[] = {"rsa_signature_raw", NULL};
static const char *const ec_algorithms[] = {"ecdsa_signature_digest_x962", NULL};
static const char *const no_algorithms[] = {NULL};

/* One place under one number, 0 for the four that have none. */
struct visit {
	struct kc_token *token;
	struct kc_contents *contents;
	struct piv_place place;
	unsigned number;
	uint8_t certificate_id[PIV_TAG_BYTES];
};

static void put_label(const struct visit *visit, const char *what, char label[LABEL_BYTES])
{
	if (visit->number > 0)
		(void)snprintf(label, LABEL_BYTES, "%s For %s %u", what, visit->place.name,
			       visit->number);
	else
		(void)snprintf(label, LABEL_BYTES, "%s For %s", what, visit->place.name);
}

static const char *const *algorithms_of(const struct piv_place *place, enum kc_key_type type)
{
	if (!place->can_sign)
		return no_algorithms;
	return type == KC_KEY_TYPE_RSA ? rsa_algorithms : ec_algorithms;
}

static enum kc_status add_key(const struct visit *visit, struct piv_key key)
{
	struct piv_state *state = kc_token_state(visit->token);
	const struct piv_place *place = &visit->place;
	char label[LABEL_BYTES];
	struct kc_key_description description = {
		.object_id = view_of(&place->slot, 1),
		.label = label,
		.certificate_id = VIEW_OF(visit->certificate_id),
		.type = key.type,
		.size_in_bits = key.size_in_bits,
		.constraint = place->constraint,
		.algorithms = algorithms_of(place, key.type),
		.can_sign = place->can_sign,
		.can_decrypt = !place->can_sign && key.type == KC_KEY_TYPE_RSA,
		.can_derive = !place->can_sign && key.type == KC_KEY_TYPE_EC,
	};

	put_label(visit, "Key", label);
	TRY(kc_contents_add_key(visit->contents, &description));
	key.slot = place->slot;
	state->keys[state->n_keys++] = key;
	return KC_OK;
}

static enum kc_status publish(const struct visit *visit, struct kc_view der)
{
	char label[LABEL_BYTES];
	struct piv_key key = {0};
	enum kc_status status = KC_OK;

	put_label(visit, "Certificate", label);
	TRY(kc_contents_add_certificate(visit->contents, VIEW_OF(visit->certificate_id), label,
					der));
	status = piv_read_public_key(der, &key);
	if (status == KC_OK)
		return add_key(visit, key);
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
	uint32_t tag = place.container;
	struct visit visit = {
		.token = token,
		.contents = contents,
		.place = place,
		.number = number,
		.certificate_id = {(uint8_t)(tag >> 16), (uint8_t)(tag >> 8), (uint8_t)tag},
	};

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

/* SP 800-73-5 part 1, 3.3.3: C1 in the Key History object is keysWithOnCardCerts. */
static enum kc_status read_key_history(struct kc_token *token, unsigned *ret_n_retired)
{
	CLEANUP(piv_bytes_done) struct kc_bytes object = {NULL, 0};
	struct kc_view content = {NULL, 0};
	struct kc_view count = {NULL, 0};

	TRY(piv_get_object(token, PIV_TAG_KEY_HISTORY, &object));
	TRY(piv_unwrap(piv_view(&object), &content));
	TRY(tlv_find(content, TAG_ON_CARD_CERTIFICATES, &count));
	REQUIRE(count.len == 1 && count.data[0] <= PIV_RETIRED_MAX, KC_ERR_CORRUPTED_DATA,
		"a key history of too many keys");
	*ret_n_retired = count.data[0];
	return KC_OK;
}

/*
 * Retired certificates fill their containers from the first on. A card that has no key history, or
 * refuses to store one, may have some all the same (cards.md): then the first gap ends the search,
 * which costs a card without any one APDU.
 */
static enum kc_status visit_retired(struct kc_token *token, struct kc_contents *contents)
{
	unsigned n_retired = CONTINUE_UNTIL_MISSING;
	enum kc_status status = read_key_history(token, &n_retired);
	bool is_known = status == KC_OK;

	if (!is_known && !piv_can_skip(status))
		return status;
	error_clear();
	for (unsigned number = 1; number <= n_retired; number++) {
		struct piv_place place = piv_retired_place(number);

		status = visit_place(token, contents, place, number);
		if (status == KC_ERR_OBJECT_NOT_FOUND && !is_known)
			break;
		TRY(skip(status, &place));
	}
	error_clear();
	return KC_OK;
}

enum kc_status piv_enumerate(struct kc_token *token, struct kc_contents *contents)
{
	struct piv_state *state = kc_token_state(token);

	state->n_keys = 0;
	for (size_t i = 0; i < ARRAY_LEN(piv_places); i++)
		TRY(skip(visit_place(token, contents, piv_places[i], 0), &piv_places[i]));
	return visit_retired(token, contents);
}
