/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Known answers. Of X9.63 those of NIST CAVP (ansx963_2001.rsp, the first of each section); of
 * AES-GCM with an IV of 16 bytes those of Project Wycheproof (aes_gcm_test.json, 240 to 242 and
 * 245); of ECIES, which nobody has published, those of an implementation in Python: hashlib's
 * hashes, the AES-GCM of the package cryptography, keys of RFC 6979 A.2.5 to A.2.7.
 */
#include <stdio.h>

#include "base/try.h"
#include "codec/hex.h"
#include "harness/test.h"
#include "keys/aes_gcm_impl.h"
#include "keys/decryption.h"
#include "keys/x963_impl.h"

enum {
	DATA_MAX = 1024,
};

static struct bytes bytes_of(const char *hex)
{
	struct bytes bytes = BYTES_INIT(DATA_MAX);

	CHECK_OK(hex_decode(hex, &bytes));
	return bytes;
}

/* --- X9.63 --------------------------------------------------------------------------------- */

static const struct derivation {
	enum algorithm_hash hash;
	const char *secret;
	const char *info;
	const char *derived;
} derivations[] = {
	{ALGORITHM_SHA1, "1c7d7b5f0597b03d06a018466ed1a93e30ed4b04dc64ccdd", "",
	 "bf71dffd8f4d99223936beb46fee8ccc"},
	{ALGORITHM_SHA1, "fd17198b89ab39c4ab5d7cca363b82f9fd7e23c3984dc8a2",
	 "856a53f3e36a26bbc5792879f307cce2",
	 "6e5fad865cb4a51c95209b16df0cc490bc2c9064405c5bccd4ee4832a531fbe7"
	 "f10cb79e2eab6ab1149fbd5a23cfdabc41242269c9df22f628c4424333855b64"
	 "e95e2d4fb8469c669f17176c07d103376b10b384ec5763d8b8c610409f19aca8"
	 "eb31f9d85cc61a8d6d4a03d03e5a506b78d6847e93d295ee548c65afedd2efec"},
	{ALGORITHM_SHA224, "9ba3226ba0fca6bd5ddaef5b8d763a4d3303bc258d90468c", "",
	 "15ccbd7d6b8f918335799b3920e69c1f"},
	{ALGORITHM_SHA224, "da67a73072d521a8272c69023573012ddf9b46bff65b3900",
	 "727997aed53e78f74b1d66743a4ea4d2",
	 "dfc3126c5eebf9a58d89730e8d8ff7cc772592f28c10b349b437d9d068698a22"
	 "e532eae975dfaf9c5c6a9f2935eafb05353013c253444e61f07bc9ddd15948e6"
	 "14bdc7e445ba3b1893f42f87f18fb352d49956009a642c362d45410b43a9ab37"
	 "6e9261210739174759511d1f9e52f6ec73dfed446dbafaf7fd1a57113abc2e8d"},
	{ALGORITHM_SHA256, "96c05619d56c328ab95fe84b18264b08725b85e33fd34f08", "",
	 "443024c3dae66b95e6f5670601558f71"},
	{ALGORITHM_SHA256, "22518b10e70f2a3f243810ae3254139efbee04aa57c7af7d",
	 "75eef81aa3041e33b80971203d2c0c52",
	 "c498af77161cc59f2962b9a713e2b215152d139766ce34a776df11866a69bf2e"
	 "52a13d9c7c6fc878c50c5ea0bc7b00e0da2447cfd874f6cf92f30d0097111485"
	 "500c90c3af8b487872d04685d14c8d1dc8d7fa08beb0ce0ababc11f0bd496269"
	 "142d43525a78e5bc79a17f59676a5706dc54d54d4d1f0bd7e386128ec26afc21"},
	{ALGORITHM_SHA384, "d8554db1b392cd55c3fe957bed76af09c13ac2a9392f88f6", "",
	 "671a46aada145162f8ddf1ca586a1cda"},
	{ALGORITHM_SHA384, "c051fd22539c9de791d6c43a854b8f80a6bf70190050854a",
	 "1317504aa34759bb4c931e3b78201945",
	 "cf6a84434734ac6949e1d7976743277be789906908ad3ca3a8923da7f476abbe"
	 "b574306d7243031a85566914bfd247d2519c479953d9d55b6b831e56260806c3"
	 "9af21b74e3ecf470e3bd8332791c8a23c13352514fdef00c2d1a408ba31b2d3f"
	 "9fdcb373895484649a645d1845eec91b5bfdc5ad28c7824984482002dd4a8677"},
	{ALGORITHM_SHA512, "87fc0d8c4477485bb574f5fcea264b30885dc8d90ad82782", "",
	 "947665fbb9152153ef460238506a0245"},
	{ALGORITHM_SHA512,
	 "00aa5bb79b33e389fa58ceadc047197f14e73712f452caa9fc4c9adb369348b8"
	 "1507392f1a86ddfdb7c4ff8231c4bd0f44e44a1b55b1404747a9e2e753f55ef0"
	 "5a2d",
	 "e3b5b4c1b0d5cf1d2b3a2f9937895d31",
	 "4463f869f3cc18769b52264b0112b5858f7ad32a5a2d96d8cffabf7fa733633d"
	 "6e4dd2a599acceb3ea54a6217ce0b50eef4f6b40a5c30250a5a8eeee20800226"
	 "7089dbf351f3f5022aa9638bf1ee419dea9c4ff745a25ac27bda33ca08bd56dd"
	 "1a59b4106cf2dbbc0ab2aa8e2efa7b17902d34276951ceccab87f9661c3e8816"},
};

