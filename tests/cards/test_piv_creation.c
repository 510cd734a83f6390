/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the PIV driver says to cards when a key is to be made: strict ones, that tell nothing of
 * their management key, and recorded ones with Yubico's metadata. Commands are compared byte for
 * byte.
 */
#include <string.h>

#include "base/cleanup.h"
#include "base/try.h"
#include "driverkit/creation.h"
#include "drivers/piv/piv.h"
#include "harness/fake_card.h"
#include "harness/test.h"

enum {
	A = 1,
};

#define EIGHT	 "1111111111111111"
#define SIXTEEN	 EIGHT EIGHT
#define NINES_16 "99999999999999999999999999999999"
#define POINT	 "04" NINES_16 NINES_16 NINES_16 NINES_16

static const struct session_turn turn = {.transaction = 1, .session = A, .is_selected = true};

/* A card with nothing on it that knows no metadata. */
static struct fake_card *strict_card(struct kc_token *token)
{
	struct fake_card *card = fake_card_new(FAKE_CARD_LOOKUP);

	fake_card_add(card, "00CB3FFF055C035FC10500", "6A82");
	fake_card_add(card, "00CB3FFF055C035FC10A00", "6A82");
	CHECK_OK(token_init(token, &piv_driver, fake_card_exchange, card));
	CHECK_OK(session_enumerate(token, &turn));
	fake_card_forget(card);
	return card;
}

static enum kc_status plan(struct kc_token *token, const struct kc_key_wish *wish, uint8_t *slot)
{
	CLEANUP(kc_bytes_free) struct kc_bytes id = {NULL, 0};

	error_clear();
	TRY(creation_plan(token, &turn, wish, &id));
	CHECK_INT(id.len, 1);
	*slot = id.data[0];
	return KC_OK;
}

static enum kc_status prove(struct kc_token *token, const char *response, const char *challenge,
			    struct kc_bytes *ret_answer)
{
	const struct kc_admin_proof proof = {.response = view_of_text(response),
					     .challenge = challenge ? view_of_text(challenge)
								    : view_of(NULL, 0)};

	error_clear();
	return creation_authenticate(token, &turn, &proof, ret_answer);
}

/* By the single authentication, which needs no arithmetic. */
static void be_admin(struct kc_token *token, struct fake_card *card)
{
	struct kc_bytes answer = {NULL, 0};

	fake_card_add(card, "0087039B0C7C0A8208313131313131313100", "9000");
	((struct piv_state *)kc_token_state(token))->admin_algorithm = 0x03;
	CHECK_OK(prove(token, "11111111", NULL, &answer));
	CHECK_INT(answer.len, 0);
}

static enum kc_status generate(struct kc_token *token, const struct kc_key_wish *wish)
{
	CLEANUP(contents_done) struct kc_contents made = {0};

	error_clear();
	return creation_generate(token, &turn, wish, &made);
}

/* --- the management key ----------------------------------------------------------------------- */

TEST(the_cipher_is_found_by_asking)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = strict_card(&token);
	struct kc_admin_challenge challenge;

	fake_card_add(card, "0087039B047C02800000", "6A86");
	fake_card_add(card, "00870A9B047C02800000", "6A80");
	fake_card_add(card, "0087089B047C02800000", "7C128010" SIXTEEN "9000");
	CHECK_OK(creation_challenge(&token, &turn, &challenge));
	CHECK_INT(challenge.cipher, KC_ADMIN_CIPHER_AES128);
	CHECK(challenge.is_enciphered && !challenge.is_default);
	CHECK_HEX(view_of(challenge.block, challenge.block_len), SIXTEEN);
	CHECK_INT(fake_card_count(card), 4); /* metadata first, in vain */
	fake_card_free(card);
}

TEST(a_card_without_mutual_authentication)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = strict_card(&token);
	struct kc_admin_challenge challenge;

	fake_card_add(card, "0087039B047C02810000", "7C0A8108" EIGHT "9000");
	CHECK_OK(creation_challenge(&token, &turn, &challenge));
	CHECK_INT(challenge.cipher, KC_ADMIN_CIPHER_3DES);
	CHECK(!challenge.is_enciphered);
	be_admin(&token, card);
	fake_card_free(card);
}

TEST(metadata_say_which_cipher_and_whether_it_is_the_default)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = strict_card(&token);
	struct kc_admin_challenge challenge;

	fake_card_add(card, "00F7009B00", "01010A020200010501019000");
	fake_card_add(card, "00870A9B047C02800000", "7C128010" SIXTEEN "9000");
	CHECK_OK(creation_challenge(&token, &turn, &challenge));
	CHECK_INT(challenge.cipher, KC_ADMIN_CIPHER_AES192);
	CHECK(challenge.is_default);
	CHECK_INT(fake_card_count(card), 2);
	fake_card_add(card, "00F7009B00", "010177020200010501009000");
	CHECK_STATUS(creation_challenge(&token, &turn, &challenge), KC_ERR_NOT_IMPLEMENTED);
	fake_card_free(card);
}

