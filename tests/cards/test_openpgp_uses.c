/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the OpenPGP driver does with other people's cards beyond reading: passwords in their two
 * states and derived, signing, decrypting, key agreement. Commands are compared byte for byte.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "driverkit/session.h"
#include "drivers/openpgp/openpgp.h"
#include "harness/fake_card.h"
#include "harness/test.h"

enum {
	A = 1,
	B = 2,
	HEX_MAX = 2048,
};

#define DIGEST "1111111111111111111111111111111111111111111111111111111111111111"

static const char verify_81[] = "0020008106313233343536";
static const char verify_82[] = "0020008206313233343536";
static const char get_status[] = "00CA00C400";
static const char get_kdf[] = "00CA00F900";

static struct session_turn turn_of(int64_t session)
{
	return (struct session_turn){.transaction = 1, .session = session, .is_selected = true};
}

static struct fake_card *insert(struct kc_token *token, const char *path)
{
	const struct session_turn turn = turn_of(0);
	struct fake_card *card = fake_card_load(path);
	struct kc_token_identity identity = {NULL, NULL};

	CHECK_OK(token_init(token, &openpgp_driver, fake_card_exchange, card));
	error_clear();
	CHECK_OK(session_open(token, &turn, &identity));
	free(identity.instance_id);
	free(identity.label);
	CHECK_OK(session_enumerate(token, &turn));
	fake_card_add(card, verify_81, "9000");
	fake_card_add(card, verify_82, "9000");
	fake_card_forget(card);
	return card;
}

static struct fake_card *insert_rsa(struct kc_token *token)
{
	return insert(token, "cards/openpgp-smartpgp-rsa.apdu");
}

static struct fake_card *insert_ec(struct kc_token *token)
{
	return insert(token, "cards/openpgp-smartpgp-ec.apdu");
}

static enum kc_status authenticate(struct kc_token *token, int64_t session, uint8_t reference,
				   const char *pin)
{
	const struct session_turn turn = turn_of(session);
	const struct session_authentication authentication = {.object_id = view_of(&reference, 1),
							      .pin = view_of_text(pin)};

	error_clear();
	return session_authenticate(token, &turn, &authentication);
}

static enum kc_status use(struct kc_token *token, enum session_operation operation,
			  uint8_t reference, const char *algorithm, struct kc_view data,
			  struct kc_bytes *ret_result)
{
	const struct session_turn turn = turn_of(A);
	const struct session_use wanted = {.operation = operation,
					   .object_id = view_of(&reference, 1),
					   .algorithm = algorithm,
					   .data = data};

	error_clear();
	return session_use_key(token, &turn, &wanted, ret_result);
}

static enum kc_status sign(struct kc_token *token, uint8_t reference, const char *algorithm,
			   struct kc_bytes *ret_signature)
{
	uint8_t digest[32];

	memset(digest, 0x11, sizeof(digest));
	return use(token, SESSION_SIGN, reference, algorithm, VIEW_OF(digest), ret_signature);
}

static void repeat(char *text, const char *pair, size_t n)
{
	for (size_t i = 0; i < n; i++)
		memcpy(text + 2 * i, pair, 2);
	text[2 * n] = '\0';
}

/* --- signing ---------------------------------------------------------------------------------- */

static const char ec_signing[] = "ecdsa_signature_digest_x962";
static const char rsa_signing[] = "rsa_signature_digest_pkcs1v15_raw";
static const char sign_p256[] = "002A9E9A20" DIGEST "00";
static const char authenticate_p256[] = "0088000020" DIGEST "00";

/* r with its highest bit set, s with a leading zero. */
#define PLAIN_SIGNATURE                                                                            \
	"8000000000000000000000000000000000000000000000000000000000000001"                         \
	"0000000000000000000000000000000000000000000000000000000000000002"