TEST(x963_as_published)
{
	for (size_t i = 0; i < ARRAY_LEN(derivations); i++) {
		const struct derivation *known = &derivations[i];
		CLEANUP(bytes_done) struct bytes secret = bytes_of(known->secret);
		CLEANUP(bytes_done) struct bytes info = bytes_of(known->info);
		CLEANUP(bytes_done) struct bytes derived = BYTES_INIT(DATA_MAX);

		CHECK_OK(x963_derive(known->hash, bytes_view(&secret), bytes_view(&info),
				     strlen(known->derived) / 2, &derived));
		CHECK_HEX(bytes_view(&derived), known->derived);
	}
}

/* --- AES-GCM ------------------------------------------------------------------------------- */

static const char gcm_key[] = "00112233445566778899aabbccddeeff102132435465768798a9bacbdcedfe0f";

/* Of 40 zeros. */
static const struct sealing {
	const char *iv;
	const char *sealed;
} sealings[] = {
	{"5c2ea9b695fcf6e264b96074d6bfa572",
	 "28e1c5232f4ee8161dbe4c036309e0b3254e9212bef0a93431ce5e5604c8f6a7"
	 "3c18a3183018b770d5808a1bd11a01129bf3c6919aff2339"},
	{"57b3a81f2c36b6b06577ca0fbab8fa8e",
	 "cceebeb4fe4cd90c514e52d2327a2ecd75393661006cf2476d8620149aef3d1c"
	 "dce491fff3e7a7a38132e865b69d64ef37db261f80cbbe24"},
	{"ce20a7e870696a5e68533c465bad2ba1",
	 "4f4350565d91d9aa8c5f4048550492ad6d6fdabf66da5d1e2af7bfe1a8aadaa0"
	 "baa3de38a41d9713155da6441ec071ef2d8e6cffbacc1c7c"},
	{"ecd52120af240e9b4bf3b9d1eeb49434",
	 "36b3fbecd09178d04527fb37544f5579d20d60a41266f685c48098e1a52804ca"
	 "387d90709d3268dd033e0ef2953ebfd8425737c7d393f89a"},
};

static void check_sealing(const struct sealing *known)
{
	CLEANUP(bytes_done) struct bytes key = bytes_of(gcm_key);
	CLEANUP(bytes_done) struct bytes iv = bytes_of(known->iv);
	CLEANUP(bytes_done) struct bytes sealed = BYTES_INIT(DATA_MAX);
	CLEANUP(bytes_done) struct bytes opened = BYTES_INIT(DATA_MAX);
	struct aes_gcm gcm = {.key = bytes_view(&key), .iv = bytes_view(&iv)};
	static const uint8_t plaintext[40];

	CHECK_OK(aes_gcm_seal(&gcm, VIEW_OF(plaintext), &sealed));
	CHECK_HEX(bytes_view(&sealed), known->sealed);
	CHECK_OK(aes_gcm_open(&gcm, bytes_view(&sealed), &opened));
	CHECK(view_equal(bytes_view(&opened), VIEW_OF(plaintext)));
}

TEST(aes_gcm_as_published)
{
	for (size_t i = 0; i < ARRAY_LEN(sealings); i++)
		check_sealing(&sealings[i]);
}