TEST(challenges_that_make_no_sense)
{
	static const char *const answers[] = {"9000",
					      "7C009000",
					      ("7C0A8008" EIGHT "9000"),
					      ("7C0A8110" EIGHT "9000"),
					      "7C028100"
					      "9000",
					      "6982"};

	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		CLEANUP(token_done) struct kc_token token = {0};
		struct fake_card *card = strict_card(&token);
		struct kc_admin_challenge challenge;

		fake_card_add(card, "0087089B047C02800000", answers[i]);
		CHECK_STATUS(creation_challenge(&token, &turn, &challenge), KC_ERR_NOT_IMPLEMENTED);
		fake_card_free(card);
	}
}

TEST(a_wrong_management_key_however_the_card_says_it)
{
	static const char *const words[] = {"6982", "6300", "63C2", "6A80"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		CLEANUP(token_done) struct kc_token token = {0};
		struct fake_card *card = strict_card(&token);
		const struct kc_key_wish wish = {.place = "9a", .type = KC_KEY_TYPE_EC};
		struct kc_bytes answer = {NULL, 0};

		((struct piv_state *)kc_token_state(&token))->admin_algorithm = 0x03;
		fake_card_add(card, "0087039B167C14800831313131313131318108323232323232323200",
			      words[i]);
		CHECK_STATUS(prove(&token, "11111111", "22222222", &answer),
			     KC_ERR_AUTHENTICATION_FAILED);
		CHECK_TEXT(error_get()->message, "the management key is wrong");
		CHECK_INT(error_get()->tries_left, i == 2 ? 2 : -1);
		CHECK_STATUS(generate(&token, &wish), KC_ERR_AUTHENTICATION_NEEDED);
		CHECK_INT(fake_card_count_of(card, "0047"), 0);
		fake_card_free(card);
	}
}

TEST(the_card_proves_that_it_knows_the_key_too)
{
	CLEANUP(token_done) struct kc_token token = {0};
	CLEANUP(kc_bytes_free) struct kc_bytes answer = {NULL, 0};
	struct fake_card *card = strict_card(&token);

	((struct piv_state *)kc_token_state(&token))->admin_algorithm = 0x03;
	fake_card_add(card, "0087039B167C14800831313131313131318108323232323232323200",
		      "7C0A8208" EIGHT "9000");
	CHECK_OK(prove(&token, "11111111", "22222222", &answer));
	CHECK_HEX(view_of(answer.data, answer.len), EIGHT);
	fake_card_free(card);
}

/* --- where ------------------------------------------------------------------------------------ */

TEST(the_first_free_place)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = strict_card(&token);
	struct kc_key_wish wish = {.type = KC_KEY_TYPE_EC, .can_sign = true};
	uint8_t slot = 0;

	CHECK_STATUS(plan(&token, &wish, &slot), KC_ERR_DUPLICATE_ITEM);
	CHECK_TEXT(error_get()->message, "the card does not tell whether there is a key in 9A");
	wish.may_replace = true;
	CHECK_OK(plan(&token, &wish, &slot));
	CHECK_INT(slot, 0x9A);
	fake_card_add(card, "00CB3FFF055C035FC10500", "530270009000");
	CHECK_OK(plan(&token, &wish, &slot));
	CHECK_INT(slot, 0x9C);
	fake_card_add(card, "00CB3FFF055C035FC10500", "53009000"); /* as good as none */
	CHECK_OK(plan(&token, &wish, &slot));
	CHECK_INT(slot, 0x9A);
	fake_card_add(card, "00CB3FFF055C035FC10500", "6982"); /* may be anything */
	fake_card_add(card, "00CB3FFF055C035FC10A00", "530270009000");
	CHECK_STATUS(plan(&token, &wish, &slot), KC_ERR_DUPLICATE_ITEM);
	fake_card_leave_after(card, 1);
	CHECK_STATUS(plan(&token, &wish, &slot), KC_ERR_TOKEN_NOT_FOUND);
	fake_card_free(card);
}

TEST(a_gap_in_the_retired_keys)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = strict_card(&token);
	struct kc_key_wish wish = {.place = "83", .type = KC_KEY_TYPE_EC, .may_replace = true};
	uint8_t slot = 0;

	fake_card_add(card, "00CB3FFF055C035FC10D00", "6A82");
	fake_card_add(card, "00CB3FFF055C035FC10E00", "6A82");
	CHECK_STATUS(plan(&token, &wish, &slot), KC_ERR_BAD_PARAMETER);
	CHECK(strstr(error_get()->hint, "82"));
	wish.place = "82";
	CHECK_OK(plan(&token, &wish, &slot));
	wish.place = "83";
	fake_card_add(card, "00CB3FFF055C035FC10D00", "530270009000");
	CHECK_OK(plan(&token, &wish, &slot));
	CHECK_INT(slot, 0x83);
	fake_card_free(card);
}