TEST(an_ecdsa_signature_becomes_der)
{
	CLEANUP(token_done) struct kc_token token = {0};
	CLEANUP(kc_bytes_free) struct kc_bytes signature = {NULL, 0};
	struct fake_card *card = insert_ec(&token);

	fake_card_add(card, sign_p256, PLAIN_SIGNATURE "9000");
	CHECK_STATUS(sign(&token, 1, ec_signing, &signature), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_OK(authenticate(&token, A, 1, "123456"));
	CHECK_INT(fake_card_count_of(card, verify_81), 1);
	fake_card_forget(card);
	CHECK_OK(sign(&token, 1, ec_signing, &signature));
	CHECK_HEX(openpgp_view(&signature),
		  "3026022100800000000000000000000000000000000000000000000000000000000000000102"
		  "0102");
	CHECK_INT(fake_card_count(card), 1);
	fake_card_free(card);
}

/* The signature key wants 81 right before, the others 82 once. */
TEST(each_key_has_the_state_it_wants)
{
	CLEANUP(token_done) struct kc_token token = {0};
	CLEANUP(kc_bytes_free) struct kc_bytes signature = {NULL, 0};
	struct fake_card *card = insert_ec(&token);

	fake_card_add(card, sign_p256, PLAIN_SIGNATURE "9000");
	fake_card_add(card, authenticate_p256, PLAIN_SIGNATURE "9000");
	CHECK_OK(authenticate(&token, A, 1, "123456"));
	CHECK_STATUS(sign(&token, 3, ec_signing, &signature), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_INT(fake_card_count_of(card, "0088"), 0);
	CHECK_OK(authenticate(&token, A, 3, "123456"));
	CHECK_INT(fake_card_count_of(card, verify_82), 1);
	CHECK_OK(sign(&token, 3, ec_signing, &signature));
	kc_bytes_free(&signature);
	CHECK_OK(sign(&token, 3, ec_signing, &signature));
	kc_bytes_free(&signature);
	CHECK_STATUS(sign(&token, 1, ec_signing, &signature), KC_ERR_AUTHENTICATION_NEEDED);
	fake_card_free(card);
}

TEST(the_pin_of_one_session_serves_no_other)
{
	CLEANUP(token_done) struct kc_token token = {0};
	CLEANUP(kc_bytes_free) struct kc_bytes signature = {NULL, 0};
	struct fake_card *card = insert_ec(&token);

	fake_card_add(card, authenticate_p256, PLAIN_SIGNATURE "9000");
	CHECK_OK(authenticate(&token, B, 3, "123456"));
	CHECK_STATUS(sign(&token, 3, ec_signing, &signature), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_INT(fake_card_count_of(card, "0088"), 0);
	fake_card_free(card);
}

TEST(rsa_is_padded_by_the_card)
{
	CLEANUP(token_done) struct kc_token token = {0};
	CLEANUP(kc_bytes_free) struct kc_bytes signature = {NULL, 0};
	struct fake_card *card = insert_rsa(&token);
	char fill[2 * 256 + 1];
	char answer[HEX_MAX];
	uint8_t long_input[103] = {0};

	repeat(fill, "33", 256);
	snprintf(answer, sizeof(answer), "%s9000", fill);
	fake_card_add(card, sign_p256, answer);
	CHECK_OK(authenticate(&token, A, 1, "123456"));
	CHECK_OK(sign(&token, 1, rsa_signing, &signature));
	CHECK_INT(signature.len, 256);
	kc_bytes_free(&signature);
	CHECK_OK(authenticate(&token, A, 1, "123456"));
	CHECK_STATUS(use(&token, SESSION_SIGN, 1, rsa_signing, VIEW_OF(long_input), &signature),
		     KC_ERR_BAD_PARAMETER);
	CHECK_INT(fake_card_count_of(card, "002A"), 1);
	fake_card_free(card);
}

TEST(signatures_of_a_wrong_form_are_refused)
{
	static const char *const answers[] = {"9000", "019000", "6A80", PLAIN_SIGNATURE "009000",
					      "30060201050201079000"};
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = insert_ec(&token);
	struct kc_bytes signature = {NULL, 0};

	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		fake_card_add(card, sign_p256, answers[i]);
		CHECK_OK(authenticate(&token, A, 1, "123456"));
		CHECK_STATUS(sign(&token, 1, ec_signing, &signature),
			     i == 2 ? KC_ERR_BAD_PARAMETER : KC_ERR_CORRUPTED_DATA);
		CHECK(signature.data == NULL);
	}
	fake_card_free(card);
}

/* 7.3: 6600 is reserved for the touch that did not come; 6982 is the PIN. */
TEST(no_touch_is_no_missing_pin)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = insert_ec(&token);
	struct kc_bytes signature = {NULL, 0};

	fake_card_add(card, sign_p256, "6600");
	CHECK_OK(authenticate(&token, A, 1, "123456"));
	CHECK_STATUS(sign(&token, 1, ec_signing, &signature), KC_ERR_CANCELED_BY_USER);
	CHECK_TEXT(error_get()->message, "the token was not touched in time");
	CHECK_INT(error_get()->sw, 0x6600);
	fake_card_add(card, sign_p256, "6982");
	CHECK_OK(authenticate(&token, A, 1, "123456"));
	CHECK_STATUS(sign(&token, 1, ec_signing, &signature), KC_ERR_AUTHENTICATION_NEEDED);
	fake_card_free(card);
}

TEST(keys_do_only_what_they_are_for)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = insert_ec(&token);
	struct kc_bytes result = {NULL, 0};

	CHECK_STATUS(openpgp_sign(&token, view_of("\x02", 1), ec_signing, view_of("1", 1), &result),
		     KC_ERR_NOT_IMPLEMENTED);
	CHECK_STATUS(
		openpgp_sign(&token, view_of("\x01", 1), rsa_signing, view_of("1", 1), &result),
		KC_ERR_NOT_IMPLEMENTED);
	CHECK_STATUS(openpgp_sign(&token, view_of("\x04", 1), ec_signing, view_of("1", 1), &result),
		     KC_ERR_OBJECT_NOT_FOUND);
	CHECK_STATUS(openpgp_decrypt(&token, view_of("\x02", 1), "rsa_encryption_pkcs1",
				     view_of("1", 1), &result),
		     KC_ERR_NOT_IMPLEMENTED);
	CHECK_INT(fake_card_count(card), 0);
	fake_card_free(card);
}

