/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The OpenPGP driver under its kit, on cards that nobody in this project wrote. What they publish
 * is what openssl makes of the recorded public keys, whose OpenPGP fingerprints are those that gpg
 * wrote to the cards; how cards differ is put in the mouth of made-up ones.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "codec/hex.h"
#include "driverkit/session.h"
#include "drivers/openpgp/openpgp.h"
#include "harness/fake_card.h"
#include "harness/test.h"

enum {
	IDENTITY_MAX = 128,
};

static const struct session_turn probed = {.transaction = 1, .is_selected = true};

static void init_token(struct kc_token *token, struct fake_card *card)
{
	CHECK_OK(token_init(token, &openpgp_driver, fake_card_exchange, card));
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
	static const char *const types[] = {"rsa", "ec", "ed25519", "x25519"};

	fprintf(out, "%s-%u %s/%u%s%s%s%s, ", types[key->type], key->size_in_bits,
		constraints[key->constraint], key->pin_scope, key->can_sign ? " sign" : "",
		key->can_decrypt ? " decrypt" : "", key->can_derive ? " derive" : "",
		key->needs_touch ? " touch" : "");
	if (key->certificate_id.len > 0)
		put_id(out, &key->certificate_id);
	else
		fprintf(out, "%zu bytes %08lx", key->public_key.len,
			crc32(0, key->public_key.data, (uInt)key->public_key.len));
	for (size_t i = 0; i < key->n_algorithms; i++)
		fprintf(out, " %s", key->algorithms[i]);
	fputc('\n', out);
}

/* One line per object; the CRC-32 of a public key or certificate stands for its bytes. Free it. */
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

static void check_contents(struct fake_card *card, const char *expected)
{
	CLEANUP(token_done) struct kc_token token = {0};
	char text[IDENTITY_MAX];
	char *summary = NULL;

	init_token(&token, card);
	CHECK_OK(open_token(&token, text, sizeof(text)));
	CHECK_OK(enumerate(&token));
	summary = summary_of(&token.contents);
	CHECK_TEXT(summary, expected);
	free(summary);
}

static const char rsa_contents[] =
	"03 OpenPGP authentication key: rsa-2048 pin/0 sign, 270 bytes 73cb57ec "
	"rsa_signature_digest_pkcs1v15_raw\n"
	"02 OpenPGP decryption key: rsa-2048 pin/0 decrypt, 270 bytes a34a1ef6 "
	"rsa_encryption_pkcs1\n"
	"01 OpenPGP signature key: rsa-2048 pin_always/1 sign, 270 bytes 0e25a8ce "
	"rsa_signature_digest_pkcs1v15_raw\n";

static const char ec_contents[] =
	"03 OpenPGP authentication key: ec-256 pin/0 sign, 65 bytes 2118d214 "
	"ecdsa_signature_digest_x962\n"
	"02 OpenPGP decryption key: ec-256 pin/0 derive, 65 bytes b793be6e "
	"ecdh_key_exchange_standard\n"
	"01 OpenPGP signature key: ec-256 pin_always/1 sign, 65 bytes bc87f41d "
	"ecdsa_signature_digest_x962\n";

/* The recordings have GET DATA of the first certificate only: two SELECT DATA are unexpected. */
TEST(smartpgp_with_rsa_keys)
{
	struct fake_card *card = fake_card_load("cards/openpgp-smartpgp-rsa.apdu");

	check_contents(card, rsa_contents);
	CHECK_INT(fake_card_count(card), 11);
	CHECK_INT(fake_card_unexpected(card), 2);
	CHECK_INT(fake_card_count_of(card, "00A5"), 2);
	fake_card_free(card);
}

TEST(smartpgp_with_p256_keys)
{
	struct fake_card *card = fake_card_load("cards/openpgp-smartpgp-ec.apdu");

	check_contents(card, ec_contents);
	CHECK_INT(fake_card_count(card), 8);
	fake_card_free(card);
}

static const struct contents_pin *pin_of(const struct kc_token *token, const char *pin_id)
{
	return contents_find_pin(&token->contents, pin_id);
}

