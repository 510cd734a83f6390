/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Unpadding with a block that counts as uninitialised, for valgrind: then "conditional jump depends
 * on uninitialised value" means that the time tells something of the block, and "use of an
 * uninitialised value" that an address does (Langley's ctgrind). One word says what is unpadded;
 * leaky-branch and leaky-address do it as nobody should, to show that it would be found.
 */
#include <stdio.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "base/try.h"
#include "keys/digest_impl.h"
#include "keys/padding_impl.h"
#include "keys/unpad_impl.h"

enum {
	LEN = 256,
};

static void make_pkcs1(uint8_t *block, uint8_t type, size_t separator)
{
	memset(block, 0x5a, LEN);
	block[0] = 0x00;
	block[1] = type;
	if (separator < LEN)
		block[separator] = 0x00;
}

/* Y ‖ maskedSeed ‖ maskedDB of "message"; @spoiled: one byte of DB is another. */
static enum kc_status make_oaep(uint8_t *block, enum algorithm_hash hash, size_t spoiled)
{
	CLEANUP(bytes_done) struct bytes label = BYTES_INIT(EVP_MAX_MD_SIZE);
	size_t h_len = digest_len(hash);
	uint8_t *db = block + 1 + h_len;
	size_t db_len = LEN - 1 - h_len;

	memset(block, 0, LEN);
	TRY(digest_put(hash, view_of("", 0), &label));
	memcpy(db, label.data, label.len);
	memcpy(db + db_len - 8, "\x01message", 8);
	if (spoiled < db_len)
		db[spoiled] ^= 0x40;
	TRY(padding_mask(hash, view_of(block + 1, h_len), db, db_len));
	return padding_mask(hash, view_of(db, db_len), block + 1, h_len);
}

/* --- as it should not be -------------------------------------------------------------------- */

/* Stops at the separator. */
static enum kc_status leak_by_branch(struct kc_view block, struct bytes *message)
{
	size_t i = 2;

	while (i < block.len && block.data[i] != 0)
		i++;
	return bytes_append(message, view_slice(block, i + 1, block.len));
}

/* Looks up a byte in a table, as many an AES does. */
static enum kc_status leak_by_address(struct kc_view block, struct bytes *message)
{
	static const uint8_t is_separator[256] = {[0] = 0xff};
	uint8_t any = 0;

	for (size_t i = 2; i < block.len; i++)
		any |= is_separator[block.data[i]];
	return bytes_append(message, VIEW_OF(((uint8_t[]){any})));
}

/* --- each of them --------------------------------------------------------------------------- */

static enum kc_status probe(const char *what, struct bytes *message)
{
	uint8_t block[LEN];
	struct kc_view view = VIEW_OF(block);
	bool is_oaep = strncmp(what, "oaep", 4) == 0;
	enum algorithm_hash hash = strstr(what, "sha512") ? ALGORITHM_SHA512 : ALGORITHM_SHA1;
	static const uint8_t ciphertext[LEN] = {0xc1};

	make_pkcs1(block, strstr(what, "type") ? 1 : 2,
		   strstr(what, "early")     ? 5
		   : strstr(what, "endless") ? LEN
					     : 100);
	if (is_oaep)
		TRY(make_oaep(block, hash,
			      strstr(what, "label")	? 3
			      : strstr(what, "filling") ? 90
							: LEN));
	if (strstr(what, "first"))
		block[0] = 1;
	(void)VALGRIND_MAKE_MEM_UNDEFINED(block, sizeof(block));
	if (strcmp(what, "leaky-branch") == 0)
		return leak_by_branch(view, message);
	if (strcmp(what, "leaky-address") == 0)
		return leak_by_address(view, message);
	return is_oaep ? unpad_oaep(hash, view, message)
		       : unpad_pkcs1(view, VIEW_OF(ciphertext), message);
}

/* What comes out is nobody's secret, so that its length may be printed. */
int main(int n_words, char **words)
{
	CLEANUP(bytes_done) struct bytes message = BYTES_INIT(LEN);
	enum kc_status status = KC_OK;

	if (n_words != 2 || !RUNNING_ON_VALGRIND) {
		(void)fputs("Usage: valgrind constant_time_probe WHAT\n", stderr);
		return 2;
	}
	status = probe(words[1], &message);
	(void)VALGRIND_MAKE_MEM_DEFINED(&message.len, sizeof(message.len));
	(void)printf("%d %zu\n", status, message.len);
	return 0;
}