/* --- Curve25519 ------------------------------------------------------------------------------- */

#define X11	"1111111111111111111111111111111111111111111111111111111111111111"
#define X22	"2222222222222222222222222222222222222222222222222222222222222222"
#define R_AND_S X11 X22

static const char eddsa[] = "eddsa_signature_message_ed25519";

/* A version 3.4 card as gpg leaves it with default keys; commands of at most 256 bytes. */
static struct fake_card *insert_curve25519(struct kc_token *token)
{
	const struct session_turn turn = turn_of(0);
	struct fake_card *card = fake_card_new(FAKE_CARD_LOOKUP);
	struct kc_token_identity identity = {NULL, NULL};

	fake_card_add(card, "00A4040006D2760001240100", "9000");
	fake_card_add(card, "00CA004F00", "D276000124010304000A0000001100009000");
	fake_card_add(card, "00CA006E00",
		      "6E3B7F66080202010002020100"
		      "732E"
		      "C10A162B06010401DA470F01"
		      "C20B122B060104019755010501"
		      "C30A162B06010401DA470F01"
		      "C40701202020030003"
		      "9000");
	fake_card_add(card, "0047810002B60000", "7F49228620" X11 "9000");
	fake_card_add(card, "0047810002B80000", "7F49228620" X22 "9000");
	fake_card_add(card, "0047810002A40000", "7F49228620" X11 "9000");
	fake_card_add(card, "00CA7F2100", "9000");
	fake_card_add(card, verify_81, "9000");
	fake_card_add(card, verify_82, "9000");
	CHECK_OK(token_init(token, &openpgp_driver, fake_card_exchange, card));
	error_clear();
	CHECK_OK(session_open(token, &turn, &identity));
	free(identity.instance_id);
	free(identity.label);
	CHECK_OK(session_enumerate(token, &turn));
	fake_card_forget(card);
	CHECK_OK(authenticate(token, A, 1, "123456"));
	CHECK_OK(authenticate(token, A, 2, "123456"));
	CHECK_INT(fake_card_count_of(card, verify_81), 1);
	CHECK_INT(fake_card_count_of(card, verify_82), 1);
	fake_card_forget(card);
	return card;
}

static enum kc_status sign_message(struct kc_token *token, uint8_t reference,
				   struct kc_view message, struct kc_bytes *ret_signature)
{
	return use(token, SESSION_SIGN, reference, eddsa, message, ret_signature);
}

