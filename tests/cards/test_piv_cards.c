/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The PIV driver under its kit, on cards that nobody in this project wrote: what they publish is
 * what `openssl x509` says about the recorded certificates, in no more APDUs than decision 8 has.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "driverkit/session.h"
#include "drivers/piv/piv.h"
#include "harness/fake_card.h"
#include "harness/test.h"

enum {
	IDENTITY_MAX = 128,
	A = 1,
	B = 2,
};

static const struct session_turn probed = {.transaction = 1, .is_selected = true};

static struct session_turn turn_of(int64_t session)
{
	return (struct session_turn){.transaction = 1, .session = session, .is_selected = true};
}

static void init_token(struct kc_token *token, struct fake_card *card)
{
	CHECK_OK(token_init(token, &piv_driver, fake_card_exchange, card));
}

static enum kc_status open_token(struct kc_token *token, char *ret_text, size_t size)
{
	struct kc_token_identity identity = {NULL, NULL};
	enum kc_status status = KC_OK;

	error_clear();
	status = session_open(token, &probed, &identity);
	if (status == KC_OK)
		snprintf(ret_text, size, "%s | %s", identity.instance_id, identity.label);
	free(identity.instance_id);
	free(identity.label);
	return status;
}

static enum kc_status enumerate(struct kc_token *token)
{
	error_clear();
	return session_enumerate(token, &probed);
}

/* --- what they publish ------------------------------------------------------------------------ */

static void put_id(FILE *out, const struct kc_bytes *id)
{
	for (size_t i = 0; i < id->len; i++)
		fprintf(out, "%02X", id->data[i]);
}

static void put_key(FILE *out, const struct contents_object *key)
{
	static const char *const constraints[] = {"none", "pin", "pin_always"};

	fprintf(out, "%s-%u %s%s%s%s, certificate ", key->type == KC_KEY_TYPE_RSA ? "rsa" : "ec",
		key->size_in_bits, constraints[key->constraint], key->can_sign ? " sign" : "",
		key->can_decrypt ? " decrypt" : "", key->can_derive ? " derive" : "");
	put_id(out, &key->certificate_id);
	for (size_t i = 0; i < key->n_algorithms; i++)
		fprintf(out, " %s", key->algorithms[i]);
	fputc('\n', out);
}

/* One line per object; the CRC-32 of a certificate stands for its bytes. Free it. */
static char *summary_of(const struct kc_contents *contents)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	CHECK(out != NULL);
	for (size_t i = 0; i < contents->n_objects; i++) {
		const struct contents_object *object = &contents->objects[i];

		put_id(out, &object->object_id);
		fprintf(out, " %s: ", object->label);
		if (object->is_key)
			put_key(out, object);
		else
			fprintf(out, "%zu bytes %08lx\n", object->data.len,
				crc32(0, object->data.data, (uInt)object->data.len));
	}
	CHECK(fclose(out) == 0);
	return text;
}

/* No object is read twice, and nothing is sent that the card was not recorded with. */
static void check_economy(struct fake_card *card, unsigned n_apdus)
{
	for (unsigned i = 0; i < fake_card_count(card); i++) {
		const char *command = fake_card_command(card, i);

		if (strncmp(command, "00CB", 4) == 0)
			CHECK_INT(fake_card_count_of(card, command), 1);
	}
	CHECK_INT(fake_card_unexpected(card), 0);
	CHECK_INT(fake_card_count(card), n_apdus);
}

static void check_card(const char *path, const char *identity, const char *contents,
		       unsigned n_apdus)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = fake_card_load(path);
	char text[IDENTITY_MAX];
	char *summary = NULL;

	init_token(&token, card);
	CHECK_OK(open_token(&token, text, sizeof(text)));
	CHECK_TEXT(text, identity);
	CHECK_OK(enumerate(&token));
	summary = summary_of(&token.contents);
	CHECK_TEXT(summary, contents);
	free(summary);
	check_economy(card, n_apdus);
	fake_card_free(card);
}

