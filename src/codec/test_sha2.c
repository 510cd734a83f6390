/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SHA-2 on the examples that NIST publishes with FIPS 180-4, and on every length of message. */
#include "codec/sha2.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "harness/test.h"

static const struct {
	const char *message;
	const char *sha256;
	const char *sha512;
} examples[] = {
	{"", "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
	 "CF83E1357EEFB8BDF1542850D66D8007D620E4050B5715DC83F4A921D36CE9CE47D0D13C5D85F2B0FF8318D28"
	 "77EEC2F63B931BD47417A81A538327AF927DA3E"},
	{"abc", "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
	 "DDAF35A193617ABACC417349AE20413112E6FA4E89A97EA20A9EEEE64B55D39A2192992A274FC1A836BA3C23A"
	 "3FEEBBD454D4423643CE80E2A9AC94FA54CA49F"},
	{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	 "248D6A61D20638B8E5C026930C3E6039A33CE45964FF2167F6ECEDD419DB06C1",
	 "204A8FC6DDA82F0A0CED7BEB8E08A41657C16EF468B228A8279BE331A703C33596FD15C13B1B07F9AA1D3BEA5"
	 "7789CA031AD85C7A71DD70354EC631238CA3445"},
	{"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrl"
	 "mnopqrsmnopqrstnopqrstu",
	 "CF5B16A778AF8380036CE59E7B0492370B249B11E8F07A51AFAC45037AFEE9D1",
	 "8E959B75DAE313DA8CF4F72814FC143F8F7779C6EB9F7FA17299AEADB6889018501D289E4900F7E4331B99DEC"
	 "4B5433AC7D329EEB6DD26545E96E55B874BE909"},
};

static void check_digest(enum sha2_kind kind, struct kc_view message, const char *expected)
{
	uint8_t digest[SHA2_DIGEST_MAX];
	struct sha2 sha2;

	sha2_init(&sha2, kind);
	sha2_update(&sha2, message);
	sha2_finish(&sha2, digest);
	CHECK_HEX(view_of(digest, sha2_digest_bytes(kind)), expected);
}

TEST(nists_examples)
{
	for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
		struct kc_view message = view_of_text(examples[i].message);

		check_digest(SHA2_256, message, examples[i].sha256);
		check_digest(SHA2_512, message, examples[i].sha512);
	}
}

/* A million times "a", in parts of seven. */
static void check_million(enum sha2_kind kind, const char *expected)
{
	uint8_t digest[SHA2_DIGEST_MAX];
	struct sha2 sha2;

	sha2_init(&sha2, kind);
	for (size_t i = 0; i < 142857; i++)
		sha2_update(&sha2, view_of_text("aaaaaaa"));
	sha2_update(&sha2, view_of_text("a"));
	sha2_finish(&sha2, digest);
	CHECK_HEX(view_of(digest, sha2_digest_bytes(kind)), expected);
}

TEST(a_long_message_in_parts)
{
	check_million(SHA2_384, "9D0E1809716474CB086E834E310A4A1CED149E9C00F248527972CEC5704C2A5B07"
				"B8B3DC38ECC4EBAE97DDD87F3D8985");
	check_million(SHA2_224, "20794655980C91D8BBB4C1EA97618A4BF03F42581948B2EE4EE7AD67");
	check_million(SHA2_256, "CDC76E5C9914FB9281A1C7E284D73E67F1809A48A497200E046D39CCC7112CD0");
	check_million(SHA2_512, "E718483D0CE769644E2E42C7BC15B4638E1F98B13B2044285632A803AFA973EBDE"
				"0FF244877EA60A4CB0432CE577C31BEB009C5C2C49AA2E4EADB217AD8CC09B");
}

/* The digest of the digests of messages of 0 to 300 bytes: each way to fill a last block. */
static void check_lengths(enum sha2_kind kind, const char *expected)
{
	static const uint8_t message[300];
	uint8_t digest[SHA2_DIGEST_MAX];
	struct sha2 all;

	sha2_init(&all, kind);
	for (size_t len = 0; len <= sizeof(message); len++) {
		struct sha2 one;

		sha2_init(&one, kind);
		sha2_update(&one, view_of(message, len));
		sha2_finish(&one, digest);
		sha2_update(&all, view_of(digest, sha2_digest_bytes(kind)));
	}
	sha2_finish(&all, digest);
	CHECK_HEX(view_of(digest, sha2_digest_bytes(kind)), expected);
}

/* Expected values by Python's hashlib. */
TEST(messages_of_every_length)
{
	check_lengths(SHA2_384, "386228DEB245521C1043DADC433DA8192FE2FA9F7842167AA119EB0418AE82BFAB"
				"716F179A057F3C3F5971FCB226F46E");
	check_lengths(SHA2_224, "1477AAEA1E36556C527C7928C96F5DF8BABD20AFE98F143E8A3DA60D");
	check_lengths(SHA2_256, "21CA6B0414077D01AD81FF2CD5AC9DFCEAA3DD757D8D93E865935929B573C501");
	check_lengths(SHA2_512, "20F117A30FDF9E09D9B68DCA42958392256F815864AA587894AEA7E35FF524F0EA"
				"18C201CBA6E0E6CB69DB6687279F3B8D9B3DD87542E14C8EE0FACA3F68B45A");
}

/* By Python's base64 and hashlib. */
TEST(a_certificate_is_named_by_its_hash)
{
	char *name = sha2_name(view_of_text("abc"));

	CHECK_TEXT(name, "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
	free(name);
}