/* The message as it is; 64 bytes as they are. An empty one is one, too. */
TEST(ed25519_signs_messages)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = insert_curve25519(&token);
	struct kc_view message = view_of_text("what a person signs");
	struct kc_bytes signature = {NULL, 0};

	fake_card_add(card,
		      "002A9E9A13776861742061207065"
		      "72736F6E207369676E7300",
		      R_AND_S "9000");
	fake_card_add(card,
		      "0088000013776861742061207065"
		      "72736F6E207369676E7300",
		      R_AND_S "9000");
	fake_card_add(card, "002A9E9A00", X22 X11 "9000");
	CHECK_OK(sign_message(&token, 1, message, &signature));
	CHECK_HEX(openpgp_view(&signature), R_AND_S);
	kc_bytes_free(&signature);
	CHECK_OK(sign_message(&token, 3, message, &signature));
	CHECK_HEX(openpgp_view(&signature), R_AND_S);
	kc_bytes_free(&signature);
	CHECK_OK(sign_message(&token, 1, view_of(NULL, 0), &signature));
	CHECK_HEX(openpgp_view(&signature), X22 X11);
	kc_bytes_free(&signature);
	CHECK_INT(fake_card_count(card), 3);
	fake_card_free(card);
}

TEST(ed25519_messages_have_a_limit)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = insert_curve25519(&token);
	uint8_t message[257];
	char fill[2 * 255 + 1];
	char command[HEX_MAX];
	struct kc_bytes signature = {NULL, 0};

	memset(message, 0x33, sizeof(message));
	repeat(fill, "33", 255);
	snprintf(command, sizeof(command),
		 "108800"
		 "00FF%s",
		 fill);
	fake_card_add(card, command, "9000");
	fake_card_add(card, "00880000013300", R_AND_S "9000");
	CHECK_OK(sign_message(&token, 3, view_of(message, 256), &signature));
	CHECK_HEX(openpgp_view(&signature), R_AND_S);
	kc_bytes_free(&signature);
	fake_card_forget(card);
	CHECK_STATUS(sign_message(&token, 3, view_of(message, 257), &signature),
		     KC_ERR_BAD_PARAMETER);
	CHECK_TEXT(error_get()->message, "a message of 257 bytes; this card signs up to 256");
	CHECK_INT(fake_card_count(card), 0);
	fake_card_add(card, "00880000013300", "6A80");
	CHECK_STATUS(sign_message(&token, 3, view_of(message, 256), &signature),
		     KC_ERR_BAD_PARAMETER);
	CHECK_TEXT(error_get()->message, "the card refuses to sign a message of 256 bytes");
	CHECK_INT(error_get()->sw, 0x6A80);
	CHECK(signature.data == NULL);
	fake_card_free(card);
}

TEST(ed25519_signatures_of_a_wrong_form_are_refused)
{
	static const char *const answers[] = {"9000", X11 "9000", R_AND_S "009000", "6985"};
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = insert_curve25519(&token);
	struct kc_bytes signature = {NULL, 0};

	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		fake_card_add(card, "00880000016D00", answers[i]);
		CHECK_STATUS(sign_message(&token, 3, view_of_text("m"), &signature),
			     i == 3 ? KC_ERR_OBJECT_NOT_FOUND : KC_ERR_CORRUPTED_DATA);
		CHECK(signature.data == NULL);
	}
	CHECK_STATUS(openpgp_sign(&token, view_of("\x01", 1), "ecdsa_signature_digest_x962",
				  view_of("m", 1), &signature),
		     KC_ERR_NOT_IMPLEMENTED);
	CHECK_STATUS(openpgp_sign(&token, view_of("\x02", 1), eddsa, view_of("m", 1), &signature),
		     KC_ERR_NOT_IMPLEMENTED);
	fake_card_free(card);
}

static enum kc_status agree(struct kc_token *token, size_t len, struct kc_bytes *ret_secret)
{
	uint8_t peer[33];

	memset(peer, 0x11, sizeof(peer));
	return use(token, SESSION_EXCHANGE, 2, "ecdh_key_exchange_standard", view_of(peer, len),
		   ret_secret);
}