/* One bit anywhere, and nothing is released, not even into the room for it. */
TEST(aes_gcm_releases_nothing_that_is_not_authentic)
{
	CLEANUP(bytes_done) struct bytes key = bytes_of(gcm_key);
	CLEANUP(bytes_done) struct bytes iv = bytes_of(sealings[0].iv);
	CLEANUP(bytes_done) struct bytes sealed = bytes_of(sealings[0].sealed);
	struct aes_gcm gcm = {.key = bytes_view(&key), .iv = bytes_view(&iv)};

	for (size_t i = 0; i < sealed.len * 8; i++) {
		CLEANUP(bytes_done) struct bytes opened = BYTES_INIT(DATA_MAX);
		uint8_t left = 0;

		sealed.data[i / 8] ^= (uint8_t)(1U << i % 8);
		error_clear();
		CHECK_STATUS(aes_gcm_open(&gcm, bytes_view(&sealed), &opened), KC_ERR_PARAM);
		CHECK_INT(opened.len, 0);
		for (size_t j = 0; j < 40; j++)
			left |= opened.data[j];
		CHECK_INT(left, 0);
		sealed.data[i / 8] ^= (uint8_t)(1U << i % 8);
	}
}

/* --- ECIES --------------------------------------------------------------------------------- */

static const struct scene {
	const char *key;       /* the reader's point */
	const char *ephemeral; /* the writer's */
	const char *secret;    /* what both share */
	unsigned size_in_bits;
} scenes[] = {
	{"0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29f"
	 "b67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d44622"
	 "99",
	 "048e533b6fa0bf7b4625bb30667c01fb607ef9f8b8a80fef5b300628703187b2"
	 "a373eb1dbde03318366d069f83a6f5900053c73633cb041b21c55e1a86c1f400"
	 "b4",
	 "aaa093a5fccec23718f3a69b83ef28e6c258a9692e18c43b95e2874e878b2e8e", 256},
	{"04ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c"
	 "64def8f0ea9055866064a254515480bc138015d9b72d7d57244ea8ef9ac0c621"
	 "896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd25332647"
	 "20",
	 "04fbf96095915eb587390f850ec95b35f618ae121c72a70808ad8f9f4c261b60"
	 "2b63541743e395f7c778e52bb28c18dc83016a6ff3f72c9368326ad50a3bd148"
	 "a53cd2213bb480e4730ad019db87ae100995ec65df011e19811a15dc9ddfc9ab"
	 "3c",
	 "c53bab691ea15d22fc2c65bfcacd5be8fc94546c51fc2ce15252d09d1c72e798"
	 "c1365f0c35f8afb7f7e6f747a10d137f",
	 384},
	{"0401894550d0785932e00eaa23b694f213f8c3121f86dc97a04e5a7167db4e5b"
	 "cd371123d46e45db6b5d5370a7f20fb633155d38ffa16d2bd761dcac474b9a2f"
	 "5023a400493101c962cd4d2fddf782285e64584139c2f91b47f87ff82354d663"
	 "0f746a28a0db25741b5b34a828008b22acc23f924faafbd4d33f81ea66956dfe"
	 "aa2bfdfcf5",
	 "04000c9f3273b4dbd91b85aa5251c2b2a49676e36c1717b39912450abf2c85d0"
	 "c474643f18f75882da93f08bc6e78f9b55a10095233e3d97a358d6267a2b687f"
	 "e43f70009ae5391d8417ad8404207e59d5793565fb195429097fd9067f751c40"
	 "1ebe04de62734120f1138b33798d45622f2100a42025a34866a0be247c9a8a69"
	 "301201375e",
	 "0025d2b6d368427bdeed80c4eff57db4986bf8908700f9af89ae85e31760e14f"
	 "f07e21329bb68dfd9d91c135cab06e4fcaa7f45cfd94b1d9761666d0311a4cfd"
	 "0782",
	 521},
};

