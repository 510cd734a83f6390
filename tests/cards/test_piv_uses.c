/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the PIV driver does with other people's cards beyond reading and signing: decryption, key
 * agreement, its PINs, and what their metadata tell. Commands are compared byte for byte.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "driverkit/session.h"
#include "drivers/piv/piv.h"
#include "harness/fake_card.h"
#include "harness/test.h"

enum {
	A = 1,
	HEX_MAX = 2048,
};

static const char right_pin[] = "0020008008313233343536FFFF";

static struct session_turn turn_of(int64_t session)
{
	return (struct session_turn){.transaction = 1, .session = session, .is_selected = true};
}

static enum kc_status enumerate(struct kc_token *token)
{
	const struct session_turn turn = turn_of(0);

	error_clear();
	return session_enumerate(token, &turn);
}

static enum kc_status detail(struct kc_token *token)
{
	const struct session_turn turn = turn_of(0);

	error_clear();
	return session_detail(token, &turn);
}

static struct fake_card *insert(struct kc_token *token, const char *path)
{
	struct fake_card *card = fake_card_load(path);

	CHECK_OK(token_init(token, &piv_driver, fake_card_exchange, card));
	CHECK_OK(enumerate(token));
	fake_card_add(card, right_pin, "9000");
	fake_card_forget(card);
	return card;
}

static enum kc_status authenticate(struct kc_token *token, const char *pin)
{
	const struct session_turn turn = turn_of(A);
	const struct session_authentication authentication = {.pin = view_of_text(pin)};

	error_clear();
	return session_authenticate(token, &turn, &authentication);
}

static enum kc_status use(struct kc_token *token, const struct session_use *use,
			  struct kc_bytes *ret_result)
{
	const struct session_turn turn = turn_of(A);

	error_clear();
	return session_use_key(token, &turn, use, ret_result);
}

static const struct contents_object *key_in(const struct kc_token *token, uint8_t slot)
{
	return contents_find_key(&token->contents, view_of(&slot, 1));
}

static void repeat(char *text, const char *pair, size_t n)
{
	for (size_t i = 0; i < n; i++)
		memcpy(text + 2 * i, pair, 2);
	text[2 * n] = '\0';
}

/* --- decryption ------------------------------------------------------------------------------- */

/* 266 bytes of template for 2048 bits: 255 chained, 11 and Le; the answer comes in two parts. */
static void add_decryption(struct fake_card *card, const char *slot, size_t result_len)
{
	char fill[2 * 256 + 1];
	char command[HEX_MAX];
	char answer[HEX_MAX];

	repeat(fill, "44", 245);
	snprintf(command, sizeof(command), "108707%sFF7C820106820081820100%s", slot, fill);
	fake_card_add(card, command, "9000");
	repeat(fill, "44", 11);
	snprintf(command, sizeof(command), "008707%s0B%s00", slot, fill);
	repeat(fill, "55", 248);
	snprintf(answer, sizeof(answer), "7C820%03zX82820%03zX%s61%02zX", result_len + 4,
		 result_len, fill, result_len - 248);
	fake_card_add(card, command, answer);
	repeat(fill, "55", result_len - 248);
	snprintf(command, sizeof(command), "00C00000%02zX", result_len - 248);
	snprintf(answer, sizeof(answer), "%s9000", fill);
	fake_card_add(card, command, answer);
}

static enum kc_status decrypt(struct kc_token *token, uint8_t slot, size_t len,
			      struct kc_bytes *ret_plaintext)
{
	uint8_t data[256];
	struct session_use decryption = {.operation = SESSION_DECRYPT,
					 .object_id = view_of(&slot, 1),
					 .algorithm = "rsa_encryption_raw",
					 .data = view_of(data, len)};

	memset(data, 0x44, sizeof(data));
	return use(token, &decryption, ret_plaintext);
}

