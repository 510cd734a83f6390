/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules that stand before every driver, on a driver that would sign for anybody: its card
 * stays unlocked for ever, as some do.
 */
#include "driverkit/session.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "harness/test.h"

struct careless {
	unsigned n_selects;
	unsigned n_verifies;
	unsigned n_signatures;
	unsigned n_changes;
	unsigned last_scope;
	enum kc_status next_signature;
};

enum {
	KEY_FREE = 0,
	KEY_PIN = 1,
	KEY_PIN_ALWAYS = 2,
	KEY_NOT_FOR_SIGNING = 3,
	KEY_OTHER_SCOPE = 4,
	KEY_OTHER_SCOPE_ALWAYS = 5,
	A = 1,
	B = 2,
};

static struct careless *state_of(struct kc_token *token)
{
	return kc_token_state(token);
}

static enum kc_status careless_select(struct kc_token *token)
{
	state_of(token)->n_selects++;
	return KC_OK;
}

static enum kc_status careless_open(struct kc_token *token, struct kc_token_identity *ret_identity)
{
	(void)token;
	*ret_identity = (struct kc_token_identity){strdup("1"), strdup("Careless")};
	return KC_OK;
}

static enum kc_status careless_enumerate(struct kc_token *token, struct kc_contents *contents)
{
	static const char *const algorithms[] = {"rsa_signature_raw", NULL};
	static const enum kc_constraint constraints[] = {
		KC_CONSTRAINT_NONE, KC_CONSTRAINT_PIN, KC_CONSTRAINT_PIN_ALWAYS,
		KC_CONSTRAINT_PIN,  KC_CONSTRAINT_PIN, KC_CONSTRAINT_PIN_ALWAYS};
	static const char *const unblocked_by[] = {"puk", NULL};
	static const struct kc_pin_description pins[] = {
		{.pin_id = "pin", .label = "PIN", .min_length = 6, .unblocked_by = unblocked_by},
		{.pin_id = "puk", .label = "PUK", .role = KC_PIN_ROLE_UNBLOCKING},
	};

	(void)token;
	for (uint8_t i = 0; i < ARRAY_LEN(constraints); i++) {
		struct kc_key_description key = {.object_id = view_of(&i, 1),
						 .label = "Key",
						 .type = KC_KEY_TYPE_RSA,
						 .size_in_bits = 2048,
						 .constraint = constraints[i],
						 .algorithms = algorithms,
						 .pin_scope = i > 3,
						 .can_sign = i != KEY_NOT_FOR_SIGNING,
						 .can_decrypt = i == KEY_NOT_FOR_SIGNING};

		CHECK_OK(kc_contents_add_key(contents, &key));
	}
	CHECK_OK(kc_contents_add_pin(contents, &pins[0]));
	CHECK_OK(kc_contents_add_pin(contents, &pins[1]));
	return KC_OK;
}

static enum kc_status careless_check_form(struct kc_token *token, const char *pin_id,
					  struct kc_view pin)
{
	(void)pin_id;
	return pin.len >= 6 ? KC_OK
			    : kc_token_fail(token, KC_ERR_AUTHENTICATION_FAILED, 0, "too short");
}

static enum kc_status careless_authenticate(struct kc_token *token,
					    const struct kc_authentication *authentication)
{
	struct kc_view pin = authentication->pin;

	state_of(token)->last_scope = authentication->scope;
	state_of(token)->n_verifies++;
	if (view_equal(pin, view_of_text("blocked")))
		return kc_token_fail(token, KC_ERR_PIN_BLOCKED, 0x6983, "blocked");
	if (view_equal(pin, view_of_text("123456")))
		return KC_OK;
	kc_token_set_tries_left(token, 2);
	return kc_token_fail(token, KC_ERR_AUTHENTICATION_FAILED, 0x63C2, "wrong");
}

static enum kc_status careless_pin_status(struct kc_token *token, const char *pin_id,
					  int *ret_tries_left)
{
	(void)token;
	(void)pin_id;
	*ret_tries_left = 3;
	return KC_OK;
}

static enum kc_status careless_sign(struct kc_token *token, struct kc_view object_id,
				    const char *algorithm, struct kc_view data,
				    struct kc_bytes *ret_signature)
{
	(void)object_id;
	(void)algorithm;
	(void)data;
	state_of(token)->n_signatures++;
	*ret_signature = (struct kc_bytes){NULL, 0};
	return state_of(token)->next_signature;
}

