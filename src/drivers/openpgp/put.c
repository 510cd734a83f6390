/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Certificates put and deleted: PUT DATA of 7F21 (OpenPGP card 3.4, 7.2.8), after SELECT DATA has
 * said whose; without content one is deleted. Keys are not deleted one by one: the specification
 * knows the end of all of them (7.2.16 TERMINATE DF) and no other.
 */
#include "drivers/openpgp/openpgp.h"

#include "base/cleanup.h"
#include "base/try.h"

enum {
	CERTIFICATE_MAX = 16384,
	TAG_CERTIFICATE = 0x7F21,
};

/* --- where ----------------------------------------------------------------------------------- */

static bool is_key(const struct openpgp_key *key, const struct kc_certificate_wish *wish)
{
	return key->is_there && key->type == wish->type &&
	       view_equal(view_of(key->public_key, key->public_key_len), wish->public_key);
}

static enum kc_status find_place_of_key(struct kc_token *token,
					const struct kc_certificate_wish *wish,
					enum openpgp_index *ret_index)
{
	const struct openpgp_state *state = kc_token_state(token);

	for (size_t i = 0; i < OPENPGP_N_KEYS; i++) {
		if (is_key(&state->keys[i], wish)) {
			*ret_index = (enum openpgp_index)i;
			return KC_OK;
		}
	}
	error_set_hint("say where it goes: \"token_object\", or keycask cert import --object");
	return fail(KC_ERR_BAD_PARAMETER, "no key of the card belongs to this certificate");
}

static enum kc_status check_key(struct kc_token *token, const struct kc_certificate_wish *wish,
				enum openpgp_index index)
{
	const struct openpgp_state *state = kc_token_state(token);
	const char *name = openpgp_places[index].name;

	if (wish->may_mismatch || is_key(&state->keys[index], wish))
		return KC_OK;
	error_set_hint("if it belongs there all the same: may_mismatch, or keycask cert import "
		       "--mismatch");
	REQUIRE(!state->keys[index].is_there, KC_ERR_BAD_PARAMETER,
		"the card's %s key is not this certificate's", name);
	return fail(KC_ERR_BAD_PARAMETER, "the card has no %s key", name);
}

static enum kc_status check_size(struct kc_token *token, size_t len)
{
	const struct openpgp_state *state = kc_token_state(token);
	size_t max = state->certificate_max ? state->certificate_max : CERTIFICATE_MAX;

	if (len > max)
		error_set_hint("a certificate with fewer extensions or a smaller key is shorter");
	REQUIRE(len <= max, KC_ERR_BAD_PARAMETER,
		"the certificate has %zu bytes, and the card takes %zu at most", len, max);
	return KC_OK;
}

/* 4.4.1: version 2 has one, for the authentication key. */
static enum kc_status check_version(struct kc_token *token, enum openpgp_index index)
{
	bool can = openpgp_places[index].occurrence == 0 || openpgp_has_three_certificates(token);

	REQUIRE(can, KC_ERR_BAD_PARAMETER,
		"a card of this version keeps a certificate of its authentication key alone");
	return KC_OK;
}

static enum kc_status check_room(struct kc_token *token, const struct kc_certificate_wish *wish,
				 enum openpgp_index index)
{
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(CERTIFICATE_MAX);
	enum kc_status status =
		openpgp_get_certificate(token, openpgp_places[index].occurrence, &der);

	if (status != KC_OK && !openpgp_can_skip(status))
		return status;
	error_clear();
	REQUIRE(wish->may_replace || status == KC_ERR_OBJECT_NOT_FOUND ||
			(status == KC_OK && view_equal(bytes_view(&der), wish->der)),
		KC_ERR_DUPLICATE_ITEM, "the card has another %s certificate",
		openpgp_places[index].name);
	return KC_OK;
}

static enum kc_status choose_place(struct kc_token *token, const struct kc_certificate_wish *wish,
				   enum openpgp_index *ret_index)
{
	enum openpgp_index index = OPENPGP_SIGNATURE;