static const struct answer {
	size_t scene;
	const char *name;
	const char *sealed; /* "to whom it may concern", and the tag */
} answers[] = {
	{0, "ecies_encryption_standard_x963_sha1_aesgcm",
	 "0892bb93c893b31b52ad7b8a77c18fc7ca2cd30b6ed4c8c15a6caf91ab605ba8"
	 "3d48312e3acd"},
	{0, "ecies_encryption_standard_x963_sha224_aesgcm",
	 "55c310384cdccbc532bd64da48146e16ae5b41bfb5c907a9b08bdcb3b899c3cb"
	 "f8523fb67e62"},
	{0, "ecies_encryption_standard_x963_sha256_aesgcm",
	 "b15f1db10cbf9d264338a00b5e6bd8372bd38169c248b3727d8ee0b46350653b"
	 "ba5521ffee20"},
	{0, "ecies_encryption_standard_x963_sha384_aesgcm",
	 "2ced6522fcccbb1105eaf5f28a951abc23618b6ce6f989f9c668c012519c75d2"
	 "1f0e6ae1fdf6"},
	{0, "ecies_encryption_standard_x963_sha512_aesgcm",
	 "97ae922ddcdb4261e6b80235965784113940361e3c6310b7e784dbb8c9d5be0e"
	 "83bc52b449bb"},
	{0, "ecies_encryption_standard_variable_iv_x963_sha224_aesgcm",
	 "3f18746c9c5ea5544a6edb615d7e407147082d38813620470e2f72aa6687a156"
	 "ab7835bfcf79"},
	{0, "ecies_encryption_standard_variable_iv_x963_sha256_aesgcm",
	 "af650756a377fa53e8436809bbb47e1b076cb2a380600a0fae585503b7a29540"
	 "80a0fc7a1399"},
	{0, "ecies_encryption_standard_variable_iv_x963_sha384_aesgcm",
	 "c8d8e0ae706f11d0272e88ab524c4cd6864fa520e866351d68cd37edb68d0a71"
	 "653f90c14671"},
	{0, "ecies_encryption_standard_variable_iv_x963_sha512_aesgcm",
	 "0871deb2fd790927c0b90a27018ec61c15d6e4e13cd36ad56f0f7c54a33005cd"
	 "49434f00f802"},
	{1, "ecies_encryption_standard_x963_sha256_aesgcm",
	 "6105c01483be3b728edade0f21556da3480a17a88c2984f903b3e6c9fce68f8e"
	 "36adb6038c2b"},
	{1, "ecies_encryption_standard_x963_sha512_aesgcm",
	 "d951963b4e274b63c23c7b649116d1a3bea2945348f5cfbed1bb6b6da4c7d4fc"
	 "d8384208e8bc"},
	{1, "ecies_encryption_standard_variable_iv_x963_sha256_aesgcm",
	 "6e5cf9a91d274ff3349094f697f96ca4343a8b2d3616072fba476489a6fc656e"
	 "3c124ca47c38"},
	{1, "ecies_encryption_standard_variable_iv_x963_sha512_aesgcm",
	 "fcaec69884dc26d23a29fec2cb5c5a46c92e21cde7b951d78fc3b865b515d6b0"
	 "8a523a242b09"},
	{2, "ecies_encryption_standard_x963_sha256_aesgcm",
	 "eb5a6895b0724dfc8909673e5618f6a61eca6c13c6feafe3bc4101eb8d6a9ddc"
	 "83f15004df70"},
	{2, "ecies_encryption_standard_x963_sha512_aesgcm",
	 "6d03948b6f7bb3b40b01248e69bdf5273c3e26b52465fec56c83750caafd3d6a"
	 "8c262276ce57"},
	{2, "ecies_encryption_standard_variable_iv_x963_sha256_aesgcm",
	 "39f5fe73d2ee2ace5fd8f6f8bb44860be3e8985d7b7409fdbfa2bb512e9aa236"
	 "21b9ce8051e4"},
	{2, "ecies_encryption_standard_variable_iv_x963_sha512_aesgcm",
	 "c01936cf75cf44f0628a16c5e9a9fb3d41a5122a357f1339c73daa5496f4bcd6"
	 "136331c87df5"},
};

/* The reader's token multiplies; cofactor is standard on these curves. */
static void check_answer(const struct answer *known, const char *name)
{
	const struct scene *scene = &scenes[known->scene];
	CLEANUP(bytes_done) struct bytes point = bytes_of(scene->key);
	CLEANUP(bytes_done) struct bytes secret = bytes_of(scene->secret);
	CLEANUP(bytes_done) struct bytes ciphertext = bytes_of(scene->ephemeral);
	CLEANUP(plan_freep) struct plan *plan = NULL;
	CLEANUP(kc_bytes_free) struct kc_bytes plaintext = {NULL, 0};
	struct key_facts key = {.key_type = "ec",
				.size_in_bits = scene->size_in_bits,
				.public_key = bytes_view(&point),
				.is_software = true};

	CHECK_OK(hex_decode(known->sealed, &ciphertext));
	CHECK_OK(decryption_plan_new(&key, name, bytes_view(&ciphertext), &plan));
	CHECK_INT(plan_kind(plan), PLAN_EXCHANGE);
	CHECK_HEX(plan_input(plan), scene->ephemeral);
	CHECK_OK(plan_finish(plan, &key, bytes_view(&secret), &plaintext));
	CHECK(view_equal(view_of(plaintext.data, plaintext.len),
			 view_of_text("to whom it may concern")));
}

TEST(ecies_as_another_implementation_has_it)
{
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		char cofactor[96];

		check_answer(&answers[i], answers[i].name);
		(void)snprintf(cofactor, sizeof(cofactor), "ecies_encryption_cofactor%s",
			       answers[i].name + strlen("ecies_encryption_standard"));
		check_answer(&answers[i], cofactor);
	}
}