static enum kc_status careless_change(struct kc_token *token, const char *pin_id,
				      struct kc_view current, struct kc_view new_pin)
{
	struct kc_authentication proof = {.pin = current};

	(void)pin_id;
	(void)new_pin;
	state_of(token)->n_changes++;
	return careless_authenticate(token, &proof);
}

static enum kc_status careless_unblock(struct kc_token *token,
				       const struct kc_unblocking *unblocking)
{
	struct kc_authentication proof = {.pin = unblocking->unblocking};

	state_of(token)->n_changes++;
	return careless_authenticate(token, &proof);
}

static const struct kc_driver careless_driver = {
	.class_id = "org.keycask.test",
	.name = "Careless",
	.state_size = sizeof(struct careless),
	.select = careless_select,
	.open = careless_open,
	.enumerate = careless_enumerate,
	.check_pin_form = careless_check_form,
	.authenticate = careless_authenticate,
	.pin_status = careless_pin_status,
	.sign = careless_sign,
	.decrypt = careless_sign,
	.change_pin = careless_change,
	.unblock_pin = careless_unblock,
};

static struct session_turn turn(int64_t transaction, int64_t session)
{
	return (struct session_turn){.transaction = transaction, .session = session};
}

static enum kc_status sign(struct kc_token *token, struct session_turn t, uint8_t key)
{
	struct session_use use = {.object_id = view_of(&key, 1), .algorithm = "rsa_signature_raw"};
	struct kc_bytes signature = {NULL, 0};

	error_clear();
	return session_use_key(token, &t, &use, &signature);
}

static enum kc_status authenticate(struct kc_token *token, struct session_turn t, const char *pin)
{
	struct session_authentication authentication = {.pin = view_of_text(pin)};

	error_clear();
	return session_authenticate(token, &t, &authentication);
}

static enum kc_status authenticate_for(struct kc_token *token, struct session_turn t, uint8_t key)
{
	struct session_authentication authentication = {.object_id = view_of(&key, 1),
							.pin = view_of_text("123456")};

	error_clear();
	return session_authenticate(token, &t, &authentication);
}

static enum kc_status change(struct kc_token *token, const char *pin_id, const char *current,
			     const char *new_pin)
{
	struct session_turn t = turn(1, 0);
	struct session_change request = {pin_id, view_of_text(current), view_of_text(new_pin)};

	error_clear();
	return session_change_pin(token, &t, &request);
}

static void setup(struct kc_token *token)
{
	struct session_turn t = turn(1, 0);

	CHECK_OK(token_init(token, &careless_driver, NULL, NULL));
	CHECK_OK(session_enumerate(token, &t));
}