TEST(pivapplet)
{
	check_card("cards/piv-pivapplet.apdu", "F6DFEF8782E6E10F3A89269B227B21A6 | PIV 227B21A6",
		   "5FC105 Certificate For PIV Authentication: 746 bytes 54cb6f9c\n"
		   "9A Key For PIV Authentication: rsa-2048 pin sign, certificate 5FC105 "
		   "rsa_signature_raw\n"
		   "5FC10A Certificate For Digital Signature: 495 bytes c928f8d9\n"
		   "9C Key For Digital Signature: ec-256 pin_always sign, certificate 5FC10A "
		   "ecdsa_signature_digest_x962\n"
		   "5FC10B Certificate For Key Management: 697 bytes 398d20ad\n"
		   "9D Key For Key Management: rsa-2048 pin decrypt, certificate 5FC10B "
		   "rsa_encryption_raw\n"
		   "5FC101 Certificate For Card Authentication: 465 bytes e486a010\n"
		   "9E Key For Card Authentication: ec-256 none sign, certificate 5FC101 "
		   "ecdsa_signature_digest_x962\n"
		   "5FC10D Certificate For Retired Key Management 1: 524 bytes 64323f04\n"
		   "82 Key For Retired Key Management 1: ec-384 pin derive, certificate 5FC10D "
		   "ecdh_key_exchange_standard\n",
		   16);
}

/* It has a retired key and refuses to store a key history: that key is searched for later. */
TEST(canokey)
{
	check_card("cards/piv-canokey.apdu", "8C84A2A74E60E919715431C11994BF22 | PIV 1994BF22",
		   "5FC105 Certificate For PIV Authentication: 746 bytes 93935923\n"
		   "9A Key For PIV Authentication: rsa-2048 pin sign, certificate 5FC105 "
		   "rsa_signature_raw\n"
		   "5FC10A Certificate For Digital Signature: 494 bytes 2070cb9a\n"
		   "9C Key For Digital Signature: ec-256 pin_always sign, certificate 5FC10A "
		   "ecdsa_signature_digest_x962\n"
		   "5FC10B Certificate For Key Management: 496 bytes ba6dee56\n"
		   "9D Key For Key Management: ec-256 pin derive, certificate 5FC10B "
		   "ecdh_key_exchange_standard\n"
		   "5FC101 Certificate For Card Authentication: 494 bytes f7ff79cf\n"
		   "9E Key For Card Authentication: ec-384 none sign, certificate 5FC101 "
		   "ecdsa_signature_digest_x962\n",
		   12);
}

TEST(openfips201)
{
	check_card("cards/piv-openfips201.apdu", "EA1CAE764B0A4F698D683502F9BA8A8A | PIV F9BA8A8A",
		   "5FC105 Certificate For PIV Authentication: 741 bytes f66927d8\n"
		   "9A Key For PIV Authentication: rsa-2048 pin sign, certificate 5FC105 "
		   "rsa_signature_raw\n"
		   "5FC10A Certificate For Digital Signature: 490 bytes 64caba3b\n"
		   "9C Key For Digital Signature: ec-256 pin_always sign, certificate 5FC10A "
		   "ecdsa_signature_digest_x962\n"
		   "5FC10B Certificate For Key Management: 490 bytes 832f1ee4\n"
		   "9D Key For Key Management: ec-256 pin derive, certificate 5FC10B "
		   "ecdh_key_exchange_standard\n"
		   "5FC101 Certificate For Card Authentication: 460 bytes 6ae0d0a1\n"
		   "9E Key For Card Authentication: ec-256 none sign, certificate 5FC101 "
		   "ecdsa_signature_digest_x962\n"
		   "5FC10D Certificate For Retired Key Management 1: 693 bytes b6827f4a\n"
		   "82 Key For Retired Key Management 1: rsa-2048 pin decrypt, certificate 5FC10D "
		   "rsa_encryption_raw\n",
		   15);
}

