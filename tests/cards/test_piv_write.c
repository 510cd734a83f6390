/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the PIV driver says to cards when something is written to them, byte for byte. */
#include "base/cleanup.h"
#include "base/try.h"
#include "driverkit/card_write.h"
#include "driverkit/creation.h"
#include "drivers/piv/piv.h"
#include "harness/fake_card.h"
#include "harness/test.h"

enum {
	A = 1,
};

#define EIGHT "1111111111111111"

static const struct session_turn turn = {.transaction = 1, .session = A, .is_selected = true};
static const uint8_t der[] = {0x30, 0x03, 0x02, 0x01, 0x00};
static const uint8_t number[512] = {0x01, 0x00, 0x01};

/* A card with nothing on it that knows no metadata. */
static struct fake_card *empty_card(struct kc_token *token)
{
	struct fake_card *card = fake_card_new(FAKE_CARD_LOOKUP);

	fake_card_add(card, "00CB3FFF055C035FC10500", "6A82");
	CHECK_OK(token_init(token, &piv_driver, fake_card_exchange, card));
	CHECK_OK(session_enumerate(token, &turn));
	fake_card_forget(card);
	return card;
}

static void be_admin(struct kc_token *token, struct fake_card *card)
{
	const struct kc_admin_proof proof = {.response = view_of_text("11111111")};
	struct kc_bytes answer = {NULL, 0};

	fake_card_add(card, "0087039B0C7C0A8208313131313131313100", "9000");
	((struct piv_state *)kc_token_state(token))->admin_algorithm = 0x03;
	error_clear();
	CHECK_OK(creation_authenticate(token, &turn, &proof, &answer));
}

static enum kc_status put(struct kc_token *token, const char *place)
{
	CLEANUP(contents_done) struct kc_contents made = {0};
	const struct kc_certificate_wish wish = {.place = place,
						 .der = VIEW_OF(der),
						 .public_key = VIEW_OF(der),
						 .may_mismatch = true};

	error_clear();
	return card_write_put_certificate(token, &turn, &wish, &made);
}

TEST(a_certificate_is_stored_as_it_is)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = empty_card(&token);

	be_admin(&token, card);
	fake_card_add(card, "00DB3FFF135C035FC105530C70053003020100710100FE00", "9000");
	CHECK_OK(put(&token, "9a"));
	be_admin(&token, card);
	fake_card_add(card, "00CB3FFF055C035FC10D00", "6A82");
	fake_card_add(card, "00DB3FFF135C035FC10D530C70053003020100710100FE00", "9000");
	CHECK_OK(put(&token, "82"));
	be_admin(&token, card);
	fake_card_add(card, "00CB3FFF055C035FC10500", "53067004300202009000");
	CHECK_STATUS(put(&token, "9a"), KC_ERR_DUPLICATE_ITEM);
	fake_card_free(card);
}

/* So small a thing gets larger when it is compressed. */
TEST(what_has_no_room_is_told_with_its_size)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = empty_card(&token);

	be_admin(&token, card);
	fake_card_add(card, "00DB3FFF135C035FC105530C70053003020100710100FE00", "6A84");
	CHECK_STATUS(put(&token, "9a"), KC_ERR_BAD_PARAMETER);
	CHECK(strstr(error_get()->message, "no room for a certificate of 5 bytes"));
	CHECK_INT(fake_card_count_of(card, "00DB"), 1);
	fake_card_free(card);
}

static enum kc_status import(struct kc_token *token, const struct kc_private_key *key)
{
	CLEANUP(contents_done) struct kc_contents made = {0};
	const struct kc_key_wish wish = {.place = "9a",
					 .type = key->type,
					 .size_in_bits = key->size_in_bits,
					 .may_replace = true,
					 .is_import = true};

	error_clear();
	return card_write_import(token, &turn, &wish, key, &made);
}

TEST(an_ec_key_is_its_number)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = empty_card(&token);
	const struct kc_private_key key = {.type = KC_KEY_TYPE_EC,
					   .size_in_bits = 256,
					   .public_key = view_of(number, 65),
					   .scalar = view_of(number, 32)};

	be_admin(&token, card);
	CHECK_STATUS(import(&token, &key), KC_ERR_NOT_IMPLEMENTED); /* nobody says which version */
	CHECK_INT(fake_card_count_of(card, "00FE"), 0);
	be_admin(&token, card);
	fake_card_add(card, "00FD000000", "0504039000");
	fake_card_add(card,
		      "00FE119A2206200100010000000000000000000000000000000000000000000000000000"
		      "000000",
		      "9000");
	CHECK_OK(import(&token, &key));
	fake_card_free(card);
}

TEST(rsa_keys_have_one_exponent)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = empty_card(&token);
	struct kc_private_key key = {.type = KC_KEY_TYPE_RSA,
				     .size_in_bits = 2048,
				     .public_key = view_of(number, 270),
				     .public_exponent = view_of(number, 1),
				     .prime1 = view_of(number, 128),
				     .prime2 = view_of(number, 128),
				     .exponent1 = view_of(number, 127),
				     .exponent2 = view_of(number, 128),
				     .coefficient = view_of(number, 128)};

	fake_card_add(card, "00FD000000", "0504039000");
	be_admin(&token, card);
	CHECK_STATUS(import(&token, &key), KC_ERR_BAD_PARAMETER);
	CHECK(strstr(error_get()->message, "65537"));
	key.public_exponent = view_of(number, 3);
	key.prime2 = view_of(number, 129);
	be_admin(&token, card);
	CHECK_STATUS(import(&token, &key), KC_ERR_BAD_PARAMETER);
	CHECK(strstr(error_get()->message, "not of the same size"));
	CHECK_INT(fake_card_count_of(card, "10FE"), 0);
	fake_card_free(card);
}