TEST(a_session_signs_after_its_pin)
{
	CLEANUP(token_done) struct kc_token token = {0};

	setup(&token);
	CHECK_STATUS(sign(&token, turn(1, A), KEY_PIN), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_OK(authenticate(&token, turn(1, A), "123456"));
	CHECK_OK(sign(&token, turn(1, A), KEY_PIN));
	CHECK_OK(sign(&token, turn(1, A), KEY_PIN));
	CHECK_INT(state_of(&token)->n_signatures, 2);
}

/* cryptotokenkit.md O10 */
TEST(the_pin_of_one_session_serves_no_other)
{
	CLEANUP(token_done) struct kc_token token = {0};

	setup(&token);
	CHECK_OK(authenticate(&token, turn(1, A), "123456"));
	CHECK_STATUS(sign(&token, turn(1, B), KEY_PIN), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_STATUS(authenticate(&token, turn(1, B), ""), KC_ERR_AUTHENTICATION_FAILED);
	CHECK_INT(state_of(&token)->n_verifies, 1);
	CHECK_STATUS(sign(&token, turn(1, B), KEY_PIN), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_STATUS(authenticate(&token, turn(1, B), "654321"), KC_ERR_AUTHENTICATION_FAILED);
	CHECK_INT(state_of(&token)->n_verifies, 2);
	CHECK_INT(error_get()->tries_left, 2);
	CHECK_STATUS(sign(&token, turn(1, B), KEY_PIN), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_INT(state_of(&token)->n_signatures, 0);
	/* B's wrong PIN cleared the card: A verifies again. */
	CHECK_STATUS(sign(&token, turn(1, A), KEY_PIN), KC_ERR_AUTHENTICATION_NEEDED);
}

TEST(nobody_is_never_authenticated)
{
	CLEANUP(token_done) struct kc_token token = {0};

	setup(&token);
	CHECK_STATUS(sign(&token, turn(1, 0), KEY_PIN), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_STATUS(authenticate(&token, turn(1, 0), "123456"), KC_ERR_BAD_PARAMETER);
	CHECK_STATUS(authenticate(&token, turn(1, -1), "123456"), KC_ERR_BAD_PARAMETER);
	CHECK_INT(state_of(&token)->n_verifies, 0);
	CHECK_STATUS(sign(&token, turn(1, 0), KEY_PIN), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_OK(sign(&token, turn(1, 0), KEY_FREE));
}

TEST(pin_always_wants_it_right_before)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct session_turn status_turn = turn(1, A);
	int tries_left = 0;

	setup(&token);
	CHECK_OK(authenticate(&token, turn(1, A), "123456"));
	CHECK_OK(sign(&token, turn(1, A), KEY_PIN_ALWAYS));
	CHECK_STATUS(sign(&token, turn(1, A), KEY_PIN_ALWAYS), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_OK(sign(&token, turn(1, A), KEY_PIN)); /* the session goes on */
	CHECK_OK(authenticate(&token, turn(1, A), "123456"));
	CHECK_OK(sign(&token, turn(1, A), KEY_PIN));
	CHECK_STATUS(sign(&token, turn(1, A), KEY_PIN_ALWAYS), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_OK(authenticate(&token, turn(1, A), "123456"));
	CHECK_OK(session_pin_status(&token, &status_turn, NULL, &tries_left));
	CHECK_INT(tries_left, 3);
	CHECK_STATUS(sign(&token, turn(1, A), KEY_PIN_ALWAYS), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_OK(authenticate(&token, turn(1, A), "123456"));
	CHECK_STATUS(sign(&token, turn(1, B), KEY_PIN_ALWAYS), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_STATUS(sign(&token, turn(1, A), KEY_PIN_ALWAYS), KC_ERR_AUTHENTICATION_NEEDED);
}

/* OpenPGP: PW1 verified for signing opens nothing else, and the reverse. */
TEST(a_pin_serves_the_scope_it_was_verified_for)
{
	CLEANUP(token_done) struct kc_token token = {0};

	setup(&token);
	CHECK_OK(authenticate_for(&token, turn(1, A), KEY_OTHER_SCOPE));
	CHECK_INT(state_of(&token)->last_scope, 1);
	CHECK_STATUS(sign(&token, turn(1, A), KEY_PIN), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_OK(sign(&token, turn(1, A), KEY_OTHER_SCOPE));
	CHECK_OK(authenticate_for(&token, turn(1, A), KEY_PIN));
	CHECK_STATUS(sign(&token, turn(1, A), KEY_OTHER_SCOPE_ALWAYS),
		     KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_OK(sign(&token, turn(1, A), KEY_PIN));
	CHECK_OK(sign(&token, turn(1, A), KEY_OTHER_SCOPE));
	/* Another session's good PIN leaves nothing of ours. */
	CHECK_OK(authenticate_for(&token, turn(1, B), KEY_PIN));
	CHECK_STATUS(sign(&token, turn(1, B), KEY_OTHER_SCOPE), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_STATUS(sign(&token, turn(1, A), KEY_OTHER_SCOPE), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_STATUS(authenticate_for(&token, turn(1, A), 9), KC_ERR_OBJECT_NOT_FOUND);
}

TEST(changing_a_pin_ends_what_it_opened)
{
	CLEANUP(token_done) struct kc_token token = {0};

	setup(&token);
	CHECK_OK(authenticate(&token, turn(1, A), "123456"));
	CHECK_OK(change(&token, "pin", "123456", "654321"));
	CHECK_STATUS(sign(&token, turn(1, A), KEY_PIN), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_STATUS(change(&token, "pin", "654321", "654321"), KC_ERR_AUTHENTICATION_FAILED);
	CHECK_INT(error_get()->tries_left, 2);
	CHECK_STATUS(change(&token, "pin", "blocked", "654321"), KC_ERR_PIN_BLOCKED);
	CHECK_INT(state_of(&token)->n_changes, 3);
	CHECK_STATUS(change(&token, "pin", "123456", "654"), KC_ERR_BAD_PARAMETER);
	CHECK_TEXT(error_get()->message, "this cannot be the new one: too short");
	CHECK_STATUS(change(&token, "pin", "123", "654321"), KC_ERR_AUTHENTICATION_FAILED);
	CHECK_STATUS(change(&token, "pin2", "123456", "654321"), KC_ERR_OBJECT_NOT_FOUND);
	CHECK_INT(state_of(&token)->n_changes, 3);
}

TEST(only_its_own_puk_unblocks_a_pin)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct session_turn t = turn(1, 0);
	struct kc_unblocking by_puk = {"pin", "puk", view_of_text("123456"),
				       view_of_text("654321")};
	struct kc_unblocking by_pin = {"puk", "pin", view_of_text("123456"),
				       view_of_text("654321")};

	setup(&token);
	CHECK_STATUS(session_unblock_pin(&token, &t, &by_pin), KC_ERR_BAD_PARAMETER);
	CHECK_OK(session_unblock_pin(&token, &t, &by_puk));
	CHECK_INT(state_of(&token)->n_changes, 1);
}

TEST(a_key_does_what_it_is_for)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct session_turn t = turn(1, A);
	uint8_t key = KEY_NOT_FOR_SIGNING;
	struct session_use use = {.operation = SESSION_DECRYPT,
				  .object_id = view_of(&key, 1),
				  .algorithm = "rsa_signature_raw"};
	struct kc_bytes result = {NULL, 0};

	setup(&token);
	CHECK_STATUS(session_use_key(&token, &t, &use, &result), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_OK(authenticate(&token, t, "123456"));
	CHECK_OK(session_use_key(&token, &t, &use, &result));
	use.operation = SESSION_EXCHANGE;
	CHECK_STATUS(session_use_key(&token, &t, &use, &result), KC_ERR_NOT_IMPLEMENTED);
	key = KEY_PIN;
	use.operation = SESSION_DECRYPT;
	CHECK_STATUS(session_use_key(&token, &t, &use, &result), KC_ERR_NOT_IMPLEMENTED);
}

TEST(a_new_transaction_trusts_nothing)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct session_turn probed = {.transaction = 7, .session = A, .is_selected = true};

	setup(&token);
	CHECK_INT(state_of(&token)->n_selects, 1);
	CHECK_OK(authenticate(&token, turn(1, A), "123456"));
	CHECK_STATUS(sign(&token, turn(2, A), KEY_PIN), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_INT(state_of(&token)->n_selects, 1); /* refused without the card */
	CHECK_OK(authenticate(&token, turn(2, A), "123456"));
	CHECK_INT(state_of(&token)->n_selects, 2);
	CHECK_STATUS(sign(&token, turn(1, A), KEY_PIN), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_OK(authenticate(&token, probed, "123456"));
	CHECK_OK(sign(&token, probed, KEY_PIN));
	CHECK_INT(state_of(&token)->n_selects, 2);
	CHECK_OK(sign(&token, turn(8, 0), KEY_FREE));
	CHECK_INT(state_of(&token)->n_selects, 3);
}

TEST(the_card_may_want_the_pin_again)
{
	CLEANUP(token_done) struct kc_token token = {0};

	setup(&token);
	CHECK_OK(authenticate(&token, turn(1, A), "123456"));
	state_of(&token)->next_signature = KC_ERR_AUTHENTICATION_NEEDED;
	CHECK_STATUS(sign(&token, turn(1, A), KEY_PIN), KC_ERR_AUTHENTICATION_NEEDED);
	state_of(&token)->next_signature = KC_OK;
	CHECK_STATUS(sign(&token, turn(1, A), KEY_PIN), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_INT(state_of(&token)->n_signatures, 1);
}

TEST(a_blocked_pin_says_so)
{
	CLEANUP(token_done) struct kc_token token = {0};

	setup(&token);
	CHECK_STATUS(authenticate(&token, turn(1, A), "blocked"), KC_ERR_PIN_BLOCKED);
	CHECK_INT(error_get()->sw, 0x6983);
}

TEST(only_published_keys_sign)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct session_turn t = turn(1, A);
	uint8_t key = KEY_FREE;
	struct session_use other = {.object_id = view_of(&key, 1), .algorithm = "rsa_x"};
	struct kc_bytes signature = {NULL, 0};

	CHECK_OK(token_init(&token, &careless_driver, NULL, NULL));
	CHECK_STATUS(sign(&token, t, KEY_FREE), KC_ERR_OBJECT_NOT_FOUND);
	CHECK_OK(session_enumerate(&token, &t));
	CHECK_OK(sign(&token, t, KEY_FREE));
	CHECK_STATUS(sign(&token, t, 9), KC_ERR_OBJECT_NOT_FOUND);
	CHECK_STATUS(sign(&token, t, KEY_NOT_FOR_SIGNING), KC_ERR_NOT_IMPLEMENTED);
	CHECK_STATUS(session_use_key(&token, &t, &other, &signature), KC_ERR_NOT_IMPLEMENTED);
	CHECK_INT(state_of(&token)->n_signatures, 1);
}

TEST(open_names_the_token)
{
	CLEANUP(token_done) struct kc_token token = {0};
	struct session_turn t = {.transaction = 1, .is_selected = true};
	struct kc_token_identity identity = {NULL, NULL};

	CHECK_OK(token_init(&token, &careless_driver, NULL, NULL));
	CHECK_OK(session_open(&token, &t, &identity));
	CHECK_TEXT(token.token_id, "org.keycask.test:1");
	CHECK_INT(state_of(&token)->n_selects, 0);
	free(identity.instance_id);
	free(identity.label);
}

TEST(contents_are_bounded_and_unique)
{
	CLEANUP(contents_done) struct kc_contents contents = {0};
	static const uint8_t big[CONTENTS_BYTES_MAX / 4 + 1];
	static const uint8_t id[CONTENTS_ID_MAX + 1];

	CHECK_OK(kc_contents_add_certificate(&contents, view_of(id, 1), "x", view_of(id, 1)));
	CHECK_STATUS(kc_contents_add_certificate(&contents, view_of(id, 1), "x", view_of(id, 1)),
		     KC_ERR_BAD_PARAMETER);
	CHECK(kc_contents_add_certificate(&contents, view_of(id, 0), "x", view_of(id, 1)) != KC_OK);
	CHECK(kc_contents_add_certificate(&contents, VIEW_OF(id), "x", view_of(id, 1)) != KC_OK);
	CHECK_INT(contents.n_objects, 1);
	for (size_t n = 2; n <= 4; n++)
		CHECK_OK(kc_contents_add_certificate(&contents, view_of(id, n), "x", VIEW_OF(big)));
	CHECK(kc_contents_add_certificate(&contents, view_of(id, 5), "x", VIEW_OF(big)) != KC_OK);
	CHECK_INT(contents.n_objects, 4);
}

/* --- what is told later -------------------------------------------------------------------- */

static enum kc_status describe(struct kc_contents *contents, uint8_t id, bool is_new)
{
	static const char *const algorithms[] = {"ecdsa_signature_digest_x962", NULL};
	static const uint8_t point[] = {0x04, 1, 2};
	const struct kc_key_description key = {.object_id = view_of(&id, 1),
					       .label = "Told later",
					       .public_key = VIEW_OF(point),
					       .type = KC_KEY_TYPE_EC,
					       .size_in_bits = 256,
					       .constraint = KC_CONSTRAINT_PIN_ALWAYS,
					       .algorithms = algorithms,
					       .can_sign = true,
					       .needs_touch = true};

	return is_new ? kc_contents_add_key(contents, &key)
		      : kc_contents_replace_key(contents, &key);
}

static enum kc_status careless_detail(struct kc_token *token, struct kc_contents *contents)
{
	(void)token;
	CHECK_STATUS(describe(contents, 9, false), KC_ERR_OBJECT_NOT_FOUND);
	CHECK_STATUS(describe(contents, KEY_FREE, true), KC_ERR_BAD_PARAMETER);
	CHECK_OK(describe(contents, KEY_FREE, false));
	return describe(contents, 9, true);
}

TEST(a_driver_completes_what_it_has_told)
{
	struct kc_driver driver = careless_driver;
	CLEANUP(token_done) struct kc_token token = {0};
	const struct session_turn turn = {.transaction = 1, .session = A};
	const struct contents_object *key = NULL;
	const uint8_t id = KEY_FREE;

	driver.detail = careless_detail;
	CHECK_OK(token_init(&token, &driver, NULL, NULL));
	CHECK_OK(session_enumerate(&token, &turn));
	error_clear();
	CHECK_OK(session_detail(&token, &turn));
	CHECK_INT(token.contents.n_objects, 7);
	key = contents_find_key(&token.contents, view_of(&id, 1));
	CHECK_TEXT(key->label, "Told later");
	CHECK(key->needs_touch);
	CHECK_INT(key->n_algorithms, 1);
	CHECK_INT(key->constraint, KC_CONSTRAINT_PIN_ALWAYS);
	driver.detail = NULL;
	CHECK_STATUS(session_detail(&token, &turn), KC_ERR_NOT_IMPLEMENTED);
}
