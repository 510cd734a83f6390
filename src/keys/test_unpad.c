/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blocks as they should be, and one byte off in each way there is. */
#include "keys/unpad_impl.h"

#include <openssl/evp.h>

#include "base/constant_time.h"
#include "base/try.h"
#include "harness/test.h"
#include "keys/digest_impl.h"
#include "keys/padding_impl.h"

enum {
	LEN = 64,
};

static const uint8_t ciphertext[LEN] = {0xc1, 0xc2};

/* 00 02 ‖ 5A … ‖ 00 ‖ message, the separator at @separator. */
static void make_pkcs1(uint8_t *block, size_t separator)
{
	memset(block, 0x5a, LEN);
	block[0] = 0x00;
	block[1] = 0x02;
	if (separator < LEN)
		block[separator] = 0x00;
	for (size_t i = separator + 1; i < LEN; i++)
		block[i] = (uint8_t)i;
}

static struct bytes unpad(const uint8_t *block, const uint8_t *other_ciphertext)
{
	struct bytes message = BYTES_INIT(LEN);

	CHECK_OK(unpad_pkcs1(view_of(block, LEN),
			     view_of(other_ciphertext ? other_ciphertext : ciphertext, LEN),
			     &message));
	return message;
}

TEST(unpad_gives_the_message)
{
	for (size_t separator = 10; separator < LEN; separator++) {
		CLEANUP(bytes_done) struct bytes message = {0};
		uint8_t block[LEN];

		make_pkcs1(block, separator);
		message = unpad(block, NULL);
		CHECK(view_equal(bytes_view(&message),
				 view_of(block + separator + 1, LEN - separator - 1)));
	}
}

/* The first 00 separates, not a later one. */
TEST(unpad_leaves_zeros_in_the_message)
{
	CLEANUP(bytes_done) struct bytes message = {0};
	uint8_t block[LEN];

	make_pkcs1(block, 20);
	block[21] = block[30] = block[LEN - 1] = 0;
	message = unpad(block, NULL);
	CHECK(view_equal(bytes_view(&message), view_of(block + 21, LEN - 21)));
}

/* Whatever is wrong, there is a message, the same each time, that is not what stands there. */
static void check_synthetic(const uint8_t *block)
{
	CLEANUP(bytes_done) struct bytes message = unpad(block, NULL);
	CLEANUP(bytes_done) struct bytes again = unpad(block, NULL);
	CLEANUP(bytes_done) struct bytes other = {0};
	uint8_t other_ciphertext[LEN] = {0xc1, 0xc3};

	CHECK(message.len <= LEN - PADDING_PKCS1_OVERHEAD);
	CHECK(view_equal(bytes_view(&message), bytes_view(&again)));
	if (message.len >= 4)
		CHECK(memcmp(message.data, block + LEN - message.len, message.len) != 0);
	other = unpad(block, other_ciphertext);
	CHECK(!view_equal(bytes_view(&message), bytes_view(&other)));
}

TEST(unpad_rejects_without_saying_so)
{
	uint8_t block[LEN];

	for (size_t separator = 2; separator < 10; separator++) {
		make_pkcs1(block, separator);
		check_synthetic(block);
	}
	make_pkcs1(block, LEN);
	check_synthetic(block); /* no separator */
	for (unsigned first = 0; first < 2; first++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			make_pkcs1(block, 20);
			block[first] ^= (uint8_t)(1U << bit);
			check_synthetic(block);
		}
	}
	memset(block, 0, sizeof(block));
	check_synthetic(block);
}

