/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Certificates put and deleted: PUT DATA, SP 800-73-5 part 2, 3.3.2; the container as of part 1,
 * table 10: 70 certificate, 71 CertInfo, FE without content. Certificates are stored as they are,
 * which everybody reads; compressed where the card takes them only so.
 */
#include "drivers/piv/piv.h"

#include "base/cleanup.h"
#include "base/try.h"
#include "codec/tlv.h"

enum {
	INS_PUT_DATA = 0xDB,
	TAG_LIST = 0x5C,
	TAG_CONTENT = 0x53,
	TAG_CERTIFICATE = 0x70,
	TAG_CERTIFICATE_INFO = 0x71,
	TAG_ERROR_DETECTION = 0xFE,
	INFO_PLAIN = 0x00,
	INFO_COMPRESSED = 0x01,
	EMPTY_OBJECT_BYTES = 2,
	EXTRA_BYTES = 64, /* of tags and lengths around a certificate */
	OBJECT_MAX = PIV_CERTIFICATE_MAX + EXTRA_BYTES,
};

enum kc_status piv_put_object(struct kc_token *token, uint32_t tag, struct kc_view content,
			      const char *what)
{
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(OBJECT_MAX);
	const uint8_t name[PIV_TAG_BYTES] = {(uint8_t)(tag >> 16), (uint8_t)(tag >> 8),
					     (uint8_t)tag};
	struct kc_apdu apdu = {.ins = INS_PUT_DATA, .p1 = 0x3F, .p2 = 0xFF};

	TRY(tlv_put(&data, TAG_LIST, VIEW_OF(name)));
	TRY(tlv_put(&data, TAG_CONTENT, content));
	apdu.data = bytes_view(&data);
	return piv_command(token, &apdu, what, NULL);
}

enum kc_status piv_delete_certificate(struct kc_token *token, const struct piv_place *place,
				      const char *what)
{
	enum kc_status status =
		piv_put_object(token, place->container, (struct kc_view){NULL, 0}, what);

	if (status != KC_ERR_OBJECT_NOT_FOUND)
		return status;
	error_clear();
	return KC_OK;
}

/* --- where ----------------------------------------------------------------------------------- */

static bool is_key(const struct piv_key *key, const struct kc_certificate_wish *wish)
{
	return key->type == wish->type &&
	       view_equal(view_of(key->public_key, key->public_key_len), wish->public_key);
}

static enum kc_status find_place_of_key(struct kc_token *token,
					const struct kc_certificate_wish *wish,
					struct piv_place *ret_place)
{
	struct piv_state *state = kc_token_state(token);
	unsigned number = 0;

	for (size_t i = 0; i < state->n_keys; i++) {
		if (is_key(&state->keys[i], wish) &&
		    piv_find_place(state->keys[i].slot, ret_place, &number))
			return KC_OK;
	}
	error_set_hint("say where it goes: \"token_object\", or keycask cert import --object");
	return fail(KC_ERR_BAD_PARAMETER,
		    "no key that the card tells of belongs to this certificate");
}

static enum kc_status check_key(struct kc_token *token, const struct kc_certificate_wish *wish,
				const struct piv_place *place)
{
	const struct piv_key *key = piv_find_slot(kc_token_state(token), place->slot);

	if (wish->may_mismatch || (key && is_key(key, wish)))
		return KC_OK;
	error_set_hint("if it belongs there all the same: may_mismatch, or keycask cert import "
		       "--mismatch");
	REQUIRE(!key, KC_ERR_BAD_PARAMETER, "the key in %02X of the card is not this certificate's",
		place->slot);
	return fail(KC_ERR_BAD_PARAMETER, "the card tells of no key in %02X", place->slot);
}

/* Is there a certificate, and another one than this? */
static enum kc_status check_container(struct kc_token *token,
				      const struct kc_certificate_wish *wish,
				      const struct piv_place *place)
{
	CLEANUP(piv_bytes_done) struct kc_bytes object = {NULL, 0};
	CLEANUP(piv_bytes_done) struct kc_bytes der = {NULL, 0};
	enum kc_status status = piv_get_object(token, place->container, &object);
	bool is_taken = status == KC_OK ? object.len > EMPTY_OBJECT_BYTES
					: status != KC_ERR_OBJECT_NOT_FOUND;

	if (status != KC_OK && !piv_can_skip(status))
		return status;
	if (status == KC_OK && is_taken && piv_get_certificate(piv_view(&object), &der) == KC_OK)
		is_taken = !view_equal(piv_view(&der), wish->der);
	error_clear();
	REQUIRE(!is_taken || wish->may_replace, KC_ERR_DUPLICATE_ITEM,
		"there is another certificate in %02X of the card", place->slot);
	return KC_OK;
}

static enum kc_status is_empty(struct kc_token *token, const struct piv_place *place,
			       bool *ret_is_empty)
{
	CLEANUP(piv_bytes_done) struct kc_bytes object = {NULL, 0};
	enum kc_status status = piv_get_object(token, place->container, &object);

	if (status != KC_OK && !piv_can_skip(status))
		return status;
	*ret_is_empty = status == KC_OK ? object.len <= EMPTY_OBJECT_BYTES
					: status == KC_ERR_OBJECT_NOT_FOUND;
	error_clear();
	return KC_OK;
}

/* Retired certificates are looked for as far as the key history tells, or else up to the first gap
 * (enumerate.c): nobody would find one behind that again. */