TEST(rsa_2048_decrypts_in_three_apdus)
{
	CLEANUP(token_done) struct kc_token token = {0};
	CLEANUP(kc_bytes_free) struct kc_bytes plaintext = {NULL, 0};
	struct fake_card *card = insert(&token, "cards/piv-pivapplet.apdu");

	add_decryption(card, "9D", 256);
	CHECK_STATUS(decrypt(&token, 0x9D, 256, &plaintext), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_OK(authenticate(&token, "123456"));
	fake_card_forget(card);
	CHECK_OK(decrypt(&token, 0x9D, 256, &plaintext));
	CHECK_INT(plaintext.len, 256);
	CHECK_INT(plaintext.data[255], 0x55);
	CHECK_INT(fake_card_count(card), 3);
	CHECK_INT(fake_card_unexpected(card), 0);
	fake_card_free(card);
}

TEST(what_is_no_ciphertext_does_not_reach_the_card)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = insert(&token, "cards/piv-pivapplet.apdu");
	struct kc_bytes plaintext = {NULL, 0};

	CHECK_OK(authenticate(&token, "123456"));
	fake_card_forget(card);
	CHECK_STATUS(decrypt(&token, 0x9D, 255, &plaintext), KC_ERR_BAD_PARAMETER);
	CHECK_STATUS(decrypt(&token, 0x9A, 256, &plaintext), KC_ERR_NOT_IMPLEMENTED);
	CHECK_STATUS(decrypt(&token, 0x82, 256, &plaintext), KC_ERR_NOT_IMPLEMENTED);
	CHECK_INT(fake_card_count(card), 0);
	add_decryption(card, "9D", 255);
	CHECK_STATUS(decrypt(&token, 0x9D, 256, &plaintext), KC_ERR_CORRUPTED_DATA);
	CHECK(plaintext.data == NULL);
	fake_card_free(card);
}

/* --- key agreement ---------------------------------------------------------------------------- */

static void add_agreement(struct fake_card *card, const char *answer)
{
	char fill[2 * 64 + 1];
	char command[HEX_MAX];

	repeat(fill, "66", 64);
	snprintf(command, sizeof(command),
		 "0087119D477C4582008541"
		 "04%s00",
		 fill);
	fake_card_add(card, command, answer);
}

static enum kc_status exchange(struct kc_token *token, size_t len, uint8_t first,
			       struct kc_bytes *ret_secret)
{
	static const uint8_t slot = 0x9D;
	uint8_t point[97];
	struct session_use agreement = {.operation = SESSION_EXCHANGE,
					.object_id = view_of(&slot, 1),
					.algorithm = "ecdh_key_exchange_standard",
					.data = view_of(point, len)};

	memset(point, 0x66, sizeof(point));
	point[0] = first;
	return use(token, &agreement, ret_secret);
}

TEST(p256_agrees_in_one_apdu)
{
	CLEANUP(token_done) struct kc_token token = {0};
	CLEANUP(kc_bytes_free) struct kc_bytes secret = {NULL, 0};
	struct fake_card *card = insert(&token, "cards/piv-canokey.apdu");

	add_agreement(card,
		      "7C2282207777777777777777777777777777777777777777777777777777777777777777"
		      "9000");
	CHECK_OK(authenticate(&token, "123456"));
	fake_card_forget(card);
	CHECK_OK(exchange(&token, 65, 0x04, &secret));
	CHECK_INT(secret.len, 32);
	CHECK_INT(secret.data[0], 0x77);
	CHECK_INT(fake_card_count(card), 1);
	fake_card_free(card);
}

TEST(points_of_another_form_do_not_reach_the_card)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = insert(&token, "cards/piv-canokey.apdu");
	struct kc_bytes secret = {NULL, 0};

	CHECK_OK(authenticate(&token, "123456"));
	fake_card_forget(card);
	CHECK_STATUS(exchange(&token, 97, 0x04, &secret), KC_ERR_BAD_PARAMETER);
	CHECK_STATUS(exchange(&token, 33, 0x02, &secret), KC_ERR_BAD_PARAMETER);
	CHECK_STATUS(exchange(&token, 65, 0x06, &secret), KC_ERR_BAD_PARAMETER);
	CHECK_STATUS(exchange(&token, 0, 0x00, &secret), KC_ERR_BAD_PARAMETER);
	CHECK_INT(fake_card_count(card), 0);
	fake_card_free(card);
}

