/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Blocks that an attacker chose: the first byte chooses a hash, the rest is the block. Unpadding in
 * constant time has to come to the result of the plain way of doing it.
 */
#include <stdlib.h>

#include "base/try.h"
#include "keys/digest_impl.h"
#include "keys/padding_impl.h"
#include "keys/unpad_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	BLOCK_MAX = 2048,
};

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* RFC 8017 7.2.2 step 3, as one would write it. False: badly padded. */
static bool plain_pkcs1(struct kc_view block, struct kc_view *ret_message)
{
	size_t i = 2;

	while (i < block.len && block.data[i] != 0)
		i++;
	*ret_message = view_slice(block, i + 1, block.len);
	return block.data[0] == 0 && block.data[1] == 2 && i < block.len && i >= 10;
}

static void try_pkcs1(struct kc_view block)
{
	CLEANUP(bytes_done) struct bytes message = BYTES_INIT(BLOCK_MAX);
	CLEANUP(bytes_done) struct bytes again = BYTES_INIT(BLOCK_MAX);
	struct kc_view expected;
	enum kc_status status = unpad_pkcs1(block, view_of("c", 1), &message);

	require((status == KC_OK) ==
		(block.len >= PADDING_PKCS1_OVERHEAD && block.len <= BLOCK_MAX));
	if (status != KC_OK)
		return;
	require(message.len <= block.len - PADDING_PKCS1_OVERHEAD);
	require(unpad_pkcs1(block, view_of("c", 1), &again) == KC_OK);
	require(view_equal(bytes_view(&message), bytes_view(&again)));
	if (plain_pkcs1(block, &expected))
		require(view_equal(bytes_view(&message), expected));
}

/* RFC 8017 7.1.2 step 3 without constant time: @copy is Y ‖ seed ‖ DB. */
static bool plain_oaep(struct kc_view copy, struct kc_view label, struct kc_view *ret_message)
{
	struct kc_view db = view_slice(copy, 1 + label.len, copy.len);
	size_t i = label.len;

	while (i < db.len && db.data[i] == 0)
		i++;
	*ret_message = view_slice(db, i + 1, db.len);
	return copy.data[0] == 0 && view_equal(view_slice(db, 0, label.len), label) && i < db.len &&
	       db.data[i] == 1;
}

/* @clear is taken for Y ‖ seed ‖ DB, so that the fuzzer sees what it does. */
static void try_oaep(enum algorithm_hash hash, struct kc_view clear)
{
	CLEANUP(bytes_done) struct bytes label = BYTES_INIT(EVP_MAX_MD_SIZE);
	CLEANUP(bytes_done) struct bytes block = BYTES_INIT(BLOCK_MAX);
	CLEANUP(bytes_done) struct bytes message = BYTES_INIT(BLOCK_MAX);
	size_t h_len = digest_len(hash);
	size_t db_at = 1 + h_len;
	struct kc_view expected;
	bool is_good = false;

	if (clear.len < 2 * h_len + 2 || clear.len > BLOCK_MAX)
		return;
	require(digest_put(hash, view_of("", 0), &label) == KC_OK);
	is_good = plain_oaep(clear, bytes_view(&label), &expected);
	require(bytes_append(&block, clear) == KC_OK);
	require(padding_mask(hash, view_slice(clear, 1, h_len), block.data + db_at,
			     block.len - db_at) == KC_OK);
	require(padding_mask(hash, view_of(block.data + db_at, block.len - db_at), block.data + 1,
			     h_len) == KC_OK);
	require((unpad_oaep(hash, bytes_view(&block), &message) == KC_OK) == is_good);
	require(!is_good || view_equal(bytes_view(&message), expected));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum algorithm_hash hashes[] = {ALGORITHM_SHA1, ALGORITHM_SHA256,
						     ALGORITHM_SHA512};
	struct kc_view block = view_slice(view_of(data, size), 1, size);

	error_clear();
	if (size == 0)
		return 0;
	try_pkcs1(block);
	try_oaep(hashes[data[0] % ARRAY_LEN(hashes)], block);
	return 0;
}