/* A6 7F49 86 as with a point; the answer with OpenPGP's 40 or without. */
TEST(x25519_agrees)
{
	static const char deciphering[] = "002A808627A6257F4922"
					  "8620" X11 "00";
	static const char *const answers[] = {X22 "9000", "40" X22 "9000"};
	static const char *const odd[] = {"9000",
					  "222200"
					  "9000",
					  "04" X22 "9000", X22 X22 "9000"};
	static const char zero[] =
		"0000000000000000000000000000000000000000000000000000000000000000"
		"9000";
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = insert_curve25519(&token);
	struct kc_bytes secret = {NULL, 0};

	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		fake_card_add(card, deciphering, answers[i]);
		CHECK_OK(agree(&token, 32, &secret));
		CHECK_HEX(openpgp_view(&secret), X22);
		kc_bytes_free(&secret);
	}
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		fake_card_add(card, deciphering, odd[i]);
		CHECK_STATUS(agree(&token, 32, &secret), KC_ERR_CORRUPTED_DATA);
	}
	fake_card_add(card, deciphering, zero);
	CHECK_STATUS(agree(&token, 32, &secret), KC_ERR_BAD_PARAMETER);
	CHECK_TEXT(error_get()->message, "with this public key the secret is zero, which is none");
	fake_card_forget(card);
	CHECK_STATUS(agree(&token, 33, &secret), KC_ERR_BAD_PARAMETER);
	CHECK_STATUS(agree(&token, 31, &secret), KC_ERR_BAD_PARAMETER);
	CHECK_INT(fake_card_count(card), 0);
	CHECK(secret.data == NULL);
	fake_card_free(card);
}

/* --- decrypting ------------------------------------------------------------------------------- */

/* 00 and 256 bytes: 255 in a chain, two more. */
TEST(rsa_decrypts_in_two_apdus)
{
	CLEANUP(token_done) struct kc_token token = {0};
	CLEANUP(kc_bytes_free) struct kc_bytes plaintext = {NULL, 0};
	struct fake_card *card = insert_rsa(&token);
	char fill[2 * 254 + 1];
	char command[HEX_MAX];
	uint8_t data[256];

	repeat(fill, "44", 254);
	snprintf(command, sizeof(command), "102A8086FF00%s", fill);
	fake_card_add(card, command, "9000");
	fake_card_add(card, "002A808602444400",
		      "736563726574"
		      "9000");
	memset(data, 0x44, sizeof(data));
	CHECK_OK(authenticate(&token, A, 2, "123456"));
	fake_card_forget(card);
	CHECK_OK(
		use(&token, SESSION_DECRYPT, 2, "rsa_encryption_pkcs1", VIEW_OF(data), &plaintext));
	CHECK_HEX(openpgp_view(&plaintext), "736563726574");
	CHECK_INT(fake_card_count(card), 2);
	kc_bytes_free(&plaintext);
	fake_card_add(card, "002A808602444400", "6A80");
	CHECK_STATUS(
		use(&token, SESSION_DECRYPT, 2, "rsa_encryption_pkcs1", VIEW_OF(data), &plaintext),
		KC_ERR_BAD_PARAMETER);
	CHECK_STATUS(use(&token, SESSION_DECRYPT, 2, "rsa_encryption_pkcs1", view_of(data, 255),
			 &plaintext),
		     KC_ERR_BAD_PARAMETER);
	CHECK(plaintext.data == NULL);
	fake_card_free(card);
}

#define X	 "5555555555555555555555555555555555555555555555555555555555555555"
#define DECIPHER "002A808648A6467F4943864104"

TEST(key_agreement_gives_the_coordinate)
{
	static const char *const answers[] = {X "9000", "04" X X "9000"};
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = insert_ec(&token);
	struct kc_bytes secret = {NULL, 0};
	uint8_t point[65];
	char fill[2 * 64 + 1];
	char command[HEX_MAX];

	memset(point, 0x55, sizeof(point));
	point[0] = 0x04;
	repeat(fill, "55", 64);
	snprintf(command, sizeof(command), "%s%s00", DECIPHER, fill);
	CHECK_OK(authenticate(&token, A, 2, "123456"));
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		fake_card_add(card, command, answers[i]);
		CHECK_OK(use(&token, SESSION_EXCHANGE, 2, "ecdh_key_exchange_standard",
			     VIEW_OF(point), &secret));
		CHECK_HEX(openpgp_view(&secret), X);
		kc_bytes_free(&secret);
	}
	fake_card_add(card, command, "55559000");
	CHECK_STATUS(use(&token, SESSION_EXCHANGE, 2, "ecdh_key_exchange_standard", VIEW_OF(point),
			 &secret),
		     KC_ERR_CORRUPTED_DATA);
	CHECK_STATUS(use(&token, SESSION_EXCHANGE, 2, "ecdh_key_exchange_standard",
			 view_of(point, 64), &secret),
		     KC_ERR_BAD_PARAMETER);
	fake_card_free(card);
}