/* cards.md: one PIV card answers 6A80 for a key that it lists as P-256. */
TEST(a_card_that_does_not_agree_says_so_clearly)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = insert(&token, "cards/piv-canokey.apdu");
	struct kc_bytes secret = {NULL, 0};

	CHECK_OK(authenticate(&token, "123456"));
	add_agreement(card, "6A80");
	CHECK_STATUS(exchange(&token, 65, 0x04, &secret), KC_ERR_NOT_IMPLEMENTED);
	CHECK_TEXT(error_get()->message, "the card refuses key agreement with this key");
	CHECK_INT(error_get()->sw, 0x6A80);
	add_agreement(card, "7C1E821C777777777777777777777777777777777777777777777777777777779000");
	CHECK_STATUS(exchange(&token, 65, 0x04, &secret), KC_ERR_CORRUPTED_DATA);
	CHECK(secret.data == NULL);
	fake_card_free(card);
}

/* --- PINs ------------------------------------------------------------------------------------- */

/* A card with nothing but this discovery object. */
static struct fake_card *card_with(const char *discovery, struct kc_token *token)
{
	struct fake_card *card = fake_card_new(FAKE_CARD_LOOKUP);

	fake_card_add(card, "00CB3FFF035C017E00", discovery);
	CHECK_OK(token_init(token, &piv_driver, fake_card_exchange, card));
	CHECK_OK(enumerate(token));
	return card;
}

static void check_pins(const char *discovery, const char *reference, const char *expected)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = card_with(discovery, &token);
	char text[64] = "";
	char verify[32];

	for (size_t i = 0; i < token.contents.n_pins; i++) {
		strncat(text, i ? " " : "", sizeof(text) - strlen(text) - 1);
		strncat(text, token.contents.pins[i].pin_id, sizeof(text) - strlen(text) - 1);
	}
	CHECK_TEXT(text, expected);
	snprintf(verify, sizeof(verify), "002000%s08313233343536FFFF", reference);
	fake_card_add(card, verify, "9000");
	CHECK_OK(authenticate(&token, "123456"));
	CHECK_INT(fake_card_count_of(card, verify), 1);
	fake_card_free(card);
}

#define DISCOVERY(usage) "7E124F0BA0000003080000100001005F2F02" usage "9000"

TEST(the_discovery_object_says_which_pin)
{
	check_pins(DISCOVERY("4000"), "80", "pin puk");
	check_pins(DISCOVERY("4010"), "80", "pin puk");
	check_pins(DISCOVERY("6010"), "80", "pin global puk");
	check_pins(DISCOVERY("6020"), "00", "global pin puk");
	check_pins(DISCOVERY("2000"), "00", "global pin puk");
	check_pins("53124F0BA0000003080000100001005F2F0260209000", "00", "global pin puk");
	check_pins("53147E124F0BA0000003080000100001005F2F0260209000", "00", "global pin puk");
	check_pins("6A82", "80", "pin puk");
	check_pins("9000", "80", "pin puk");
	check_pins("7E035F2F009000", "80", "pin puk");
	check_pins("7E124F0BA0009000", "80", "pin puk");
}

static enum kc_status change(struct kc_token *token, const char *pin_id, const char *current,
			     const char *new_pin)
{
	const struct session_turn turn = turn_of(A);
	const struct session_change wanted = {.pin_id = pin_id,
					      .current = view_of_text(current),
					      .new_pin = view_of_text(new_pin)};

	error_clear();
	return session_change_pin(token, &turn, &wanted);
}

static enum kc_status unblock(struct kc_token *token, const char *pin_id, const char *puk,
			      const char *new_pin)
{
	const struct session_turn turn = turn_of(A);
	const struct kc_unblocking wanted = {.pin_id = pin_id,
					     .by = "puk",
					     .unblocking = view_of_text(puk),
					     .new_pin = view_of_text(new_pin)};

	error_clear();
	return session_unblock_pin(token, &turn, &wanted);
}

TEST(pins_are_changed_and_unblocked)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = card_with(DISCOVERY("6020"), &token);

	fake_card_add(card, "0024008010313233343536FFFF363534333231FFFF", "9000");
	fake_card_add(card, "0024000010313233343536FFFF363534333231FFFF", "9000");
	fake_card_add(card, "002400811031323334353637383837363534333231", "9000");
	fake_card_add(card, "002C0080103132333435363738363534333231FFFF", "9000");
	CHECK_OK(change(&token, "pin", "123456", "654321"));
	CHECK_OK(change(&token, "global", "123456", "654321"));
	CHECK_OK(change(&token, "puk", "12345678", "87654321"));
	CHECK_OK(unblock(&token, "pin", "12345678", "654321"));
	CHECK_STATUS(unblock(&token, "global", "12345678", "654321"), KC_ERR_BAD_PARAMETER);
	CHECK_INT(fake_card_unexpected(card), fake_card_count_of(card, "00CB") - 1);
	fake_card_free(card);
}

