/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The KDF-DO, F9: OpenPGP card 3.4, 4.3.2. Where it says so, the card never sees a password but the
 * iterated and salted S2K of it (RFC 4880, 3.7.1.3), computed here.
 */
#include "base/cleanup.h"
#include "base/try.h"
#include "codec/sha2.h"
#include "codec/tlv.h"
#include "drivers/openpgp/openpgp.h"

enum {
	TAG_KDF = 0xF9,
	TAG_METHOD = 0x81,
	TAG_HASH = 0x82,
	TAG_COUNT = 0x83,
	TAG_SALT_FIRST = 0x84, /* PW1, resetting code, PW3 */
	METHOD_NONE = 0x00,
	METHOD_ITERATED_SALTED = 0x03,
	HASH_SHA256 = 0x08, /* RFC 4880, 9.4 */
	HASH_SHA512 = 0x0A,
	COUNT_BYTES = 4,
	COUNT_MAX = 65011712, /* RFC 4880, 3.7.1.3: the most that S2K can say */
	KDF_MAX = 512,
	REPEATED_MAX = 4096,
};

static enum kc_status read_byte(struct kc_view data, uint32_t tag, uint8_t *ret_byte)
{
	struct kc_view value = {NULL, 0};

	TRY(tlv_find(data, tag, &value));
	REQUIRE(value.len == 1, KC_ERR_CORRUPTED_DATA, "the card's KDF-DO has a wrong form");
	*ret_byte = value.data[0];
	return KC_OK;
}

static enum kc_status read_count(struct kc_view data, uint32_t *ret_count)
{
	struct kc_view value = {NULL, 0};
	uint32_t count = 0;

	TRY(tlv_find(data, TAG_COUNT, &value));
	REQUIRE(value.len == COUNT_BYTES, KC_ERR_CORRUPTED_DATA,
		"the card's KDF-DO has a wrong form");
	for (size_t i = 0; i < COUNT_BYTES; i++)
		count = count << 8 | value.data[i];
	REQUIRE(count <= COUNT_MAX, KC_ERR_CORRUPTED_DATA,
		"the card wants a password hashed %u times over", count);
	*ret_count = count;
	return KC_OK;
}

/* 4.3.2: a card may have one salt for all passwords. */
static enum kc_status read_salts(struct kc_view data, struct openpgp_kdf *kdf)
{
	for (uint32_t i = 0; i < OPENPGP_N_PASSWORDS; i++) {
		struct kc_view salt = {NULL, 0};

		if (!tlv_has(data, TAG_SALT_FIRST + i, &salt))
			salt = i > 0 ? VIEW_OF(kdf->salts[0]) : salt;
		REQUIRE(salt.len == OPENPGP_SALT_BYTES, KC_ERR_CORRUPTED_DATA,
			"the card's KDF-DO has a wrong form");
		memcpy(kdf->salts[i], salt.data, OPENPGP_SALT_BYTES);
	}
	error_clear();
	return KC_OK;
}

static enum kc_status read_kdf(struct kc_view data, struct openpgp_kdf *ret_kdf)
{
	struct openpgp_kdf kdf = {.is_known = true};
	uint8_t method = METHOD_NONE;
	uint8_t hash = 0;

	if (data.len > 0)
		TRY(read_byte(data, TAG_METHOD, &method));
	if (method != METHOD_NONE) {
		TRY(read_byte(data, TAG_HASH, &hash));
		REQUIRE(method == METHOD_ITERATED_SALTED &&
				(hash == HASH_SHA256 || hash == HASH_SHA512),
			KC_ERR_NOT_IMPLEMENTED,
			"the card wants its PIN in a way that keycask does not know");
		kdf.is_derived = true;
		kdf.is_sha512 = hash == HASH_SHA512;
		TRY(read_count(data, &kdf.count));
		TRY(read_salts(data, &kdf));
	}
	*ret_kdf = kdf;
	return KC_OK;
}

/* A wrong guess would cost a try, so what cannot be read is a failure. Absent is none. */
static enum kc_status learn(struct kc_token *token)
{
	struct openpgp_state *state = kc_token_state(token);
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(KDF_MAX);
	enum kc_status status = KC_OK;

	if (state->kdf.is_known)
		return KC_OK;
	if (state->has_kdf)
		status = openpgp_get_data(token, TAG_KDF, &data);
	if (status == KC_ERR_OBJECT_NOT_FOUND) {
		error_clear();
		status = KC_OK;
	}
	TRY(status);
	return read_kdf(bytes_view(&data), &state->kdf);
}

enum kc_status openpgp_sends_as_typed(struct kc_token *token, bool *ret_is_typed)
{
	const struct openpgp_state *state = kc_token_state(token);

	TRY(learn(token));
	*ret_is_typed = !state->kdf.is_derived;
	return KC_OK;
}

/* Salt and password over and over, so that the hash is fed in large parts. */
static enum kc_status repeat(struct kc_view salt, struct kc_view pin, struct bytes *repeated)
{
	do {
		TRY(bytes_append(repeated, salt));
		TRY(bytes_append(repeated, pin));
	} while (repeated->len + salt.len + pin.len <= REPEATED_MAX);
	return KC_OK;
}

/* RFC 4880, 3.7.1.3: as many bytes as the count says, but all of salt and password once. */
static enum kc_status hash(const struct openpgp_kdf *kdf, struct kc_view salt, struct kc_view pin,
			   struct bytes *value)
{
	CLEANUP(openpgp_secret_done) struct bytes repeated = BYTES_INIT(REPEATED_MAX);
	enum sha2_kind kind = kdf->is_sha512 ? SHA2_512 : SHA2_256;
	size_t left = kdf->count > salt.len + pin.len ? kdf->count : salt.len + pin.len;
	uint8_t digest[SHA2_DIGEST_MAX];
	enum kc_status status = KC_OK;
	struct sha2 sha2;

	TRY(repeat(salt, pin, &repeated));
	sha2_init(&sha2, kind);
	while (left > 0) {
		struct kc_view part = view_slice(bytes_view(&repeated), 0, left);

		sha2_update(&sha2, part);
		left -= part.len;
	}
	sha2_finish(&sha2, digest);
	status = bytes_append(value, view_of(digest, sha2_digest_bytes(kind)));
	explicit_bzero(digest, sizeof(digest));
	return status;
}

enum kc_status openpgp_derive(struct kc_token *token, enum openpgp_password password,
			      struct kc_view pin, struct bytes *value)
{
	const struct openpgp_state *state = kc_token_state(token);
	const struct openpgp_kdf *kdf = &state->kdf;

	TRY(learn(token));
	if (!kdf->is_derived)
		return bytes_append(value, pin);
	return hash(kdf, VIEW_OF(kdf->salts[password]), pin, value);
}