/* --- passwords -------------------------------------------------------------------------------- */

/* 6982 does not tell the tries: the password status does. 63Cx does. */
TEST(wrong_passwords_tell_the_tries)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = insert_ec(&token);

	fake_card_add(card, "0020008206303030303030", "6982");
	fake_card_add(card, get_status, "007F7F7F0203039000");
	CHECK_STATUS(authenticate(&token, A, 3, "000000"), KC_ERR_AUTHENTICATION_FAILED);
	CHECK_INT(error_get()->tries_left, 2);
	CHECK_TEXT(error_get()->message, "the PIN is wrong");
	fake_card_add(card, "0020008206303030303030", "63C1");
	fake_card_forget(card);
	CHECK_STATUS(authenticate(&token, A, 3, "000000"), KC_ERR_AUTHENTICATION_FAILED);
	CHECK_INT(error_get()->tries_left, 1);
	CHECK_INT(fake_card_count_of(card, get_status), 0);
	fake_card_add(card, "0020008206303030303030", "6982");
	fake_card_add(card, get_status, "007F7F7F0003039000");
	CHECK_STATUS(authenticate(&token, A, 3, "000000"), KC_ERR_PIN_BLOCKED);
	CHECK_INT(error_get()->tries_left, 0);
	fake_card_add(card, "0020008206303030303030", "6983");
	CHECK_STATUS(authenticate(&token, A, 3, "000000"), KC_ERR_PIN_BLOCKED);
	CHECK_TEXT(error_get()->message, "the PIN is blocked");
	fake_card_free(card);
}

TEST(pins_of_a_wrong_form_cost_nothing)
{
	static const char *const pins[] = {"", "12345", "12345\x01"};
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = insert_ec(&token);

	for (size_t i = 0; i < ARRAY_LEN(pins); i++)
		CHECK_STATUS(authenticate(&token, A, 3, pins[i]), KC_ERR_AUTHENTICATION_FAILED);
	CHECK_INT(fake_card_count(card), 0);
	CHECK_TEXT(error_get()->message, "the PIN of this OpenPGP card has 6 to 127 characters");
	fake_card_free(card);
}

TEST(tries_of_each_password)
{
	const struct session_turn turn = turn_of(0);
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = insert_ec(&token);
	int tries_left = -2;

	fake_card_add(card, get_status, "007F7F7F0301029000");
	CHECK_OK(session_pin_status(&token, &turn, NULL, &tries_left));
	CHECK_INT(tries_left, 3);
	CHECK_OK(session_pin_status(&token, &turn, "admin", &tries_left));
	CHECK_INT(tries_left, 2);
	CHECK_STATUS(openpgp_pin_status(&token, "puk", &tries_left), KC_ERR_OBJECT_NOT_FOUND);
	fake_card_free(card);
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

TEST(passwords_are_changed)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = insert_ec(&token);

	fake_card_add(card, "002400810C313233343536363534333231", "9000");
	CHECK_OK(change(&token, "pin", "123456", "654321"));
	fake_card_add(card, "002400831031323334353637383837363534333231", "9000");
	CHECK_OK(change(&token, "admin", "12345678", "87654321"));
	fake_card_add(card, "002400810C303030303030363534333231", "6982");
	CHECK_STATUS(change(&token, "pin", "000000", "654321"), KC_ERR_AUTHENTICATION_FAILED);
	CHECK_INT(error_get()->tries_left, 3);
	fake_card_add(card, "002400810C313233343536363534333231", "6A80");
	CHECK_STATUS(change(&token, "pin", "123456", "654321"), KC_ERR_BAD_PARAMETER);
	CHECK_TEXT(error_get()->message, "the card does not take this new PIN");
	CHECK_STATUS(openpgp_change_pin(&token, "reset_code", view_of_text("12345678"),
					view_of_text("87654321")),
		     KC_ERR_NOT_IMPLEMENTED);
	fake_card_free(card);
}

