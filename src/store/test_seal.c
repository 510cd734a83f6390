/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sealing: known answers, and that nothing opens elsewhere or damaged. The answers were computed
 * once with Python's hmac and hashlib and the module cryptography (AESGCM): with
 *   derived = hmac(key, purpose + b"\0" + salt, sha512), key = bytes(range(32)),
 *   salt = bytes(range(100, 124)): b"\1" + salt +
 *   AESGCM(derived[:32]).encrypt(derived[32:44], text, b"\1" + owner).
 */
#include "store/seal.h"

#include "base/error.h"
#include "codec/hex.h"
#include "harness/test.h"

enum {
	SEALED_MAX = 1024,
};

static const uint8_t key[SEAL_KEY_BYTES] = {0,	1,  2,	3,  4,	5,  6,	7,  8,	9,  10,
					    11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
					    22, 23, 24, 25, 26, 27, 28, 29, 30, 31};

static struct seal_terms terms_of(const char *purpose, const char *owner)
{
	return (struct seal_terms){
		.key = VIEW_OF(key), .purpose = purpose, .owner = view_of_text(owner)};
}

static void check_text(struct kc_view plain, const char *expected)
{
	CHECK(view_equal(plain, view_of_text(expected)));
}

static void check_opens(const char *hex, const char *owner, const char *expected)
{
	CLEANUP(bytes_done) struct bytes sealed = BYTES_INIT(SEALED_MAX);
	CLEANUP(bytes_done) struct bytes plain = BYTES_INIT(SEALED_MAX);
	struct seal_terms terms = terms_of("secret", owner);

	CHECK_OK(hex_decode(hex, &sealed));
	CHECK_OK(seal_open(&terms, bytes_view(&sealed), &plain));
	check_text(bytes_view(&plain), expected);
}

TEST(opens_a_known_answer)
{
	check_opens("016465666768696a6b6c6d6e6f707172737475767778797a7b"
		    "15ca7d24aa899e7b295fb927e6bff59c1600b670213b88d9a30e21e67bd964",
		    "row 7", "hello, keychain");
}

TEST(opens_a_known_answer_without_text_and_owner)
{
	check_opens("016465666768696a6b6c6d6e6f707172737475767778797a7b"
		    "1e6e907d9c4bacb8108cc66c2e75ebc2",
		    "", "");
}

/* hmac.new(key, b"class key\0text", "sha256") */
TEST(derives_a_known_key)
{
	uint8_t derived[SEAL_KEY_BYTES];

	CHECK_OK(seal_derive(VIEW_OF(key), "class key", view_of_text("text"), derived));
	CHECK_HEX(VIEW_OF(derived),
		  "dac98f096c288c4a4b26aa2ae24f053f177e24e1b1af98b868fb948702d90d44");
}

/* hmac.new(key, b"account\0somebody", "sha256")[:16] */
TEST(hashes_to_a_known_value_each_time)
{
	CLEANUP(seal_hasher_freep) struct seal_hasher *hasher = NULL;
	uint8_t hash[SEAL_HASH_BYTES];

	CHECK_OK(seal_hasher_new(VIEW_OF(key), &hasher));
	for (int i = 0; i < 3; i++) {
		CHECK_OK(seal_hash(hasher, "service", view_of_text("somebody"), hash));
		CHECK(!view_equal(VIEW_OF(hash), view_of("\xcf\x3f\xc1\x4e", 4)));
		CHECK_OK(seal_hash(hasher, "account", view_of_text("somebody"), hash));
		CHECK_HEX(VIEW_OF(hash), "cf3fc14e0e26acc5b2b8789cfcc6847b");
	}
}

TEST(what_is_closed_opens_and_is_appended)
{
	CLEANUP(bytes_done) struct bytes sealed = BYTES_INIT(SEALED_MAX);
	CLEANUP(bytes_done) struct bytes plain = BYTES_INIT(SEALED_MAX);
	struct seal_terms terms = terms_of("secret", "row 7");

	CHECK_OK(bytes_append(&sealed, view_of_text("ab")));
	CHECK_OK(bytes_append(&plain, view_of_text("so: ")));
	CHECK_OK(seal_close(&terms, view_of_text("keep this"), &sealed));
	CHECK_INT(sealed.len, 2 + 9 + SEAL_OVERHEAD);
	CHECK_OK(seal_open(&terms, view_slice(bytes_view(&sealed), 2, SEALED_MAX), &plain));
	check_text(bytes_view(&plain), "so: keep this");
}

TEST(fits_into_a_buffer_of_just_its_size)
{
	CLEANUP(bytes_done) struct bytes sealed = BYTES_INIT(9 + SEAL_OVERHEAD);
	CLEANUP(bytes_done) struct bytes plain = BYTES_INIT(9);
	CLEANUP(bytes_done) struct bytes small = BYTES_INIT(8);
	struct seal_terms terms = terms_of("secret", "row 7");

	CHECK_OK(seal_close(&terms, view_of_text("keep this"), &sealed));
	CHECK_OK(seal_open(&terms, bytes_view(&sealed), &plain));
	CHECK_STATUS(seal_open(&terms, bytes_view(&sealed), &small), KC_ERR_PARAM);
	CHECK_INT(small.len, 0);
}