TEST(a_wrong_pin_or_puk_tells_the_tries_that_are_left)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = card_with("6A82", &token);

	fake_card_add(card, "0024008010313233343536FFFF363534333231FFFF", "63C2");
	CHECK_STATUS(change(&token, "pin", "123456", "654321"), KC_ERR_AUTHENTICATION_FAILED);
	CHECK_INT(error_get()->tries_left, 2);
	CHECK_TEXT(error_get()->message, "the PIN is wrong");
	fake_card_add(card, "002C0080103132333435363738363534333231FFFF", "63C1");
	CHECK_STATUS(unblock(&token, "pin", "12345678", "654321"), KC_ERR_AUTHENTICATION_FAILED);
	CHECK_INT(error_get()->tries_left, 1);
	CHECK_TEXT(error_get()->message, "the PUK is wrong");
	fake_card_add(card, "002C0080103132333435363738363534333231FFFF", "6983");
	CHECK_STATUS(unblock(&token, "pin", "12345678", "654321"), KC_ERR_PIN_BLOCKED);
	CHECK_TEXT(error_get()->message, "the PUK is blocked");
	fake_card_free(card);
}

/* Rules of its own: 6A80, or 6985 from a card that wants no simple ones. */
TEST(a_new_pin_that_the_card_refuses)
{
	static const char *const answers[] = {"6A80", "6985"};
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = card_with("6A82", &token);

	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		fake_card_add(card, "0024008010313233343536FFFF313131313131FFFF", answers[i]);
		CHECK_STATUS(change(&token, "pin", "123456", "111111"), KC_ERR_BAD_PARAMETER);
		CHECK_TEXT(error_get()->message, "the card does not take this new PIN");
		CHECK_INT(error_get()->tries_left, -1);
	}
	fake_card_free(card);
}

TEST(pins_of_a_wrong_form_do_not_reach_the_card)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = card_with("6A82", &token);

	fake_card_forget(card);
	CHECK_STATUS(change(&token, "pin", "123456", "12345"), KC_ERR_BAD_PARAMETER);
	CHECK(strstr(error_get()->message, "six to eight"));
	CHECK_STATUS(change(&token, "pin", "12345", "123456"), KC_ERR_AUTHENTICATION_FAILED);
	CHECK_STATUS(unblock(&token, "pin", "123456789", "123456"), KC_ERR_AUTHENTICATION_FAILED);
	CHECK(strstr(error_get()->message, "PUK"));
	CHECK_STATUS(unblock(&token, "pin", "12345678", "12345\xFF"), KC_ERR_BAD_PARAMETER);
	CHECK_STATUS(change(&token, "pin2", "123456", "654321"), KC_ERR_OBJECT_NOT_FOUND);
	CHECK_INT(fake_card_count(card), 0);
	fake_card_free(card);
}

static int tries_of(const char *path, const char *pin_id)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = insert(&token, path);
	const struct session_turn turn = turn_of(0);
	int tries_left = -2;

	CHECK_OK(session_pin_status(&token, &turn, pin_id, &tries_left));
	fake_card_free(card);
	return tries_left;
}

TEST(tries_left_of_each_pin)
{
	CHECK_INT(tries_of("cards/piv-pivapplet.apdu", NULL), 5);
	CHECK_INT(tries_of("cards/piv-pivapplet.apdu", "puk"), 3);
	CHECK_INT(tries_of("cards/piv-canokey.apdu", "pin"), 3);
	CHECK_INT(tries_of("cards/piv-canokey.apdu", "puk"), 3);
	CHECK_INT(tries_of("cards/piv-openfips201.apdu", "puk"), -1);
}

/* --- metadata --------------------------------------------------------------------------------- */