TEST(recorded_cards_know_what_is_taken)
{
	static const struct {
		const char *path;
		const char *place;
	} cards[] = {{"cards/piv-canokey.apdu", "9a"},
		     {"cards/piv-openfips201.apdu", "9c"},
		     {"cards/piv-pivapplet.apdu", "9e"}};

	for (size_t i = 0; i < ARRAY_LEN(cards); i++) {
		CLEANUP(token_done) struct kc_token token = {0};
		struct fake_card *card = fake_card_load(cards[i].path);
		struct kc_key_wish wish = {.place = cards[i].place, .type = KC_KEY_TYPE_RSA};
		uint8_t slot = 0;

		CHECK_OK(token_init(&token, &piv_driver, fake_card_exchange, card));
		CHECK_OK(session_enumerate(&token, &turn));
		CHECK_STATUS(plan(&token, &wish, &slot), KC_ERR_DUPLICATE_ITEM);
		wish.may_replace = true;
		CHECK_OK(plan(&token, &wish, &slot));
		fake_card_free(card);
	}
}

/* --- making it -------------------------------------------------------------------------------- */

TEST(a_key_is_made_and_told_of)
{
	CLEANUP(token_done) struct kc_token token = {0};
	CLEANUP(contents_done) struct kc_contents made = {0};
	struct fake_card *card = strict_card(&token);
	const struct kc_key_wish wish = {
		.place = "9C", .type = KC_KEY_TYPE_EC, .may_replace = true};
	const struct contents_object *key = NULL;

	be_admin(&token, card);
	fake_card_add(card, "0047009C05AC0380011100", "7F49438641" POINT "9000");
	CHECK_OK(creation_generate(&token, &turn, &wish, &made));
	CHECK_INT(made.n_objects, 1);
	key = &made.objects[0];
	CHECK_HEX(view_of(key->public_key.data, key->public_key.len), POINT);
	CHECK_INT(key->constraint, KC_CONSTRAINT_PIN_ALWAYS);
	CHECK_INT(key->size_in_bits, 256);
	/* the card does not tell of it, so we do */
	CHECK_OK(session_enumerate(&token, &turn));
	CHECK_INT(token.contents.n_objects, 0);
	CHECK_OK(session_detail(&token, &turn));
	CHECK_INT(token.contents.n_objects, 1);
	fake_card_free(card);
}

TEST(what_a_card_does_not_make)
{
	static const struct {
		const char *answer;
		enum kc_status status;
	} cases[] = {{"6A80", KC_ERR_KEY_SIZE_NOT_ALLOWED},
		     {"6A86", KC_ERR_KEY_SIZE_NOT_ALLOWED},
		     {"6982", KC_ERR_AUTHENTICATION_NEEDED},
		     {"6D00", KC_ERR_NOT_IMPLEMENTED},
		     {"6F00", KC_ERR_COMMUNICATION},
		     {"9000", KC_ERR_CORRUPTED_DATA},
		     {"7F49009000", KC_ERR_CORRUPTED_DATA},
		     {"7F4903860104"
		      "9000",
		      KC_ERR_CORRUPTED_DATA}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(token_done) struct kc_token token = {0};
		struct fake_card *card = strict_card(&token);
		const struct kc_key_wish wish = {
			.place = "9a", .type = KC_KEY_TYPE_EC, .may_replace = true};

		be_admin(&token, card);
		fake_card_add(card, "0047009A05AC0380011100", cases[i].answer);
		CHECK_STATUS(generate(&token, &wish), cases[i].status);
		CHECK_STATUS(generate(&token, &wish), KC_ERR_AUTHENTICATION_NEEDED);
		fake_card_free(card);
	}
}

/* A card that tells of keys by certificates alone: the old one would be taken for the new key's. */
TEST(the_certificate_of_a_key_that_is_lost_goes_first)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = fake_card_load("cards/piv-openfips201.apdu");
	const struct kc_key_wish wish = {
		.place = "9c", .type = KC_KEY_TYPE_EC, .may_replace = true};
	const char *remove = "00DB3FFF075C035FC10A5300";

	CHECK_OK(token_init(&token, &piv_driver, fake_card_exchange, card));
	CHECK_OK(session_enumerate(&token, &turn));
	be_admin(&token, card);
	fake_card_add(card, remove, "6A84");
	fake_card_add(card, "0047009C05AC0380011100", "7F49438641" POINT "9000");
	CHECK_STATUS(generate(&token, &wish), KC_ERR_COMMUNICATION);
	CHECK_INT(fake_card_count_of(card, "0047"), 0);
	be_admin(&token, card);
	fake_card_add(card, remove, "9000");
	CHECK_OK(generate(&token, &wish));
	CHECK_INT(fake_card_count_of(card, "0047"), 1);
	fake_card_free(card);
}