static enum kc_status check_reach(struct kc_token *token, const struct piv_place *place)
{
	const struct piv_state *state = kc_token_state(token);
	struct piv_place before = {.slot = 0};
	unsigned number = 0;
	bool leaves_gap = false;

	if (!piv_find_place(place->slot, &before, &number) || number == 0)
		return KC_OK;
	REQUIRE(!state->has_history || number <= state->n_retired, KC_ERR_BAD_PARAMETER,
		"the card's key history tells of %u retired certificates, and %02X is behind them",
		state->n_retired, place->slot);
	if (state->has_history || number == 1)
		return KC_OK;
	before = piv_retired_place(number - 1);
	TRY(is_empty(token, &before, &leaves_gap));
	if (leaves_gap)
		error_set_hint("the place before it, %02x, has none: take that first", before.slot);
	REQUIRE(!leaves_gap, KC_ERR_BAD_PARAMETER,
		"retired certificates stand one behind the other, and %02X would leave a gap",
		place->slot);
	return KC_OK;
}

static enum kc_status choose_place(struct kc_token *token, const struct kc_certificate_wish *wish,
				   struct piv_place *ret_place)
{
	struct piv_place place = {.slot = 0};

	REQUIRE(wish->der.len <= PIV_CERTIFICATE_MAX, KC_ERR_BAD_PARAMETER,
		"the certificate has %zu bytes, and a PIV card takes %d at most", wish->der.len,
		PIV_CERTIFICATE_MAX);
	if (!wish->place) {
		TRY(find_place_of_key(token, wish, &place));
	} else {
		TRY(piv_read_place(wish->place, &place));
		TRY(check_key(token, wish, &place));
	}
	TRY(check_reach(token, &place));
	TRY(check_container(token, wish, &place));
	*ret_place = place;
	return KC_OK;
}

static void put_tag(uint32_t tag, uint8_t id[PIV_TAG_BYTES])
{
	id[0] = (uint8_t)(tag >> 16);
	id[1] = (uint8_t)(tag >> 8);
	id[2] = (uint8_t)tag;
}

enum kc_status piv_plan_certificate(struct kc_token *token, const struct kc_certificate_wish *wish,
				    struct kc_bytes *ret_object_id)
{
	CLEANUP(bytes_done) struct bytes id = BYTES_INIT(PIV_TAG_BYTES);
	struct piv_place place = {.slot = 0};
	uint8_t tag[PIV_TAG_BYTES];

	TRY(choose_place(token, wish, &place));
	put_tag(place.container, tag);
	TRY(bytes_append(&id, VIEW_OF(tag)));
	*ret_object_id = bytes_take(&id);
	return KC_OK;
}

/* --- putting --------------------------------------------------------------------------------- */

static enum kc_status store(struct kc_token *token, const struct piv_place *place,
			    struct kc_view value, uint8_t info)
{
	CLEANUP(bytes_done) struct bytes content = BYTES_INIT(OBJECT_MAX);

	TRY(tlv_put(&content, TAG_CERTIFICATE, value));
	TRY(tlv_put(&content, TAG_CERTIFICATE_INFO, view_of(&info, 1)));
	TRY(tlv_put(&content, TAG_ERROR_DETECTION, (struct kc_view){NULL, 0}));
	return piv_put_object(token, place->container, bytes_view(&content), "the certificate");
}

static bool is_too_large(enum kc_status status)
{
	return status != KC_OK && piv_is_refused_size((uint16_t)error_get()->sw);
}

/* Part 1, table 39: CertInfo 01 says that it is compressed (RFC 1952). */
static enum kc_status store_smaller(struct kc_token *token, const struct piv_place *place,
				    struct kc_view der)
{
	CLEANUP(bytes_done) struct bytes packed = BYTES_INIT(PIV_CERTIFICATE_MAX);
	enum kc_status status = KC_OK;
	uint16_t sw = (uint16_t)error_get()->sw;

	error_clear();
	TRY(piv_compress(der, &packed));
	if (packed.len < der.len)
		status = store(token, place, bytes_view(&packed), INFO_COMPRESSED);
	if (packed.len < der.len && !is_too_large(status))
		return status;
	error_clear();
	error_set_hint("a certificate with fewer extensions or a smaller key takes less room");
	return kc_token_fail(token, KC_ERR_BAD_PARAMETER, sw,
			     "the card has no room for a certificate of %zu bytes (%zu compressed)",
			     der.len, packed.len);
}

static enum kc_status add_certificate(struct kc_contents *made, const struct piv_place *place,
				      struct kc_view object_id, struct kc_view der)
{
	struct piv_place found = {.slot = 0};
	char label[PIV_LABEL_BYTES];
	unsigned number = 0;

	REQUIRE(piv_find_place(place->slot, &found, &number), KC_ERR_INTERNAL, "no place %02X",
		place->slot);
	piv_put_label(&found, number, "Certificate", label);
	return kc_contents_add_certificate(made, object_id, label, der);
}

enum kc_status piv_put_certificate(struct kc_token *token, const struct kc_certificate_wish *wish,
				   struct kc_view object_id, struct kc_contents *made)
{
	struct piv_place place = {.slot = 0};
	enum kc_status status = KC_OK;

	REQUIRE(piv_find_container(object_id, &place), KC_ERR_BAD_PARAMETER,
		"no place for a certificate");
	status = store(token, &place, wish->der, INFO_PLAIN);
	if (is_too_large(status))
		status = store_smaller(token, &place, wish->der);
	TRY(status);
	return add_certificate(made, &place, object_id, wish->der);
}