TEST(passwords_are_published_as_people_know_them)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = fake_card_load("cards/openpgp-smartpgp-ec.apdu");

	init_token(&token, card);
	CHECK_OK(enumerate(&token));
	CHECK_INT(token.contents.n_pins, 2);
	CHECK_INT(pin_of(&token, "pin")->role, KC_PIN_ROLE_USER);
	CHECK_INT(pin_of(&token, "pin")->min_length, 6);
	CHECK_INT(pin_of(&token, "pin")->max_length, 127);
	CHECK(contents_is_unblocked_by(pin_of(&token, "pin"), "admin"));
	CHECK(!contents_is_unblocked_by(pin_of(&token, "pin"), "reset_code"));
	CHECK_INT(pin_of(&token, "admin")->min_length, 8);
	CHECK_INT(pin_of(&token, "admin")->n_unblocked_by, 0);
	fake_card_free(card);
}

TEST(names_are_manufacturer_and_serial)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = fake_card_load("cards/openpgp-smartpgp-rsa.apdu");
	char text[IDENTITY_MAX];

	init_token(&token, card);
	CHECK_OK(open_token(&token, text, sizeof(text)));
	CHECK_TEXT(text, "AFAF12345678 | OpenPGP 12345678");
	fake_card_free(card);
}

/* --- how cards differ ------------------------------------------------------------------------- */

#define NUMBERS                                                                                    \
	"E2A238B66CABFF0131CAAE27AF1C70B2D736824673C99DABE1CCF087D1452034"                         \
	"F32D9EFD3595A48DCF70AA06156EB8ADC2F571D564CD63B9F02240286AA13278"
#define POINT	 "04" NUMBERS
#define STATUS	 "C40701202020030003" /* C4: PW1 lasts, 32 characters, no resetting code */
#define ONLY_KEY "DE06010102000300"   /* DE: a signature key and no others */
#define C0	 "C00A7C000800080008000000"
#define OK	 "9000"

static const char select_openpgp[] = "00A4040006D2760001240100";
static const char get_aid[] = "00CA004F00";
static const char get_application[] = "00CA006E00";
static const char get_status[] = "00CA00C400";
static const char get_certificate[] = "00CA7F2100";
static const char read_signature_key[] = "0047810002B60000";

/* @tag, the length of @value, @value: all hexadecimal. */
static const char *record(const char *tag, const char *value)
{
	static char texts[4][1024];
	static unsigned next;
	char *text = texts[next++ % 4];

	CHECK(strlen(value) < 2 * 128);
	snprintf(text, sizeof(texts[0]), "%s%02zX%s", tag, strlen(value) / 2, value);
	return text;
}

static const char *with_sw(const char *data)
{
	static char text[1024];

	snprintf(text, sizeof(text), "%s9000", data);
	return text;
}

/* A card with the signature key of the EC recording and nothing else; 6E is what it likes. */
static struct fake_card *made_up(const char *version, const char *application)
{
	struct fake_card *card = fake_card_new(FAKE_CARD_LOOKUP);
	char aid[64];

	snprintf(aid, sizeof(aid), "D27600012401%s000A0000001100009000", version);
	fake_card_add(card, select_openpgp, OK);
	fake_card_add(card, get_aid, aid);
	fake_card_add(card, get_application, application);
	fake_card_add(card, get_status, "01202020030003" OK);
	fake_card_add(card, read_signature_key, "7F49438641" POINT OK);
	fake_card_add(card, "0047810002B80000", "6A88");
	fake_card_add(card, "0047810002A40000", "6A88");
	fake_card_add(card, get_certificate, OK);
	return card;
}

static const char one_lasting_key[] =
	"01 OpenPGP signature key: ec-256 pin/1 sign, 65 bytes bc87f41d "
	"ecdsa_signature_digest_x962\n";

static void check_made_up(const char *version, const char *application)
{
	struct fake_card *card = made_up(version, application);

	check_contents(card, one_lasting_key);
	fake_card_free(card);
}

/* With its tag and without, with 73 and without, absent, broken: C4 is found or asked for. */
TEST(application_related_data_of_all_kinds)
{
	check_made_up("0304", with_sw(record("6E", record("73", STATUS))));
	check_made_up("0304", with_sw(record("73", STATUS)));
	check_made_up("0200", with_sw(record("6E", STATUS)));
	check_made_up("0200", with_sw(STATUS));
	check_made_up("0200", "6A88");
	check_made_up("0201", "6D00");
	check_made_up("0201", OK);
	check_made_up("0301", "6EFFFF9000");
}

TEST(what_is_found_is_not_asked_for)
{
	struct fake_card *card = made_up("0304", with_sw(record("6E", record("73", STATUS))));

	check_contents(card, one_lasting_key);
	CHECK_INT(fake_card_count_of(card, get_status), 0);
	fake_card_free(card);
}