static enum kc_status unblock(struct kc_token *token, const char *by, const char *proof,
			      const char *new_pin)
{
	const struct kc_unblocking wanted = {.pin_id = "pin",
					     .by = by,
					     .unblocking = view_of_text(proof),
					     .new_pin = view_of_text(new_pin)};

	error_clear();
	return openpgp_unblock_pin(token, &wanted);
}

TEST(the_administrator_unblocks_and_is_forgotten)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = insert_ec(&token);

	fake_card_add(card, "00200083083132333435363738", "9000");
	fake_card_add(card, "002C028106363534333231", "9000");
	fake_card_add(card, "0020FF83", "9000");
	CHECK_OK(unblock(&token, "admin", "12345678", "654321"));
	CHECK_TEXT(fake_card_command(card, fake_card_count(card) - 1), "0020FF83");
	fake_card_add(card, "002C028106363534333231", "6A80");
	fake_card_forget(card);
	CHECK_STATUS(unblock(&token, "admin", "12345678", "654321"), KC_ERR_BAD_PARAMETER);
	CHECK_TEXT(fake_card_command(card, fake_card_count(card) - 1), "0020FF83");
	fake_card_add(card, "00200083083030303030303030", "6982");
	fake_card_add(card, get_status, "007F7F7F0000019000");
	CHECK_STATUS(unblock(&token, "admin", "00000000", "654321"), KC_ERR_AUTHENTICATION_FAILED);
	CHECK_INT(error_get()->tries_left, 1);
	CHECK_TEXT(error_get()->message, "the admin PIN is wrong");
	fake_card_free(card);
}

TEST(the_reset_code_unblocks_in_one_command)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = insert_ec(&token);

	fake_card_add(card, "002C00810E3131313131313131363534333231", "9000");
	CHECK_OK(unblock(&token, "reset_code", "11111111", "654321"));
	CHECK_STATUS(unblock(&token, "pin", "11111111", "654321"), KC_ERR_NOT_IMPLEMENTED);
	CHECK_INT(fake_card_count(card), 2);
	CHECK_INT(fake_card_count_of(card, get_kdf), 1);
	fake_card_free(card);
}

/* --- derived passwords ------------------------------------------------------------------------ */

/* Salts 01234567, 12345678, 23456789; SHA-256 over 100000 bytes: the example of OpenPGP card 3.4,
 * 4.3.2, for PW1; the others by Python's hashlib. */
#define KDF_HEAD "810103820108"
#define COUNT	 "8304000186A0"
#define SALTS                                                                                      \
	"84083031323334353637"                                                                     \
	"85083132333435363738"                                                                     \
	"86083233343536373839"
#define DERIVED_PW1  "773784A602B6C81E3F092F4D7D00E17CC822D88F7360FCF2D2EF2D9D901F44B6"
#define DERIVED_PW3  "82CC5765B85A95F8EB18F3CBEC0BADF8D77A75CE5247744DB473FFF2F5819181"
#define DERIVED_CODE "AA51B3AD1CAE3AF227B6BD05D8D3A689CF60D44587E3030DC766F8C9A8B4EA3B"
#define DERIVED_SHA512                                                                             \
	"9CB102D4452E431F9338C837AC67D713794D3CA93B03D53F9E08216A83B61EC6"                         \
	"C0FCAE8F416CB8AD7D180A46DAB0C48E7E6A5F2A533D62555FD66F99F0DCE34F"
#define DERIVED_SHORT "E4B90D63237D4E6F88E6E894D473B8763673BA0B23D6E4760FB1FE0D719BDDBC"

static enum kc_status authenticate_with(const char *kdf, const char *expected_verify)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = insert_ec(&token);
	struct openpgp_state *state = kc_token_state(&token);
	enum kc_status status = KC_OK;

	state->has_kdf = true;
	fake_card_add(card, get_kdf, kdf);
	fake_card_add(card, verify_82, "6982");
	if (expected_verify)
		fake_card_add(card, expected_verify, "9000");
	status = authenticate(&token, A, 3, "123456");
	if (status != KC_OK)
		CHECK(!expected_verify);
	fake_card_free(card);
	return status;
}