TEST(openpgp_cards_are_not_ours)
{
	static const char *const paths[] = {"cards/openpgp-smartpgp-ec.apdu",
					    "cards/openpgp-smartpgp-rsa.apdu"};

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		CLEANUP(token_done) struct kc_token token = {0};
		struct fake_card *card = fake_card_load(paths[i]);
		char text[IDENTITY_MAX];

		init_token(&token, card);
		CHECK_STATUS(open_token(&token, text, sizeof(text)), KC_ERR_BAD_PARAMETER);
		CHECK(token.token_id == NULL);
		fake_card_free(card);
	}
}

/* Nothing was selected before: the driver's own SELECT finds no PIV application. */
TEST(openpgp_cards_are_declined_at_select)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = fake_card_load("cards/openpgp-smartpgp-ec.apdu");
	struct session_turn turn = {.transaction = 1};
	struct kc_token_identity identity = {NULL, NULL};

	init_token(&token, card);
	CHECK(session_open(&token, &turn, &identity) != KC_OK);
	CHECK(!token.is_selected);
	CHECK_INT(fake_card_count(card), 1);
	fake_card_free(card);
}

/* --- SELECT and names ------------------------------------------------------------------------- */

static enum kc_status select_with(const char *answer)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = fake_card_new(FAKE_CARD_LOOKUP);
	enum kc_status status = KC_OK;

	fake_card_add(card, "00A4040009A0000003080000100000", answer);
	init_token(&token, card);
	error_clear();
	status = piv_select(&token);
	fake_card_free(card);
	return status;
}

TEST(property_templates_of_all_kinds)
{
	CHECK_OK(select_with("61114F0600001000010079074F05A0000003089000"));
	CHECK_OK(select_with("61164F0BA00000030800001000010079074F05A0000003089000"));
	CHECK_OK(select_with("61004F0BA00000030800001000010079074F05A0000003089000"));
	CHECK_OK(select_with("9000"));
	CHECK_OK(select_with("FFFF9000")); /* says nothing against it */
	CHECK_STATUS(select_with("61084F06D276000124019000"), KC_ERR_BAD_PARAMETER);
	CHECK_STATUS(select_with("61004F06D276000124019000"), KC_ERR_BAD_PARAMETER);
	CHECK_STATUS(select_with("6A82"), KC_ERR_OBJECT_NOT_FOUND);
	CHECK_STATUS(select_with("6D00"), KC_ERR_NOT_IMPLEMENTED);
	CHECK_STATUS(select_with("6999"), KC_ERR_COMMUNICATION);
}

static const char get_chuid[] = "00CB3FFF055C035FC10200";
static const char get_ccc[] = "00CB3FFF055C035FC10700";
static const char get_serial[] = "00F8000000";

static enum kc_status name_of(const char *chuid, const char *serial, const char *ccc,
			      char *ret_text)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = fake_card_new(FAKE_CARD_LOOKUP);
	enum kc_status status = KC_OK;

	fake_card_add(card, get_chuid, chuid);
	fake_card_add(card, get_serial, serial);
	fake_card_add(card, get_ccc, ccc);
	init_token(&token, card);
	status = open_token(&token, ret_text, IDENTITY_MAX);
	fake_card_free(card);
	return status;
}

TEST(names_in_their_order)
{
	static const char zero_guid[] = "53123410000000000000000000000000000000009000";
	static const char guid[] = "53123410000102030405060708090A0B0C0D0EAB9000";
	static const char ccc[] = "5308F006A00000011601FE009000";
	char text[IDENTITY_MAX] = "";

	CHECK_OK(name_of(guid, "00A1B2C39000", ccc, text));
	CHECK_TEXT(text, "000102030405060708090A0B0C0D0EAB | PIV 0C0D0EAB");
	CHECK_OK(name_of(zero_guid, "00A1B2C39000", ccc, text));
	CHECK_TEXT(text, "10597059 | PIV 10597059");
	CHECK_OK(name_of("6A82", "000000009000", "5308F006A000000116019000", text));
	CHECK_TEXT(text, "A00000011601 | PIV 00011601");
}

