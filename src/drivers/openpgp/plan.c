/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a new key goes, and what it is called in the algorithm attributes C1 to C3 (OpenPGP card
 * 3.4, 4.4.3.9 and 4.4.3.10). There are three places, each for one use.
 */
#include "drivers/openpgp/openpgp.h"

#include "base/cleanup.h"
#include "base/try.h"

enum {
	ALGORITHM_RSA = 0x01,
	ALGORITHM_ECDH = 0x12,
	ALGORITHM_ECDSA = 0x13,
	ALGORITHM_EDDSA = 0x16,
	RSA_EXPONENT_BITS = 0x20,
	RSA_IMPORT_STANDARD = 0x00,
	RSA_ATTRIBUTES_BYTES = 6,
	OID_MAX = 10,
	APPLICATION_MAX = 4096,
};

static const struct {
	const char *names[2];
	bool is_decryption;
} words[OPENPGP_N_KEYS] = {
	[OPENPGP_SIGNATURE] = {{"sign", "signature"}, false},
	[OPENPGP_DECRYPTION] = {{"decrypt", "decryption"}, true},
	[OPENPGP_AUTHENTICATION] = {{"authenticate", "authentication"}, false},
};

/* RFC 5480 and, of Curve25519, what GnuPG writes (RFC 9580, 9.2). */
static const struct curve {
	enum kc_key_type type;
	unsigned size_in_bits;
	uint8_t len;
	uint8_t oid[OID_MAX];
} curves[] = {
	{KC_KEY_TYPE_EC, 256, 8, {0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07}},
	{KC_KEY_TYPE_EC, 384, 5, {0x2B, 0x81, 0x04, 0x00, 0x22}},
	{KC_KEY_TYPE_EC, 521, 5, {0x2B, 0x81, 0x04, 0x00, 0x23}},
	{KC_KEY_TYPE_ED25519, 256, 9, {0x2B, 0x06, 0x01, 0x04, 0x01, 0xDA, 0x47, 0x0F, 0x01}},
	{KC_KEY_TYPE_X25519, 256, 10, {0x2B, 0x06, 0x01, 0x04, 0x01, 0x97, 0x55, 0x01, 0x05, 0x01}},
};

static const struct curve *find_curve(enum kc_key_type type, unsigned size_in_bits)
{
	for (size_t i = 0; i < ARRAY_LEN(curves); i++) {
		if (curves[i].type == type &&
		    (size_in_bits == 0 || curves[i].size_in_bits == size_in_bits))
			return &curves[i];
	}
	return NULL;
}

struct kc_view openpgp_curve_oid(enum kc_key_type type, unsigned size_in_bits)
{
	const struct curve *curve = find_curve(type, size_in_bits);

	return curve ? view_of(curve->oid, curve->len) : (struct kc_view){NULL, 0};
}

/* Cards of all makers have these three. */
static enum kc_status choose_rsa(unsigned size_in_bits, uint16_t *ret_bits)
{
	unsigned bits = size_in_bits ? size_in_bits : 2048;

	if (bits != 2048 && bits != 3072 && bits != 4096)
		error_set_hint("rsa keys of an OpenPGP card have 2048, 3072 or 4096 bits");
	REQUIRE(bits == 2048 || bits == 3072 || bits == 4096, KC_ERR_KEY_SIZE_NOT_ALLOWED,
		"OpenPGP cards make no rsa keys of %u bits", bits);
	*ret_bits = (uint16_t)bits;
	return KC_OK;
}

static uint8_t algorithm_of(enum openpgp_index index, enum kc_key_type type)
{
	if (type == KC_KEY_TYPE_ED25519)
		return ALGORITHM_EDDSA;
	return index == OPENPGP_DECRYPTION ? ALGORITHM_ECDH : ALGORITHM_ECDSA;
}

enum kc_status openpgp_put_wish(enum openpgp_index index, const struct kc_key_wish *wish,
				struct bytes *attributes)
{
	const struct curve *curve = find_curve(wish->type, wish->size_in_bits);
	uint16_t bits = 0;

	if (wish->type == KC_KEY_TYPE_RSA) {
		TRY(choose_rsa(wish->size_in_bits, &bits));
		const uint8_t rsa[RSA_ATTRIBUTES_BYTES] = {ALGORITHM_RSA,     (uint8_t)(bits >> 8),
							   (uint8_t)bits,     0,
							   RSA_EXPONENT_BITS, RSA_IMPORT_STANDARD};

		return bytes_append(attributes, VIEW_OF(rsa));
	}
	if (!curve)
		error_set_hint("ec keys have 256, 384 or 521 bits, ed25519 and x25519 keys 256");
	REQUIRE(curve, KC_ERR_KEY_SIZE_NOT_ALLOWED, "there are no such keys of %u bits",
		wish->size_in_bits);
	TRY(bytes_append_byte(attributes, algorithm_of(index, wish->type)));
	return bytes_append(attributes, view_of(curve->oid, curve->len));
}

