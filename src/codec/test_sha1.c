/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SHA-1 on the examples that NIST publishes with FIPS 180-4, and about the ends of blocks. */
#include "codec/sha1.h"

#include <string.h>

#include "base/bytes.h"
#include "harness/test.h"

static void check_digest(struct kc_view message, const char *expected)
{
	uint8_t digest[SHA1_DIGEST_BYTES];

	sha1_digest(message, digest);
	CHECK_HEX(VIEW_OF(digest), expected);
}

TEST(nists_examples)
{
	check_digest(view_of(NULL, 0), "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709");
	check_digest(view_of_text("abc"), "A9993E364706816ABA3E25717850C26C9CD0D89D");
	check_digest(view_of_text("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
		     "84983E441C3BD26EBAAE4AA1F95129E5E54670F1");
}

/* A message that ends before, at and after the last place for the length. */
TEST(every_end_of_a_block)
{
	static const struct {
		size_t len;
		const char *digest;
	} ends[] = {
		{55, "C1C8BBDC22796E28C0E15163D20899B65621D65A"},
		{56, "C2DB330F6083854C99D4B5BFB6E8F29F201BE699"},
		{63, "03F09F5B158A7A8CDAD920BDDC29B81C18A551F5"},
		{64, "0098BA824B5C16427BD7A1122A5A442A25EC644D"},
		{65, "11655326C708D70319BE2610E8A57D9A5B959D3B"},
		{119, "EE971065AAA017E0632A8CA6C77BB3BF8B1DFC56"},
		{120, "F34C1488385346A55709BA056DDD08280DD4C6D6"},
		{128, "AD5B3FDBCB526778C2839D2F151EA753995E26A0"},
	};
	uint8_t message[130];

	memset(message, 'a', sizeof(message));
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		check_digest(view_of(message, ends[i].len), ends[i].digest);
}

/* Python's hashlib: a million times "a", in parts of seven. */
TEST(a_long_message_in_parts)
{
	uint8_t digest[SHA1_DIGEST_BYTES];
	struct sha1 sha1;

	sha1_init(&sha1);
	for (size_t i = 0; i < 142857; i++)
		sha1_update(&sha1, view_of_text("aaaaaaa"));
	sha1_update(&sha1, view_of_text("a"));
	sha1_finish(&sha1, digest);
	CHECK_HEX(VIEW_OF(digest), "34AA973CD4C4DAA4F61EEB2BDBAD27316534016F");
}