TEST(cards_without_a_name)
{
	char text[IDENTITY_MAX] = "";

	CHECK_STATUS(name_of("6A82", "6D00", "6A82", text), KC_ERR_BAD_PARAMETER);
	CHECK_STATUS(name_of("53009000", "019000", "5302F0009000", text), KC_ERR_BAD_PARAMETER);
	/* An answer that is no answer must not give the card another name. */
	CHECK_STATUS(name_of("90", "00A1B2C39000", "6A82", text), KC_ERR_COMMUNICATION);
	CHECK_TEXT(text, "");
}

/* --- compressed certificates ------------------------------------------------------------------ */

/* Answer GET DATA of 9A's container with 53 { 70 content, 71 info, FE }. */
static void add_container(struct fake_card *card, struct kc_view content, uint8_t info)
{
	static char answer[2 * 4096];
	size_t inner = content.len + 4 + 5;
	int len = snprintf(answer, sizeof(answer), "5382%04zX7082%04zX", inner, content.len);

	CHECK(content.len < 2048);
	for (size_t i = 0; i < content.len; i++)
		len += snprintf(answer + len, 3, "%02X", content.data[i]);
	snprintf(answer + len, sizeof(answer) - (size_t)len, "7101%02XFE009000", info);
	fake_card_add(card, "00CB3FFF055C035FC10500", answer);
}

static size_t compress_with(int window_bits, struct kc_view plain, uint8_t *packed, size_t size)
{
	z_stream stream = {0};

	CHECK(deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	stream.next_in = plain.data;
	stream.avail_in = (uInt)plain.len;
	stream.next_out = packed;
	stream.avail_out = (uInt)size;
	CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
	deflateEnd(&stream);
	return size - stream.avail_out;
}

/* How many objects come of a card whose only container is this one. */
static size_t published_from(struct kc_view content, uint8_t info, struct kc_bytes *ret_first)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = fake_card_new(FAKE_CARD_LOOKUP);
	size_t n = 0;

	add_container(card, content, info);
	init_token(&token, card);
	CHECK_OK(enumerate(&token));
	n = token.contents.n_objects;
	if (n > 0 && ret_first) {
		*ret_first = token.contents.objects[0].data;
		token.contents.objects[0].data = (struct kc_bytes){NULL, 0};
	}
	fake_card_free(card);
	return n;
}

static struct kc_bytes recorded_certificate(void)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = fake_card_load("cards/piv-canokey.apdu");
	struct kc_bytes der = {NULL, 0};

	init_token(&token, card);
	CHECK_OK(enumerate(&token));
	der = token.contents.objects[0].data;
	token.contents.objects[0].data = (struct kc_bytes){NULL, 0};
	fake_card_free(card);
	return der;
}

TEST(compressed_certificates)
{
	CLEANUP(kc_bytes_free) struct kc_bytes der = recorded_certificate();
	static const int windows[] = {15 + 16, 15}; /* gzip, zlib */
	uint8_t packed[2048];

	for (size_t i = 0; i < ARRAY_LEN(windows); i++) {
		CLEANUP(kc_bytes_free) struct kc_bytes got = {NULL, 0};
		size_t len = compress_with(windows[i], piv_view(&der), packed, sizeof(packed));

		CHECK_INT(published_from(view_of(packed, len), 1, &got), 2);
		CHECK(view_equal(piv_view(&got), piv_view(&der)));
		CHECK_INT(published_from(view_of(packed, len), 0, NULL), 0);
		CHECK_INT(published_from(view_of(packed, len - 9), 1, NULL), 0);
	}
	CHECK_INT(published_from(piv_view(&der), 0, NULL), 2);
	CHECK_INT(published_from(piv_view(&der), 1, NULL), 0);
	CHECK_INT(published_from(view_of(der.data, der.len - 1), 0, NULL), 0);
}