enum kc_status openpgp_read_place(const char *text, enum openpgp_index *ret_index)
{
	for (size_t i = 0; i < OPENPGP_N_KEYS; i++) {
		if (strcmp(text, words[i].names[0]) == 0 || strcmp(text, words[i].names[1]) == 0) {
			*ret_index = (enum openpgp_index)i;
			return KC_OK;
		}
	}
	error_set_hint("an OpenPGP card has sign, decrypt and authenticate");
	return fail(KC_ERR_BAD_PARAMETER, "an OpenPGP card has no place \"%.16s\" for a key", text);
}

static bool fits(enum openpgp_index index, const struct kc_key_wish *wish)
{
	bool is_rsa = wish->type == KC_KEY_TYPE_RSA;

	if (!words[index].is_decryption)
		return wish->type != KC_KEY_TYPE_X25519 && !wish->can_decrypt && !wish->can_derive;
	return wish->type != KC_KEY_TYPE_ED25519 && !wish->can_sign &&
	       !(wish->can_decrypt && !is_rsa) && !(wish->can_derive && is_rsa);
}

static enum kc_status is_taken(struct kc_token *token, struct kc_view application,
			       enum openpgp_index index, bool *ret_is_taken)
{
	const struct openpgp_place *place = &openpgp_places[index];
	struct openpgp_key key = {.is_there = false};
	enum kc_status status = KC_OK;

	if (openpgp_is_surely_absent(application, place)) {
		*ret_is_taken = false;
		return KC_OK;
	}
	status = openpgp_read_public_key(token, application, place, &key);
	if (status != KC_OK && !openpgp_can_skip(status))
		return status;
	/* What cannot be read may be a key. */
	*ret_is_taken = status != KC_ERR_OBJECT_NOT_FOUND;
	error_clear();
	return KC_OK;
}

/* Nobody gets a key that does not sign without asking for it. */
static bool is_offered(enum openpgp_index index, const struct kc_key_wish *wish)
{
	bool is_asked_for =
		wish->can_decrypt || wish->can_derive || wish->type == KC_KEY_TYPE_X25519;

	return fits(index, wish) && (!words[index].is_decryption || is_asked_for);
}

static enum kc_status find_free(struct kc_token *token, struct kc_view application,
				const struct kc_key_wish *wish, enum openpgp_index *ret_index)
{
	bool has_fitting = false;

	for (size_t i = 0; i < OPENPGP_N_KEYS; i++) {
		enum openpgp_index index = (enum openpgp_index)i;
		bool taken = false;

		if (!is_offered(index, wish))
			continue;
		has_fitting = true;
		TRY(is_taken(token, application, index, &taken));
		if (!taken) {
			*ret_index = index;
			return KC_OK;
		}
	}
	REQUIRE(has_fitting, KC_ERR_BAD_PARAMETER, "no key of an OpenPGP card is for all of that");
	return fail(KC_ERR_DUPLICATE_ITEM, "every place of the card that would do has a key");
}

static enum kc_status check_place(struct kc_token *token, struct kc_view application,
				  const struct kc_key_wish *wish, enum openpgp_index index)
{
	bool taken = false;

	REQUIRE(fits(index, wish), KC_ERR_BAD_PARAMETER,
		"a key of this type and use does not go where the card's %s key is",
		openpgp_places[index].name);
	if (wish->may_replace)
		return KC_OK;
	TRY(is_taken(token, application, index, &taken));
	REQUIRE(!taken, KC_ERR_DUPLICATE_ITEM, "the card has an %s key",
		openpgp_places[index].name);
	return KC_OK;
}

enum kc_status openpgp_get_application(struct kc_token *token, struct bytes *application)
{
	enum kc_status status = openpgp_get_data(token, OPENPGP_TAG_APPLICATION, application);

	if (status != KC_OK && !openpgp_can_skip(status))
		return status;
	error_clear();
	return KC_OK;
}

enum kc_status openpgp_plan_key(struct kc_token *token, const struct kc_key_wish *wish,
				struct kc_bytes *ret_object_id)
{
	CLEANUP(bytes_done) struct bytes application = BYTES_INIT(APPLICATION_MAX);
	CLEANUP(bytes_done) struct bytes attributes = BYTES_INIT(OPENPGP_ATTRIBUTES_MAX);
	CLEANUP(bytes_done) struct bytes id = BYTES_INIT(1);
	enum openpgp_index index = OPENPGP_SIGNATURE;

	if (wish->place)
		TRY(openpgp_read_place(wish->place, &index));
	TRY(openpgp_put_wish(index, wish, &attributes));
	TRY(openpgp_get_application(token, &application));
	if (wish->place)
		TRY(check_place(token, bytes_view(&application), wish, index));
	else
		TRY(find_free(token, bytes_view(&application), wish, &index));
	TRY(bytes_append_byte(&id, openpgp_places[index].reference));
	*ret_object_id = bytes_take(&id);
	return KC_OK;
}