TEST(without_a_password_status_it_is_no_card)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = made_up("0304", "6A88");

	init_token(&token, card);
	fake_card_add(card, get_status, "6A88");
	CHECK_STATUS(enumerate(&token), KC_ERR_OBJECT_NOT_FOUND);
	fake_card_add(card, get_status, "012020" OK);
	CHECK_STATUS(enumerate(&token), KC_ERR_CORRUPTED_DATA);
	fake_card_free(card);
}

TEST(keys_that_are_said_to_be_absent_are_not_asked_for)
{
	struct fake_card *card =
		made_up("0304", with_sw(record("6E", record("73", STATUS ONLY_KEY))));

	check_contents(card, one_lasting_key);
	CHECK_INT(fake_card_count_of(card, "0047"), 1);
	fake_card_free(card);
}

TEST(version_2_cards_are_not_asked_for_three_certificates)
{
	struct fake_card *card = made_up("0201", "6A88");

	check_contents(card, one_lasting_key);
	CHECK_INT(fake_card_count_of(card, "00A5"), 0);
	CHECK_INT(fake_card_count_of(card, get_certificate), 1);
	fake_card_free(card);
}

TEST(an_aid_that_stands_only_in_the_application_related_data)
{
	struct fake_card *card = made_up(
		"0304", with_sw(record("6E", "4F10D276000124010304000A000000220000" STATUS)));
	CLEANUP(token_done) struct kc_token token = {0};
	char text[IDENTITY_MAX];

	init_token(&token, card);
	fake_card_add(card, get_aid, "6A88");
	CHECK_OK(open_token(&token, text, sizeof(text)));
	CHECK_TEXT(text, "000A00000022 | OpenPGP 00000022");
	fake_card_free(card);
}

/* No serial number, another application, too short, PIV's, nothing. */
TEST(cards_without_a_name_are_declined)
{
	static const char *const aids[] = {
		"D276000124010304000A000000000000" OK,
		"D276000124020304000A000000110000" OK,
		"D276000124010304000A00000011" OK,
		"A0000003080000100001000000000000" OK,
		OK,
	};

	for (size_t i = 0; i < ARRAY_LEN(aids); i++) {
		CLEANUP(token_done) struct kc_token token = {0};
		struct fake_card *card = made_up("0304", "6A88");
		char text[IDENTITY_MAX];

		init_token(&token, card);
		fake_card_add(card, get_aid, aids[i]);
		CHECK_STATUS(open_token(&token, text, sizeof(text)), KC_ERR_BAD_PARAMETER);
		fake_card_free(card);
	}
}

TEST(piv_cards_are_not_ours)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = fake_card_load("cards/piv-canokey.apdu");
	char text[IDENTITY_MAX];

	init_token(&token, card);
	CHECK(open_token(&token, text, sizeof(text)) != KC_OK);
	CHECK(token.token_id == NULL);
	fake_card_free(card);
}

#define X11	      "1111111111111111111111111111111111111111111111111111111111111111"
#define X22	      "2222222222222222222222222222222222222222222222222222222222222222"
#define X33	      "3333333333333333333333333333333333333333333333333333333333333333"
#define ED25519_OF(n) "C" n "0A162B06010401DA470F01"
#define X25519	      "C20B122B060104019755010501"

/* @attributes is what the card has of C1, C2, C3. */
static struct fake_card *with_curve25519(const char *attributes)
{
	char data[256];
	struct fake_card *card = NULL;

	snprintf(data, sizeof(data), STATUS "%s", attributes);
	card = made_up("0304", with_sw(record("6E", record("73", data))));
	fake_card_add(card, read_signature_key, "7F49228620" X11 OK);
	fake_card_add(card, "0047810002B80000", "7F4923862140" X22 OK);
	fake_card_add(card, "0047810002A40000", "7F49228620" X33 OK);
	return card;
}

static const char curve25519_contents[] =
	"03 OpenPGP authentication key: ed25519-256 pin/0 sign, 32 bytes 2dbecc73 "
	"eddsa_signature_message_ed25519\n"
	"02 OpenPGP decryption key: x25519-256 pin/0 derive, 32 bytes 88fdb906 "
	"ecdh_key_exchange_standard\n"
	"01 OpenPGP signature key: ed25519-256 pin/1 sign, 32 bytes bc4920d8 "
	"eddsa_signature_message_ed25519\n";