TEST(a_bomb_is_no_certificate)
{
	static uint8_t zeros[1024 * 1024] = {0x30, 0x83, 0x0F, 0xFF, 0xFB};
	uint8_t packed[2048];
	size_t len = compress_with(15 + 16, VIEW_OF(zeros), packed, sizeof(packed));

	CHECK_INT(published_from(view_of(packed, len), 1, NULL), 0);
}

/* --- PIN and signatures ----------------------------------------------------------------------- */

static const char right_pin[] = "0020008008313233343536FFFF";
static const char wrong_pin[] = "0020008008363534333231FFFF";
static const char any_verify[] = "0020";
static const char any_signature[] = "0087";

static enum kc_status authenticate(struct kc_token *token, int64_t session, const char *pin)
{
	struct session_turn turn = turn_of(session);
	struct session_authentication authentication = {.pin = view_of_text(pin)};

	error_clear();
	return session_authenticate(token, &turn, &authentication);
}

static enum kc_status sign(struct kc_token *token, int64_t session, uint8_t slot,
			   const char *algorithm, struct kc_view data,
			   struct kc_bytes *ret_signature)
{
	struct session_turn turn = turn_of(session);
	struct session_use use = {
		.object_id = view_of(&slot, 1), .algorithm = algorithm, .data = data};

	error_clear();
	return session_use_key(token, &turn, &use, ret_signature);
}

static struct fake_card *canokey_with_pin(struct kc_token *token)
{
	struct fake_card *card = fake_card_load("cards/piv-canokey.apdu");

	fake_card_add(card, right_pin, "9000");
	fake_card_add(card, wrong_pin, "63C2");
	init_token(token, card);
	CHECK_OK(enumerate(token));
	fake_card_forget(card);
	return card;
}

/* "0087 11 9C Lc 7C 24 82 00 81 20 digest 00" */
static const char sign_p256[] = "0087119C267C2482008120"
				"1111111111111111111111111111111111111111111111111111111111111111"
				"00";

TEST(a_p256_signature_is_one_apdu)
{
	CLEANUP(token_done) struct kc_token token = {0};
	CLEANUP(kc_bytes_free) struct kc_bytes signature = {NULL, 0};
	struct fake_card *card = canokey_with_pin(&token);
	uint8_t digest[32];

	memset(digest, 0x11, sizeof(digest));
	fake_card_add(card, sign_p256, "7C0A820830060201050201079000");
	CHECK_STATUS(
		sign(&token, A, 0x9C, "ecdsa_signature_digest_x962", VIEW_OF(digest), &signature),
		KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_OK(authenticate(&token, A, "123456"));
	fake_card_forget(card);
	CHECK_OK(sign(&token, A, 0x9C, "ecdsa_signature_digest_x962", VIEW_OF(digest), &signature));
	CHECK_HEX(piv_view(&signature), "3006020105020107");
	CHECK_INT(fake_card_count(card), 1);
	fake_card_free(card);
}

/* A short digest is filled up at the left, a long one cut at the right. */
TEST(digests_are_made_to_fit)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = canokey_with_pin(&token);
	struct kc_bytes signature = {NULL, 0};
	uint8_t digest[64];

	memset(digest, 0xAA, sizeof(digest));
	CHECK(sign(&token, 0, 0x9E, "ecdsa_signature_digest_x962", view_of(digest, 20),
		   &signature) != KC_OK);
	CHECK_INT(fake_card_count_of(card, "0087149E367C34820081300000000000000000"
					   "0000000000000000000000000000000000000000AAAA"),
		  1);
	CHECK(sign(&token, 0, 0x9E, "ecdsa_signature_digest_x962", view_of(digest, 64),
		   &signature) != KC_OK);
	CHECK_INT(fake_card_count_of(card, "0087149E367C3482008130AAAAAAAA"), 1);
	CHECK_STATUS(sign(&token, 0, 0x9E, "ecdsa_signature_digest_x962", view_of(digest, 0),
			  &signature),
		     KC_ERR_BAD_PARAMETER);
	CHECK(signature.data == NULL);
	fake_card_free(card);
}