TEST(pins_are_derived_as_the_card_wants_them)
{
	CHECK_OK(authenticate_with(KDF_HEAD COUNT SALTS "9000", "0020008220" DERIVED_PW1));
	/* With its own tag, with initial passwords, with one salt for all. */
	CHECK_OK(authenticate_with("F930" KDF_HEAD COUNT SALTS "870100880100"
				   "9000",
				   "0020008220" DERIVED_PW1));
	CHECK_OK(authenticate_with(KDF_HEAD COUNT "84083031323334353637"
						  "9000",
				   "0020008220" DERIVED_PW1));
	CHECK_OK(authenticate_with("81010382010A" COUNT SALTS "9000", "0020008240" DERIVED_SHA512));
	/* All of salt and PIN at least. */
	CHECK_OK(authenticate_with(KDF_HEAD "830400000005" SALTS "9000",
				   "0020008220" DERIVED_SHORT));
	CHECK_OK(authenticate_with("8101009000", verify_82));
	CHECK_OK(authenticate_with("F9038101009000", verify_82));
	CHECK_OK(authenticate_with("6A88", verify_82));
	CHECK_OK(authenticate_with("9000", verify_82));
}

/* What would be a wrong PIN costs a try: it is not sent. */
TEST(a_kdf_object_that_is_not_understood_costs_no_try)
{
	CHECK_STATUS(authenticate_with("8101019000", NULL), KC_ERR_OBJECT_NOT_FOUND);
	CHECK_STATUS(authenticate_with("810101820108" COUNT SALTS "9000", NULL),
		     KC_ERR_NOT_IMPLEMENTED);
	CHECK_STATUS(authenticate_with("810103820102" COUNT SALTS "9000", NULL),
		     KC_ERR_NOT_IMPLEMENTED);
	CHECK_STATUS(authenticate_with(KDF_HEAD "83020186" SALTS "9000", NULL),
		     KC_ERR_CORRUPTED_DATA);
	CHECK_STATUS(authenticate_with(KDF_HEAD "8304FFFFFFFF" SALTS "9000", NULL),
		     KC_ERR_CORRUPTED_DATA);
	CHECK_STATUS(authenticate_with(KDF_HEAD COUNT "840430313233"
						      "9000",
				       NULL),
		     KC_ERR_CORRUPTED_DATA);
	CHECK_STATUS(authenticate_with("81FF9000", NULL), KC_ERR_CORRUPTED_DATA);
	CHECK_STATUS(authenticate_with("6F00", NULL), KC_ERR_COMMUNICATION);
}

TEST(changed_passwords_are_derived_each_with_its_salt)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = insert_ec(&token);
	struct openpgp_state *state = kc_token_state(&token);

	state->has_kdf = true;
	fake_card_add(card, get_kdf, KDF_HEAD COUNT SALTS "9000");
	fake_card_add(card, "002C008140" DERIVED_CODE DERIVED_PW1, "9000");
	CHECK_OK(unblock(&token, "reset_code", "12345678", "123456"));
	fake_card_add(card, "0020008320" DERIVED_PW3, "9000");
	fake_card_add(card, "002C028120" DERIVED_PW1, "9000");
	CHECK_OK(unblock(&token, "admin", "12345678", "123456"));
	CHECK_INT(fake_card_count_of(card, get_kdf), 1);
	fake_card_free(card);
}

TEST(the_kdf_object_is_read_anew_in_each_transaction)
{
	struct session_turn turn = {.transaction = 2, .session = A};
	const uint8_t reference = 3;
	const struct session_authentication authentication = {.object_id = view_of(&reference, 1),
							      .pin = view_of_text("123456")};
	CLEANUP(token_done) struct kc_token token = {0};
	struct fake_card *card = insert_ec(&token);
	struct openpgp_state *state = kc_token_state(&token);

	state->has_kdf = true;
	CHECK_OK(authenticate(&token, A, 3, "123456"));
	CHECK_OK(authenticate(&token, A, 3, "123456"));
	CHECK_INT(fake_card_count_of(card, get_kdf), 1);
	fake_card_add(card, "00A4040006D2760001240100", "9000");
	fake_card_add(card, get_kdf, KDF_HEAD COUNT SALTS "9000");
	fake_card_add(card, "0020008220" DERIVED_PW1, "9000");
	error_clear();
	CHECK_OK(session_authenticate(&token, &turn, &authentication));
	CHECK_INT(fake_card_count_of(card, get_kdf), 2);
	fake_card_free(card);
}