/* Computed apart from this code, by the draft's words. */
TEST(unpad_makes_the_synthetic_message_of_the_draft)
{
	CLEANUP(bytes_done) struct bytes message = BYTES_INIT(128);
	uint8_t block[128];
	uint8_t text[128];

	for (size_t i = 0; i < LEN; i++) {
		block[i] = (uint8_t)i;
		text[i] = (uint8_t)(LEN + i);
	}
	CHECK_OK(unpad_pkcs1(view_of(block, LEN), view_of(text, LEN), &message));
	CHECK_HEX(bytes_view(&message), "DACDFADD7557EE05B374293F2D576A0CD5212177526F808080849B93"
					"FEEACAFBCD0B0D0166896C754418937B91084E");
	bytes_done(&message);
	memset(block, 0xff, sizeof(block));
	memset(text, 0x5a, sizeof(text));
	block[0] = 0x00;
	block[1] = 0x01;
	CHECK_OK(unpad_pkcs1(VIEW_OF(block), VIEW_OF(text), &message));
	CHECK_INT(message.len, 84);
	CHECK_HEX(view_slice(bytes_view(&message), 0, 8), "C06E733ABC89ED02");
}

TEST(unpad_makes_messages_of_all_lengths)
{
	bool seen[LEN - PADDING_PKCS1_OVERHEAD + 1] = {false};
	size_t n_seen = 0;

	for (unsigned i = 0; i < 2000; i++) {
		CLEANUP(bytes_done) struct bytes message = {0};
		uint8_t block[LEN] = {0xff, (uint8_t)i, (uint8_t)(i >> 8)};

		message = unpad(block, NULL);
		n_seen += !seen[message.len];
		seen[message.len] = true;
	}
	CHECK_INT(n_seen, ARRAY_LEN(seen));
}

TEST(unpad_hides_a_tokens_refusal)
{
	CLEANUP(bytes_done) struct bytes one = BYTES_INIT(LEN);
	CLEANUP(bytes_done) struct bytes again = BYTES_INIT(LEN);
	CLEANUP(bytes_done) struct bytes other = BYTES_INIT(LEN);

	CHECK_OK(unpad_synthetic(VIEW_OF(ciphertext), LEN, &one));
	CHECK_OK(unpad_synthetic(VIEW_OF(ciphertext), LEN, &again));
	CHECK_OK(unpad_synthetic(view_of("other", 5), LEN, &other));
	CHECK(one.len <= LEN - PADDING_PKCS1_OVERHEAD);
	CHECK(view_equal(bytes_view(&one), bytes_view(&again)));
	CHECK(!view_equal(bytes_view(&one), bytes_view(&other)));
	CHECK_STATUS(unpad_synthetic(VIEW_OF(ciphertext), 10, &one), KC_ERR_PARAM);
}

TEST(unpad_needs_a_block_that_can_be_padded)
{
	CLEANUP(bytes_done) struct bytes message = BYTES_INIT(4096);
	uint8_t block[2049] = {0};

	CHECK_STATUS(unpad_pkcs1(view_of(block, 10), VIEW_OF(ciphertext), &message), KC_ERR_PARAM);
	CHECK_OK(unpad_pkcs1(view_of(block, 11), VIEW_OF(ciphertext), &message));
	CHECK_INT(message.len, 0); /* the only length there is */
	CHECK_OK(unpad_pkcs1(view_of(block, 2048), VIEW_OF(ciphertext), &message));
	CHECK_STATUS(unpad_pkcs1(view_of(block, 2049), VIEW_OF(ciphertext), &message),
		     KC_ERR_PARAM);
	CHECK_STATUS(unpad_oaep(ALGORITHM_SHA256, view_of(block, 65), &message), KC_ERR_PARAM);
	CHECK_STATUS(unpad_oaep(ALGORITHM_SHA256, view_of(block, 2049), &message), KC_ERR_PARAM);
}

/* --- OAEP ----------------------------------------------------------------------------------- */

struct oaep {
	uint8_t first;		/* Y */
	uint8_t label_change;	/* of lHash's last byte */
	size_t separator;	/* in DB behind lHash */
	uint8_t separator_byte; /* 01 */
	uint8_t filler;		/* 00 */
};