static void repeat(char *text, const char *pair, size_t n)
{
	for (size_t i = 0; i < n; i++)
		memcpy(text + 2 * i, pair, 2);
	text[2 * n] = '\0';
}

/* 266 bytes of template: 255 chained, 11 and Le, then GET RESPONSE. */
static void add_rsa_signature(struct fake_card *card, size_t signature_len)
{
	char fill[2 * 256 + 1];
	char command[600];
	char answer[600];

	repeat(fill, "22", 245);
	snprintf(command, sizeof(command), "1087079AFF7C82010682008182010%s%s", "0", fill);
	fake_card_add(card, command, "9000");
	repeat(fill, "22", 11);
	snprintf(command, sizeof(command), "0087079A0B%s00", fill);
	repeat(fill, "33", 248);
	snprintf(answer, sizeof(answer), "7C820%03zX82820%03zX%s", signature_len + 4, signature_len,
		 fill);
	snprintf(answer + strlen(answer), sizeof(answer) - strlen(answer), "61%02zX",
		 signature_len - 248);
	fake_card_add(card, command, answer);
	repeat(fill, "33", signature_len - 248);
	snprintf(command, sizeof(command), "00C00000%02zX", signature_len - 248);
	snprintf(answer, sizeof(answer), "%s9000", fill);
	fake_card_add(card, command, answer);
}

TEST(an_rsa_2048_signature_is_three_apdus)
{
	CLEANUP(token_done) struct kc_token token = {0};
	CLEANUP(kc_bytes_free) struct kc_bytes signature = {NULL, 0};
	struct fake_card *card = canokey_with_pin(&token);
	uint8_t block[256];

	memset(block, 0x22, sizeof(block));
	add_rsa_signature(card, 256);
	CHECK_OK(authenticate(&token, A, "123456"));
	fake_card_forget(card);
	CHECK_OK(sign(&token, A, 0x9A, "rsa_signature_raw", VIEW_OF(block), &signature));
	CHECK_INT(signature.len, 256);
	CHECK_INT(signature.data[255], 0x33);
	CHECK_INT(fake_card_count(card), 3);
	CHECK_INT(fake_card_unexpected(card), 0);
	CHECK_STATUS(sign(&token, A, 0x9A, "rsa_signature_raw", view_of(block, 255), &signature),
		     KC_ERR_BAD_PARAMETER);
	CHECK_INT(fake_card_count(card), 3);
	fake_card_free(card);
}

TEST(signatures_of_a_wrong_form_are_refused)
{
	static const char *const answers[] = {
		"9000",
		"7C009000",
		"7C0281009000",
		"7C0282009000",
		"7C0A820930060201050201079000",
		"7C0A820830060201050201FF9000",
		"7C0B82093006020105020107009000",
		"7C0A820830060200050201079000",
		"7C0A820830060201850201079000",
	};
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = canokey_with_pin(&token);
	struct kc_bytes signature = {NULL, 0};
	uint8_t digest[32];

	memset(digest, 0x11, sizeof(digest));
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		fake_card_add(card, sign_p256, answers[i]);
		CHECK_OK(authenticate(&token, A, "123456"));
		CHECK_STATUS(sign(&token, A, 0x9C, "ecdsa_signature_digest_x962", VIEW_OF(digest),
				  &signature),
			     KC_ERR_CORRUPTED_DATA);
		CHECK(signature.data == NULL);
	}
	fake_card_free(card);
}

