/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Making a key: OpenPGP card 3.4, 7.2.14, GENERATE ASYMMETRIC KEY PAIR with P1 80, after the
 * algorithm attributes say what it is to be; then time and fingerprint, without which GnuPG takes
 * the place for empty. All of it takes PW3, which the card forgets at the end.
 */
#include "drivers/openpgp/openpgp.h"

#include <time.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/try.h"

enum {
	INS_PUT_DATA = 0xDA,
	P2_PW3 = 0x83,
	TAG_ATTRIBUTES = 0xC0,	/* and the reference of the key: C1, C2, C3 */
	TAG_FINGERPRINT = 0xC6, /* C7, C8, C9 */
	TAG_CREATED = 0xCD,	/* CE, CF, D0 */
	WITH_PUBLIC_KEY = 0xFF, /* 4.4.3.10: behind an OID, the form of an import */
	APPLICATION_MAX = 4096,
	RSA_SIZE_BYTES = 3, /* of attributes: algorithm and modulus */
	ALGORITHM_RSA = 0x01,
};

enum kc_status openpgp_authenticate_admin(struct kc_token *token,
					  const struct kc_admin_proof *proof,
					  struct kc_bytes *ret_response)
{
	(void)ret_response;
	REQUIRE(proof->pin.len > 0, KC_ERR_BAD_PARAMETER,
		"an OpenPGP card's administrator has a PIN and no management key");
	return openpgp_verify(token, P2_PW3, OPENPGP_PW3, proof->pin);
}

enum kc_status openpgp_put_data(struct kc_token *token, unsigned tag, struct kc_view value,
				const char *what)
{
	const struct kc_apdu apdu = {
		.ins = INS_PUT_DATA, .p1 = (uint8_t)(tag >> 8), .p2 = (uint8_t)tag, .data = value};

	return openpgp_command(token, &apdu, what, NULL);
}

/* RSA: exponent and import format are the card's own affair. */
static bool is_same(struct kc_view has, struct kc_view wants)
{
	if (wants.data[0] == ALGORITHM_RSA)
		return view_equal(view_slice(has, 0, RSA_SIZE_BYTES),
				  view_slice(wants, 0, RSA_SIZE_BYTES));
	if (has.len == wants.len + 1 && has.data[has.len - 1] == WITH_PUBLIC_KEY)
		has.len--;
	return view_equal(has, wants);
}

/* A card refuses those that it does not know, or all, in ways of its own (4.4.3.7, C0: some cannot
 * be changed). */
static enum kc_status judge_attributes(struct kc_token *token, enum kc_status status)
{
	uint16_t sw = (uint16_t)error_get()->sw;

	if (status == KC_OK || status == KC_ERR_TOKEN_NOT_FOUND || status == KC_ERR_COMMUNICATION)
		return status;
	error_clear();
	if (status == KC_ERR_AUTHENTICATION_NEEDED)
		return kc_token_fail(token, status, sw, "the card wants its admin PIN");
	return kc_token_fail(token, KC_ERR_KEY_SIZE_NOT_ALLOWED, sw,
			     "the card has no keys of this type and size there");
}

enum kc_status openpgp_set_attributes(struct kc_token *token, enum openpgp_index index,
				      const struct kc_key_wish *wish)
{
	CLEANUP(bytes_done) struct bytes application = BYTES_INIT(APPLICATION_MAX);
	CLEANUP(bytes_done) struct bytes has = BYTES_INIT(APPLICATION_MAX);
	CLEANUP(bytes_done) struct bytes wants = BYTES_INIT(OPENPGP_ATTRIBUTES_MAX);
	unsigned tag = TAG_ATTRIBUTES + openpgp_places[index].reference;
	enum kc_status status = KC_OK;

	TRY(openpgp_put_wish(index, wish, &wants));
	TRY(openpgp_get_application(token, &application));
	status = openpgp_find_or_get(token, bytes_view(&application), tag, &has);
	if (status != KC_OK && !openpgp_can_skip(status))
		return status;
	error_clear();
	if (is_same(bytes_view(&has), bytes_view(&wants)))
		return KC_OK;
	return judge_attributes(token, openpgp_put_data(token, tag, bytes_view(&wants),
							"the algorithm of the key"));
}

/* The key is there whatever becomes of this, and serves everybody but GnuPG. */
enum kc_status openpgp_describe_key(struct kc_token *token, enum openpgp_index index,
				    const struct openpgp_key *key)
{
	const unsigned reference = openpgp_places[index].reference;
	const uint32_t now = (uint32_t)time(NULL);
	const uint8_t created[OPENPGP_TIME_BYTES] = {(uint8_t)(now >> 24), (uint8_t)(now >> 16),
						     (uint8_t)(now >> 8), (uint8_t)now};
	uint8_t fingerprint[OPENPGP_FINGERPRINT_BYTES];
	enum kc_status status = KC_OK;

	TRY(openpgp_fingerprint(index, key, created, fingerprint));
	status = openpgp_put_data(token, TAG_FINGERPRINT + reference, VIEW_OF(fingerprint),
				  "the key's fingerprint");
	if (status == KC_OK)
		status = openpgp_put_data(token, TAG_CREATED + reference, VIEW_OF(created),
					  "the key's time");
	if (!openpgp_can_skip(status))
		return status;
	log_warning("the card keeps no fingerprint of its %s key: %s", openpgp_places[index].name,
		    error_get()->message);
	error_clear();
	return KC_OK;
}

enum kc_status openpgp_find_index(struct kc_view object_id, enum openpgp_index *ret_index)
{
	for (size_t i = 0; i < OPENPGP_N_KEYS; i++) {
		if (view_equal(object_id, view_of(&openpgp_places[i].reference, 1))) {
			*ret_index = (enum openpgp_index)i;
			return KC_OK;
		}
	}
	return fail(KC_ERR_OBJECT_NOT_FOUND, "an OpenPGP card has no such place");
}

static enum kc_status make(struct kc_token *token, const struct kc_key_wish *wish,
			   enum openpgp_index index)
{
	struct openpgp_state *state = kc_token_state(token);
	struct openpgp_key *key = &state->keys[index];
	bool needs_touch = key->needs_touch;
	enum kc_status status = KC_OK;

	TRY(openpgp_set_attributes(token, index, wish));
	*key = (struct openpgp_key){.needs_touch = needs_touch}; /* the old one is gone */
	status = openpgp_make_public_key(token, &openpgp_places[index], key);
	if (status == KC_ERR_OBJECT_NOT_FOUND) {
		error_clear();
		status =
			fail(KC_ERR_CORRUPTED_DATA, "the card does not tell which key it has made");
	}
	TRY(status);
	return openpgp_describe_key(token, index, key);
}

enum kc_status openpgp_end_admin(struct kc_token *token, enum kc_status status)
{
	if (status != KC_ERR_TOKEN_NOT_FOUND)
		openpgp_forget_admin(token);
	return status;
}

enum kc_status openpgp_generate(struct kc_token *token, const struct kc_key_wish *wish,
				struct kc_view object_id, struct kc_contents *made)
{
	enum openpgp_index index = OPENPGP_SIGNATURE;

	TRY(openpgp_find_index(object_id, &index));
	TRY(openpgp_end_admin(token, make(token, wish, index)));
	return openpgp_add_key(token, made, index);
}