/* RFC 8017 7.1.1, step 2, with mistakes on demand. */
static void make_oaep(enum algorithm_hash hash, const struct oaep *form, uint8_t *block, size_t len)
{
	CLEANUP(bytes_done) struct bytes label = BYTES_INIT(64);
	size_t h_len = digest_len(hash);
	uint8_t *db = block + 1 + h_len;
	size_t db_len = len - 1 - h_len;

	CHECK_OK(digest_put(hash, view_of("", 0), &label));
	block[0] = form->first;
	memset(block + 1, 0x77, h_len);
	memset(db, form->filler, db_len);
	memcpy(db, label.data, h_len);
	db[h_len - 1] ^= form->label_change;
	db[h_len + form->separator] = form->separator_byte;
	for (size_t i = h_len + form->separator + 1; i < db_len; i++)
		db[i] = (uint8_t)(i + 1);
	CHECK_OK(padding_mask(hash, view_of(block + 1, h_len), db, db_len));
	CHECK_OK(padding_mask(hash, view_of(db, db_len), block + 1, h_len));
}

static enum kc_status try_oaep(const struct oaep *form, struct bytes *message)
{
	uint8_t block[128];

	make_oaep(ALGORITHM_SHA256, form, block, sizeof(block));
	error_clear();
	return unpad_oaep(ALGORITHM_SHA256, VIEW_OF(block), message);
}

TEST(unpad_oaep_gives_the_message)
{
	static const enum algorithm_hash hashes[] = {ALGORITHM_SHA1, ALGORITHM_SHA224,
						     ALGORITHM_SHA256, ALGORITHM_SHA384,
						     ALGORITHM_SHA512};

	for (size_t i = 0; i < ARRAY_LEN(hashes); i++) {
		size_t h_len = digest_len(hashes[i]);
		size_t most = 256 - 2 * h_len - 2;

		for (size_t len = 0; len <= most; len++) {
			CLEANUP(bytes_done) struct bytes message = BYTES_INIT(256);
			struct oaep form = {.separator_byte = 1, .separator = most - len};
			uint8_t block[256];

			make_oaep(hashes[i], &form, block, sizeof(block));
			CHECK_OK(unpad_oaep(hashes[i], VIEW_OF(block), &message));
			CHECK_INT(message.len, len);
			for (size_t j = 0; j < len; j++)
				CHECK_INT(message.data[j],
					  (uint8_t)(h_len + form.separator + j + 2));
		}
	}
}

/* One status and one message for everything. */
TEST(unpad_oaep_says_no_more_than_no)
{
	static const struct oaep forms[] = {
		{.first = 1, .separator_byte = 1},
		{.first = 0x80, .separator_byte = 1},
		{.label_change = 1, .separator_byte = 1},
		{.label_change = 0x80, .separator_byte = 1},
		{.separator_byte = 2},
		{.separator_byte = 0x81},
		{.separator = 5, .filler = 3, .separator_byte = 1},
		{.separator = 128 - 66, .separator_byte = 0}, /* zeros to the end */
		{.first = 1, .label_change = 1, .separator_byte = 9},
	};
	CLEANUP(bytes_done) struct bytes message = BYTES_INIT(256);

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		CHECK_STATUS(try_oaep(&forms[i], &message), KC_ERR_PARAM);
		CHECK_TEXT(error_get()->message,
			   "this was not encrypted with this key and this algorithm");
		CHECK_INT(message.len, 0);
	}
}

TEST(constant_time_masks)
{
	static const size_t values[] = {
		0, 1, 2, 9, 10, 11, 255, 256, SIZE_MAX / 2, SIZE_MAX / 2 + 1, SIZE_MAX};

	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		size_t a = values[i];

		CHECK(constant_time_is_zero(a) == (a == 0 ? SIZE_MAX : 0));
		for (size_t j = 0; j < ARRAY_LEN(values); j++) {
			size_t b = values[j];

			CHECK(constant_time_equal(a, b) == (a == b ? SIZE_MAX : 0));
			CHECK(constant_time_less(a, b) == (a < b ? SIZE_MAX : 0));
			CHECK(constant_time_select(SIZE_MAX, a, b) == a);
			CHECK(constant_time_select(0, a, b) == b);
		}
	}
}