/* What gpg writes, with a byte about imports and without; the names of RFC 8410. */
TEST(curve25519_is_told_by_attributes)
{
	static const char *const attributes[] = {
		ED25519_OF("1") X25519 ED25519_OF("3"),
		"C10B162B06010401DA470F01FF"
		"C20C122B060104019755010501FF"
		"C30B162B06010401DA470F0100",
		"C104162B6570"
		"C204122B656E"
		"C304162B6570",
	};

	for (size_t i = 0; i < ARRAY_LEN(attributes); i++) {
		struct fake_card *card = with_curve25519(attributes[i]);

		check_contents(card, curve25519_contents);
		CHECK_INT(fake_card_count_of(card, "00CA00C1"), 0);
		fake_card_free(card);
	}
}

/* Asked for one by one, when the application related data lack them. */
TEST(attributes_that_stand_alone)
{
	struct fake_card *card = with_curve25519("");

	fake_card_add(card, "00CA00C100", "162B06010401DA470F01" OK);
	fake_card_add(card, "00CA00C200", X25519 OK);
	fake_card_add(card, "00CA00C300", "162B6570" OK);
	check_contents(card, curve25519_contents);
	fake_card_free(card);
}

/* Of another curve, another use, with more behind it, without an algorithm, with one of two. */
TEST(curve25519_of_odd_attributes_is_left_out)
{
	static const char *const attributes[] = {
		"C104162B6571C204122B656FC304162B6571",
		"C104122B656EC204162B6570C304122B656E",
		"C106162B6570FFFFC206122B656EFFFFC306162B6570FFFF",
		"C100C200C300",
		"C10116C20112C30116",
		"C10A132A8648CE3D030107C20A122A8648CE3D030107C30A132A8648CE3D030107",
	};

	for (size_t i = 0; i < ARRAY_LEN(attributes); i++) {
		struct fake_card *card = with_curve25519(attributes[i]);

		check_contents(card, "");
		fake_card_free(card);
	}
}

/* Bytes of a curve that the card does not name, and what is no key, leave the others as they are.
 */
TEST(keys_of_other_kinds_are_left_out)
{
	static const char *const answers[] = {
		"7F492286201111111111111111111111111111111111111111111111111111111111111111" OK,
		"7F49238621401111111111111111111111111111111111111111111111111111111111111111" OK,
		"7F49058603040102" OK,
		"7F490B8105010203040582020101" OK,
		"7F4900" OK,
		OK,
		"FF" OK,
		"6985",
	};

	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		struct fake_card *card = made_up("0304", "6A88");

		fake_card_add(card, "0047810002A40000", answers[i]);
		check_contents(card, one_lasting_key);
		fake_card_free(card);
	}
}

TEST(public_keys_without_their_own_tag)
{
	struct fake_card *card = made_up("0304", "6A88");

	fake_card_add(card, read_signature_key, "8641" POINT OK);
	check_contents(card, one_lasting_key);
	fake_card_free(card);
}

static const char one_touched_key[] =
	"01 OpenPGP signature key: ec-256 pin/1 sign touch, 65 bytes bc87f41d "
	"ecdsa_signature_digest_x962\n";

/* In 6E, or alone on a card whose 7F74 tells of a button. */
TEST(touch_flags_are_shown)
{
	struct fake_card *card =
		made_up("0304", with_sw(record("6E", record("73", STATUS "D6020120"))));

	check_contents(card, one_touched_key);
	CHECK_INT(fake_card_count_of(card, "00CA00D6"), 0);
	fake_card_free(card);
	card = made_up("0304", with_sw(record("6E", "7F7403810120" STATUS)));
	fake_card_add(card, "00CA00D600", "0220" OK);
	check_contents(card, one_touched_key);
	fake_card_free(card);
}

/* --- certificates ----------------------------------------------------------------------------- */

/* SEQUENCE with an RSAPublicKey or a point somewhere in it: enough for the driver. */
#define CERTIFICATE "30460201070341" POINT

/* The card answers GET DATA by what was selected: played in order. */
static struct fake_card *card_with_certificates(const char *select_answer, const char *repeated)
{
	struct fake_card *card = fake_card_new(FAKE_CARD_STRICT);