	TRY(check_size(token, wish->der.len));
	if (!wish->place) {
		TRY(find_place_of_key(token, wish, &index));
	} else {
		TRY(openpgp_read_place(wish->place, &index));
		TRY(check_key(token, wish, index));
	}
	TRY(check_version(token, index));
	TRY(check_room(token, wish, index));
	*ret_index = index;
	return KC_OK;
}

enum kc_status openpgp_plan_certificate(struct kc_token *token,
					const struct kc_certificate_wish *wish,
					struct kc_bytes *ret_object_id)
{
	CLEANUP(bytes_done) struct bytes id = BYTES_INIT(OPENPGP_CERTIFICATE_ID_BYTES);
	enum openpgp_index index = OPENPGP_SIGNATURE;
	uint8_t name[OPENPGP_CERTIFICATE_ID_BYTES];

	TRY(choose_place(token, wish, &index));
	openpgp_put_certificate_id(&openpgp_places[index], name);
	TRY(bytes_append(&id, VIEW_OF(name)));
	*ret_object_id = bytes_take(&id);
	return KC_OK;
}

/* --- writing --------------------------------------------------------------------------------- */

static bool find_index(struct kc_view object_id, enum openpgp_index *ret_index)
{
	for (size_t i = 0; i < OPENPGP_N_KEYS; i++) {
		uint8_t name[OPENPGP_CERTIFICATE_ID_BYTES];

		openpgp_put_certificate_id(&openpgp_places[i], name);
		if (view_equal(object_id, VIEW_OF(name))) {
			*ret_index = (enum openpgp_index)i;
			return true;
		}
	}
	return false;
}

static enum kc_status store(struct kc_token *token, enum openpgp_index index, struct kc_view der)
{
	enum kc_status status = openpgp_choose_certificate(token, openpgp_places[index].occurrence);

	if (status == KC_OK)
		status = openpgp_put_data(token, TAG_CERTIFICATE, der, "the certificate");
	return openpgp_end_admin(token, status);
}

static enum kc_status judge_size(struct kc_token *token, enum kc_status status, size_t len)
{
	uint16_t sw = (uint16_t)error_get()->sw;

	if (status == KC_OK || !openpgp_is_refused_size(sw))
		return status;
	error_clear();
	error_set_hint("a certificate with fewer extensions or a smaller key is shorter");
	return kc_token_fail(token, KC_ERR_BAD_PARAMETER, sw,
			     "the card has no room for a certificate of %zu bytes", len);
}

enum kc_status openpgp_put_certificate(struct kc_token *token,
				       const struct kc_certificate_wish *wish,
				       struct kc_view object_id, struct kc_contents *made)
{
	enum openpgp_index index = OPENPGP_SIGNATURE;
	char label[OPENPGP_LABEL_BYTES];

	REQUIRE(find_index(object_id, &index), KC_ERR_BAD_PARAMETER, "no place for a certificate");
	TRY(judge_size(token, store(token, index, wish->der), wish->der.len));
	openpgp_put_certificate_label(&openpgp_places[index], label);
	return kc_contents_add_certificate(made, object_id, label, wish->der);
}

enum kc_status openpgp_plan_deletion(struct kc_token *token, const struct kc_deletion_wish *wish)
{
	enum openpgp_index index = OPENPGP_SIGNATURE;

	if (wish->is_key) {
		TRY(openpgp_find_key(token, wish->object_id, &index));
		error_set_hint("another key can take its place (keycask key create --replace)");
		return fail(KC_ERR_NOT_IMPLEMENTED,
			    "OpenPGP cards do not delete their keys one by one");
	}
	REQUIRE(find_index(wish->object_id, &index), KC_ERR_OBJECT_NOT_FOUND,
		"the card has no such certificate");
	return KC_OK;
}

enum kc_status openpgp_delete_object(struct kc_token *token, const struct kc_deletion_wish *wish)
{
	enum openpgp_index index = OPENPGP_SIGNATURE;

	REQUIRE(!wish->is_key && find_index(wish->object_id, &index), KC_ERR_OBJECT_NOT_FOUND,
		"the card has no such certificate");
	return store(token, index, (struct kc_view){NULL, 0});
}