TEST(the_same_never_looks_the_same)
{
	CLEANUP(bytes_done) struct bytes first = BYTES_INIT(SEALED_MAX);
	CLEANUP(bytes_done) struct bytes second = BYTES_INIT(SEALED_MAX);
	struct seal_terms terms = terms_of("secret", "row 7");

	CHECK_OK(seal_close(&terms, view_of_text("keep this"), &first));
	CHECK_OK(seal_close(&terms, view_of_text("keep this"), &second));
	for (size_t i = 1; i + 8 <= first.len; i++)
		CHECK(memcmp(first.data + i, second.data + i, 8) != 0);
}

static void check_refused(const struct seal_terms *terms, struct kc_view sealed)
{
	CLEANUP(bytes_done) struct bytes plain = BYTES_INIT(SEALED_MAX);

	error_clear();
	CHECK_STATUS(seal_open(terms, sealed, &plain), KC_ERR_DECODE);
	CHECK_INT(plain.len, 0);
	for (size_t i = 0; i + 4 <= plain.capacity; i++)
		CHECK(memcmp(plain.data + i, "keep", 4) != 0);
}

TEST(nothing_opens_elsewhere)
{
	static const uint8_t other_key[SEAL_KEY_BYTES] = {1};
	CLEANUP(bytes_done) struct bytes sealed = BYTES_INIT(SEALED_MAX);
	struct seal_terms terms = terms_of("secret", "row 7");
	struct seal_terms others[] = {terms_of("secret", "row 8"), terms_of("attributes", "row 7"),
				      terms_of("secret", ""), terms, terms};

	others[3].key = VIEW_OF(other_key);
	others[4].beside = view_of_text("a row");
	CHECK_OK(seal_close(&terms, view_of_text("keep this"), &sealed));
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		check_refused(&others[i], bytes_view(&sealed));
}

TEST(what_is_beside_the_owner_goes_on_with_it)
{
	CLEANUP(bytes_done) struct bytes sealed = BYTES_INIT(SEALED_MAX);
	CLEANUP(bytes_done) struct bytes plain = BYTES_INIT(SEALED_MAX);
	struct seal_terms terms = terms_of("secret", "row 7");
	struct seal_terms split = terms_of("secret", "row");

	split.beside = view_of_text(" 7");
	CHECK_OK(seal_close(&split, view_of_text("keep this"), &sealed));
	CHECK_OK(seal_open(&terms, bytes_view(&sealed), &plain));
	check_text(bytes_view(&plain), "keep this");
}

/* Version, salt, text and tag, one byte after the other. */
TEST(no_byte_may_change)
{
	CLEANUP(bytes_done) struct bytes sealed = BYTES_INIT(SEALED_MAX);
	struct seal_terms terms = terms_of("secret", "row 7");

	CHECK_OK(seal_close(&terms, view_of_text("keep this"), &sealed));
	for (size_t i = 0; i < sealed.len; i++) {
		sealed.data[i] ^= 1;
		check_refused(&terms, bytes_view(&sealed));
		sealed.data[i] ^= 1;
	}
}

TEST(no_byte_may_be_missing_or_added)
{
	CLEANUP(bytes_done) struct bytes sealed = BYTES_INIT(SEALED_MAX);
	struct seal_terms terms = terms_of("secret", "row 7");

	CHECK_OK(seal_close(&terms, view_of_text("keep this"), &sealed));
	for (size_t len = 0; len < sealed.len; len++)
		check_refused(&terms, view_of(sealed.data, len));
	CHECK_OK(bytes_append_byte(&sealed, 0));
	check_refused(&terms, bytes_view(&sealed));
}

TEST(says_what_is_wrong)
{
	CLEANUP(bytes_done) struct bytes plain = BYTES_INIT(SEALED_MAX);
	struct seal_terms terms = terms_of("secret", "row 7");
	uint8_t sealed[SEAL_OVERHEAD] = {2};

	CHECK_STATUS(seal_open(&terms, VIEW_OF(sealed), &plain), KC_ERR_DECODE);
	CHECK_TEXT(error_get()->message, "it was sealed in a way not known here");
	sealed[0] = 1;
	error_clear();
	CHECK_STATUS(seal_open(&terms, VIEW_OF(sealed), &plain), KC_ERR_DECODE);
	CHECK_TEXT(error_get()->message, "what was sealed is damaged, or belongs elsewhere");
	error_clear();
	CHECK_STATUS(seal_open(&terms, view_of(sealed, 3), &plain), KC_ERR_DECODE);
	CHECK_TEXT(error_get()->message, "what was sealed is cut off");
}

TEST(a_key_of_another_length_is_none)
{
	CLEANUP(bytes_done) struct bytes sealed = BYTES_INIT(SEALED_MAX);
	struct seal_terms terms = terms_of("secret", "row 7");
	struct seal_hasher *hasher = NULL;

	terms.key.len = 16;
	CHECK_STATUS(seal_close(&terms, view_of_text("keep this"), &sealed), KC_ERR_PARAM);
	CHECK_STATUS(seal_hasher_new(terms.key, &hasher), KC_ERR_PARAM);
	CHECK_INT(sealed.len, 0);
}