TEST(rsa_signatures_are_as_long_as_the_key)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = canokey_with_pin(&token);
	struct kc_bytes signature = {NULL, 0};
	uint8_t block[256];

	memset(block, 0x22, sizeof(block));
	CHECK_OK(authenticate(&token, A, "123456"));
	for (size_t len = 255; len <= 257; len += 2) {
		add_rsa_signature(card, len);
		CHECK_STATUS(sign(&token, A, 0x9A, "rsa_signature_raw", VIEW_OF(block), &signature),
			     KC_ERR_CORRUPTED_DATA);
	}
	CHECK_INT(fake_card_unexpected(card), 0);
	fake_card_free(card);
}

/* cryptotokenkit.md O10, on a card that would sign: it keeps its verified state. */
TEST(the_pin_of_one_session_serves_no_other)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = canokey_with_pin(&token);
	struct kc_bytes signature = {NULL, 0};
	uint8_t block[256];

	memset(block, 0x22, sizeof(block));
	add_rsa_signature(card, 256);
	CHECK_OK(authenticate(&token, A, "123456"));
	CHECK_OK(sign(&token, A, 0x9A, "rsa_signature_raw", VIEW_OF(block), &signature));
	kc_bytes_free(&signature);
	fake_card_forget(card);

	CHECK_STATUS(authenticate(&token, B, ""), KC_ERR_AUTHENTICATION_FAILED);
	CHECK_INT(error_get()->tries_left, -1);
	CHECK_INT(fake_card_count(card), 0);
	CHECK_STATUS(sign(&token, B, 0x9A, "rsa_signature_raw", VIEW_OF(block), &signature),
		     KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_INT(fake_card_count(card), 0);

	CHECK_STATUS(authenticate(&token, B, "654321"), KC_ERR_AUTHENTICATION_FAILED);
	CHECK_INT(error_get()->tries_left, 2);
	CHECK_INT(error_get()->sw, 0x63C2);
	CHECK_INT(fake_card_count_of(card, any_verify), 1);
	CHECK_INT(fake_card_count(card), 1);
	CHECK_STATUS(sign(&token, B, 0x9A, "rsa_signature_raw", VIEW_OF(block), &signature),
		     KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_INT(fake_card_count_of(card, any_signature), 0);
	CHECK(signature.data == NULL);
	fake_card_free(card);
}

TEST(pins_of_a_wrong_form_cost_nothing)
{
	static const char *const pins[] = {"", "12345", "123456789", "12345\x01", "12345\xFF"};
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = canokey_with_pin(&token);

	for (size_t i = 0; i < ARRAY_LEN(pins); i++)
		CHECK_STATUS(authenticate(&token, A, pins[i]), KC_ERR_AUTHENTICATION_FAILED);
	CHECK_INT(fake_card_count(card), 0);
	CHECK_OK(authenticate(&token, A, "123456"));
	fake_card_free(card);
}

static int tries_of(const char *answer)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = fake_card_new(FAKE_CARD_LOOKUP);
	int tries_left = -2;

	fake_card_add(card, "00200080", answer);
	init_token(&token, card);
	CHECK_OK(session_pin_status(&token, &probed, NULL, &tries_left));
	fake_card_free(card);
	return tries_left;
}

TEST(tries_without_spending_one)
{
	CHECK_INT(tries_of("63C3"), 3);
	CHECK_INT(tries_of("63CF"), 15);
	CHECK_INT(tries_of("63C0"), 0);
	CHECK_INT(tries_of("6983"), 0);
	CHECK_INT(tries_of("9000"), -1); /* verified already: the card does not tell */
	CHECK_INT(tries_of("6A80"), -1);
}

TEST(a_blocked_pin)
{
	static const char *const answers[] = {"6983", "63C0"};

	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		CLEANUP(token_done) struct kc_token token = {0};
		struct fake_card *card = canokey_with_pin(&token);

		fake_card_add(card, wrong_pin, answers[i]);
		CHECK_STATUS(authenticate(&token, A, "654321"), KC_ERR_PIN_BLOCKED);
		CHECK_INT(error_get()->tries_left, 0);
		fake_card_free(card);
	}
}

/* --- hostile answers -------------------------------------------------------------------------- */