static void check_key(const struct kc_token *token, uint8_t slot, enum kc_constraint constraint,
		      bool has_certificate)
{
	const struct contents_object *key = key_in(token, slot);

	CHECK(key != NULL);
	CHECK_INT(key->constraint, constraint);
	CHECK_INT(key->certificate_id.len > 0, has_certificate);
	CHECK_INT(key->public_key.len > 0, !has_certificate);
	CHECK(!key->needs_touch);
}

/*
 * One APDU more where the public key is an RSA one, and one for the first free retired place. A
 * card without a key history is searched for retired certificates as well: one of three APDUs, and
 * the gap behind it.
 */
TEST(metadata_of_recorded_cards)
{
	static const struct {
		const char *path;
		unsigned n_new_objects;
		unsigned n_apdus;
	} cards[] = {
		{"cards/piv-pivapplet.apdu", 0, 5 + 2 + 1},
		{"cards/piv-canokey.apdu", 2, 3 + 1 + 5 + 2 + 1},
	};

	for (size_t i = 0; i < ARRAY_LEN(cards); i++) {
		CLEANUP(token_done) struct kc_token token = {0};
		struct fake_card *card = insert(&token, cards[i].path);
		size_t n_objects = token.contents.n_objects;

		fake_card_add(card, "00F7008300", "6A88");
		CHECK_OK(detail(&token));
		CHECK_INT(fake_card_unexpected(card), 0);
		CHECK_INT(fake_card_count(card), cards[i].n_apdus);
		CHECK_INT(token.contents.n_objects, n_objects + cards[i].n_new_objects);
		check_key(&token, 0x9A, KC_CONSTRAINT_PIN, true);
		check_key(&token, 0x9C, KC_CONSTRAINT_PIN_ALWAYS, true);
		check_key(&token, 0x9E, KC_CONSTRAINT_NONE, true);
		check_key(&token, 0x82, KC_CONSTRAINT_PIN, true);
		fake_card_free(card);
	}
}

TEST(a_card_without_metadata_is_asked_once)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = insert(&token, "cards/piv-openfips201.apdu");

	CHECK_STATUS(detail(&token), KC_ERR_NOT_IMPLEMENTED);
	CHECK_INT(fake_card_count(card), 1);
	check_key(&token, 0x9A, KC_CONSTRAINT_PIN, true);
	fake_card_free(card);
}

#define NINES_16 "99999999999999999999999999999999"
#define POINT	 "864104" NINES_16 NINES_16 NINES_16 NINES_16

/* The slot's metadata: P-256, policies, generated, public key. */
static void add_metadata(struct fake_card *card, const char *slot, const char *policies)
{
	char command[16];
	char answer[HEX_MAX];

	snprintf(command, sizeof(command), "00F700%s00", slot);
	snprintf(answer, sizeof(answer), "0101110202%s0301010443%s9000", policies, POINT);
	fake_card_add(card, command, answer);
}

TEST(keys_without_certificates)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = card_with("6A82", &token);

	fake_card_add(card, "00CB3FFF055C035FC10D00", "6A82");
	fake_card_add(card, "00F7009A00", "6A88");
	add_metadata(card, "9C", "0102"); /* never the PIN, always a touch */
	add_metadata(card, "9D", "0303"); /* always the PIN, a touch now and then */
	fake_card_add(card, "00F7009E00", "6F00");
	add_metadata(card, "82", "0001");
	fake_card_add(card, "00F7008300", "6A88");
	fake_card_forget(card);
	CHECK_OK(detail(&token));
	CHECK_INT(fake_card_unexpected(card), 0);
	CHECK_INT(token.contents.n_objects, 3);
	CHECK_INT(key_in(&token, 0x9C)->constraint, KC_CONSTRAINT_NONE);
	CHECK(key_in(&token, 0x9C)->needs_touch && key_in(&token, 0x9C)->can_sign);
	CHECK_INT(key_in(&token, 0x9D)->constraint, KC_CONSTRAINT_PIN_ALWAYS);
	CHECK(key_in(&token, 0x9D)->needs_touch && key_in(&token, 0x9D)->can_derive);
	check_key(&token, 0x82, KC_CONSTRAINT_PIN, false);
	CHECK_TEXT(key_in(&token, 0x82)->label, "Key For Retired Key Management 1");
	CHECK_INT(key_in(&token, 0x82)->public_key.len, 65);
	/* Once more changes nothing. */
	CHECK_OK(detail(&token));
	CHECK_INT(token.contents.n_objects, 3);
	fake_card_free(card);
}