	fake_card_add(card, get_aid, "D276000124010304000A000000110000" OK);
	fake_card_add(card, get_application,
		      with_sw(record("6E", "5F520800730000C0059000" C0 STATUS ONLY_KEY)));
	fake_card_add(card, read_signature_key, "7F49438641" POINT OK);
	fake_card_add(card, get_certificate, "3003020105" OK);
	fake_card_add(card, "00A501040660045C027F21", select_answer);
	if (repeated)
		fake_card_add(card, "00A50104070660045C027F21", repeated);
	fake_card_add(card, get_certificate, OK);
	fake_card_add(card, "00A502040660045C027F21", select_answer);
	if (repeated)
		fake_card_add(card, "00A50204070660045C027F21", repeated);
	fake_card_add(card, get_certificate, CERTIFICATE OK);
	return card;
}

/* The first belongs to no key that is there, and is published all the same. */
static void check_certificates(struct fake_card *card)
{
	char expected[512];
	struct bytes bytes = BYTES_INIT(128);

	CHECK_OK(hex_decode(CERTIFICATE, &bytes));
	snprintf(expected, sizeof(expected),
		 "7F2100 OpenPGP authentication certificate: 5 bytes %08lx\n"
		 "7F2102 OpenPGP signature certificate: %zu bytes %08lx\n"
		 "01 OpenPGP signature key: ec-256 pin/1 sign, 7F2102 "
		 "ecdsa_signature_digest_x962\n",
		 crc32(0, (const uint8_t *)"\x30\x03\x02\x01\x05", 5), bytes.len,
		 crc32(0, bytes.data, (uInt)bytes.len));
	bytes_done(&bytes);
	check_contents(card, expected);
	CHECK(fake_card_is_finished(card));
	CHECK_INT(fake_card_unexpected(card), 0);
	fake_card_free(card);
}

TEST(certificates_are_chosen_by_occurrence)
{
	check_certificates(card_with_certificates(OK, NULL));
}

/* YubiKeys before 5.4.4. */
TEST(select_data_with_one_length_more)
{
	check_certificates(card_with_certificates("6A80", OK));
}

/* --- hostile answers -------------------------------------------------------------------------- */

struct harm {
	unsigned kind;	/* cut, flip, extend */
	unsigned index; /* of the answer */
	size_t place;	/* byte in it */
	bool is_done;
};

static void harm_answer(void *userdata, unsigned index, struct bytes *answer)
{
	static const uint8_t more = 0x7F;
	struct harm *harm = userdata;

	if (index != harm->index || harm->place >= answer->len)
		return;
	harm->is_done = true;
	if (harm->kind == 0) {
		answer->len = harm->place;
	} else if (harm->kind == 1) {
		answer->data[harm->place] ^= (uint8_t)(1U << (harm->place % 8));
	} else {
		CHECK_OK(bytes_append(answer, view_of(&more, 1)));
		memmove(answer->data + harm->place + 1, answer->data + harm->place,
			answer->len - 1 - harm->place);
		answer->data[harm->place] = more;
	}
}

/* Whatever the card said, what is published is well-formed. */
static void check_sane(const struct kc_contents *contents)
{
	CHECK(contents->n_objects <= 2 * OPENPGP_N_KEYS);
	for (size_t i = 0; i < contents->n_objects; i++) {
		const struct contents_object *object = &contents->objects[i];

		CHECK_INT(object->object_id.len, object->is_key ? 1 : 3);
		if (!object->is_key)
			CHECK(object->data.len > 0 && object->data.data[0] == 0x30);
		else if (object->type == KC_KEY_TYPE_EC)
			CHECK(object->size_in_bits >= 256 && object->size_in_bits <= 521);
		else if (object->type != KC_KEY_TYPE_RSA)
			CHECK(object->size_in_bits == 256 && object->public_key.len <= 32);
		else
			CHECK(object->size_in_bits >= 1017 && object->size_in_bits <= 4096);
	}
}

/* Damage each byte of each answer in turn. */
static void harm_everywhere(const char *path, unsigned kind, unsigned n_answers)
{
	struct fake_card *card = fake_card_load(path);
	struct harm harm = {.kind = kind};

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

TEST(answers_that_are_damaged)
{
	for (unsigned kind = 0; kind < 3; kind++) {
		harm_everywhere("cards/openpgp-smartpgp-ec.apdu", kind, 8);
		harm_everywhere("cards/openpgp-smartpgp-rsa.apdu", kind, 11);
	}
}

TEST(removed_at_any_moment)
{
	for (unsigned n = 0; n < 8; n++) {
		CLEANUP(token_done) struct kc_token token = {0};
		struct fake_card *card = fake_card_load("cards/openpgp-smartpgp-ec.apdu");
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