enum damage {
	DAMAGE_CUT,
	DAMAGE_FLIP,
	DAMAGE_EXTEND,
};

struct harm {
	enum damage damage;
	unsigned index; /* of the answer */
	size_t place;	/* byte in it */
	bool is_done;
};

static void harm_answer(void *userdata, unsigned index, struct bytes *answer)
{
	static const uint8_t more = 0x53;
	struct harm *harm = userdata;

	if (index != harm->index || harm->place >= answer->len)
		return;
	harm->is_done = true;
	switch (harm->damage) {
	case DAMAGE_CUT:
		answer->len = harm->place;
		break;
	case DAMAGE_FLIP:
		answer->data[harm->place] ^= (uint8_t)(1U << (harm->place % 8));
		break;
	case DAMAGE_EXTEND:
		CHECK_OK(bytes_append(answer, view_of(&more, 1)));
		memmove(answer->data + harm->place + 1, answer->data + harm->place,
			answer->len - 1 - harm->place);
		break;
	}
}

/* Whatever the card said, what is published is well-formed and in its place. */
static void check_sane(const struct kc_contents *contents)
{
	CHECK(contents->n_objects <= 2 * PIV_KEYS_MAX);
	for (size_t i = 0; i < contents->n_objects; i++) {
		const struct contents_object *object = &contents->objects[i];
		struct piv_key key = {0};

		CHECK(object->object_id.len == (object->is_key ? 1 : PIV_TAG_BYTES));
		if (!object->is_key) {
			CHECK(object->data.len > 0 && object->data.data[0] == 0x30);
			continue;
		}
		CHECK(i > 0 && !object[-1].is_key);
		CHECK(view_equal(piv_view(&object->certificate_id),
				 piv_view(&object[-1].object_id)));
		CHECK_OK(piv_read_public_key(piv_view(&object[-1].data), &key));
		CHECK(key.type == object->type && key.size_in_bits == object->size_in_bits);
	}
}

/* Damage each byte of each answer in turn. */
static void harm_everywhere(const char *path, enum damage damage, unsigned n_answers)
{
	struct fake_card *card = fake_card_load(path);
	struct harm harm = {.damage = damage};

	fake_card_alter(card, harm_answer, &harm);
	for (harm.index = 0; harm.index < n_answers; harm.index++) {
		harm.is_done = true;
		for (harm.place = 0; harm.is_done; harm.place++) {
			CLEANUP(token_done) struct kc_token token = {0};
			char text[IDENTITY_MAX];

			harm.is_done = false;
			fake_card_forget(card);
			init_token(&token, card);
			if (open_token(&token, text, sizeof(text)) == KC_OK &&
			    enumerate(&token) == KC_OK)
				check_sane(&token.contents);
		}
	}
	fake_card_free(card);
}

TEST(answers_cut_short)
{
	harm_everywhere("cards/piv-canokey.apdu", DAMAGE_CUT, 12);
}

TEST(answers_with_a_bit_flipped)
{
	harm_everywhere("cards/piv-canokey.apdu", DAMAGE_FLIP, 12);
}

TEST(answers_made_longer)
{
	harm_everywhere("cards/piv-openfips201.apdu", DAMAGE_EXTEND, 15);
}

/* Gone at any moment: the operation says so, and nothing half-read is published. */
TEST(removed_at_any_moment)
{
	for (unsigned n = 0; n < 12; n++) {
		CLEANUP(token_done) struct kc_token token = {0};
		struct fake_card *card = fake_card_load("cards/piv-canokey.apdu");
		char text[IDENTITY_MAX];
		enum kc_status status = KC_OK;

		fake_card_leave_after(card, n);
		init_token(&token, card);
		status = open_token(&token, text, sizeof(text));
		if (status == KC_OK)
			status = enumerate(&token);
		CHECK_STATUS(status, KC_ERR_TOKEN_NOT_FOUND);
		CHECK_INT(token.contents.n_objects, 0);
		fake_card_free(card);
	}
}