/* C2 of the key history: the highest references, whatever is free below them. */
TEST(retired_keys_whose_certificates_are_elsewhere)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = fake_card_new(FAKE_CARD_LOOKUP);

	fake_card_add(card, "00CB3FFF055C035FC10C00", "5308C10100C20101FE009000");
	CHECK_OK(token_init(&token, &piv_driver, fake_card_exchange, card));
	CHECK_OK(enumerate(&token));
	for (size_t i = 0; i < 4; i++)
		fake_card_add(card,
			      (const char *const[]){"00F7009A00", "00F7009C00", "00F7009D00",
						    "00F7009E00"}[i],
			      "6A88");
	fake_card_add(card, "00F7008200", "6A88");
	add_metadata(card, "95", "0201");
	fake_card_forget(card);
	CHECK_OK(detail(&token));
	CHECK_INT(fake_card_count(card), 6);
	CHECK_TEXT(key_in(&token, 0x95)->label, "Key For Retired Key Management 20");
	fake_card_free(card);
}

/* Generated anew after the certificate was written: the card knows better. */
TEST(a_certificate_of_another_key_does_not_name_this_one)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = insert(&token, "cards/piv-canokey.apdu");

	add_metadata(card, "9C", "0301");
	fake_card_add(card, "00F7008300", "6A88");
	CHECK_OK(detail(&token));
	check_key(&token, 0x9C, KC_CONSTRAINT_PIN_ALWAYS, false);
	check_key(&token, 0x9D, KC_CONSTRAINT_PIN, true);
	fake_card_free(card);
}

static bool takes_metadata(const char *answer)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = card_with("6A82", &token);
	bool is_taken = false;

	fake_card_add(card, "00F7009A00", answer);
	CHECK_OK(detail(&token));
	is_taken = token.contents.n_objects > 0;
	fake_card_free(card);
	return is_taken;
}

TEST(metadata_that_make_no_sense)
{
	CHECK(takes_metadata("010111020202010301010443" POINT "9000"));
	CHECK(takes_metadata("0101110443" POINT "9000"));
	CHECK(!takes_metadata("9000"));
	CHECK(!takes_metadata("010111"
			      "9000"));
	CHECK(!takes_metadata("0101E00443" POINT "9000")); /* Ed25519 */
	CHECK(!takes_metadata("0101140443" POINT "9000"));
	CHECK(!takes_metadata("0101070443" POINT "9000"));
	CHECK(!takes_metadata("010111044186410499"
			      "9000"));
	CHECK(!takes_metadata("01010704088101FF8203010001"
			      "9000"));
	CHECK(!takes_metadata("0101070402810082009000"));
}

/* --- touch ------------------------------------------------------------------------------------ */

static enum kc_status sign_9c(struct kc_token *token)
{
	static const uint8_t slot = 0x9C;
	static const uint8_t digest[32] = {0};
	const struct session_use signing = {.operation = SESSION_SIGN,
					    .object_id = view_of(&slot, 1),
					    .algorithm = "ecdsa_signature_digest_x962",
					    .data = VIEW_OF(digest)};
	struct kc_bytes signature = {NULL, 0};

	return use(token, &signing, &signature);
}

/* 6982 means both: no PIN, and no finger in time. */
TEST(an_untouched_card_is_no_reason_to_ask_for_the_pin)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = card_with("6A82", &token);

	fake_card_add(card, "00F7009A00", "6A88");
	add_metadata(card, "9C", "0202");
	CHECK_OK(detail(&token));
	fake_card_add(card, right_pin, "9000");
	fake_card_add(card,
		      "0087119C267C2482008120"
		      "0000000000000000000000000000000000000000000000000000000000000000"
		      "00",
		      "6982");
	fake_card_add(card, "00200080", "9000");
	CHECK_OK(authenticate(&token, "123456"));
	CHECK_STATUS(sign_9c(&token), KC_ERR_CANCELED_BY_USER);
	CHECK_TEXT(error_get()->message, "the token was not touched in time");
	fake_card_add(card, "00200080", "63C3");
	CHECK_STATUS(sign_9c(&token), KC_ERR_AUTHENTICATION_NEEDED);
	fake_card_free(card);
}
