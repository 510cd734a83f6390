/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may make a key, on a driver that would make one for anybody. */
#include "driverkit/creation.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "harness/test.h"

struct generous {
	unsigned n_selects;
	unsigned n_proofs;
	unsigned n_made;
	bool tells_nothing;
};

enum {
	A = 1,
	B = 2,
	SLOT = 7,
};

static struct generous *state_of(struct kc_token *token)
{
	return kc_token_state(token);
}

static enum kc_status generous_select(struct kc_token *token)
{
	state_of(token)->n_selects++;
	return KC_OK;
}

static enum kc_status generous_enumerate(struct kc_token *token, struct kc_contents *contents)
{
	const struct kc_pin_description admin = {
		.pin_id = "admin", .label = "admin PIN", .role = KC_PIN_ROLE_ADMIN};

	(void)token;
	return kc_contents_add_pin(contents, &admin);
}

static enum kc_status generous_check_form(struct kc_token *token, const char *pin_id,
					  struct kc_view pin)
{
	CHECK_TEXT(pin_id, "admin");
	return pin.len >= 6 ? KC_OK
			    : kc_token_fail(token, KC_ERR_AUTHENTICATION_FAILED, 0, "too short");
}

static enum kc_status generous_plan(struct kc_token *token, const struct kc_key_wish *wish,
				    struct kc_bytes *ret_object_id)
{
	CLEANUP(bytes_done) struct bytes id = BYTES_INIT(1);

	if (wish->place && !wish->may_replace)
		return kc_token_fail(token, KC_ERR_DUPLICATE_ITEM, 0, "taken");
	CHECK_OK(bytes_append_byte(&id, SLOT));
	*ret_object_id = bytes_take(&id);
	return KC_OK;
}

static enum kc_status generous_authenticate(struct kc_token *token,
					    const struct kc_admin_proof *proof,
					    struct kc_bytes *ret_response)
{
	(void)ret_response;
	state_of(token)->n_proofs++;
	if (view_equal(proof->pin, view_of_text("12345678")) || proof->response.len > 0)
		return KC_OK;
	return kc_token_fail(token, KC_ERR_AUTHENTICATION_FAILED, 0x6982, "wrong");
}

static enum kc_status generous_generate(struct kc_token *token, const struct kc_key_wish *wish,
					struct kc_view object_id, struct kc_contents *made)
{
	const struct kc_key_description key = {.object_id = object_id,
					       .label = "Key",
					       .type = wish->type,
					       .size_in_bits = 256,
					       .public_key = view_of_text("public")};

	state_of(token)->n_made++;
	return state_of(token)->tells_nothing ? KC_OK : kc_contents_add_key(made, &key);
}

static const struct kc_driver generous = {
	.class_id = "org.example.generous",
	.name = "Generous",
	.state_size = sizeof(struct generous),
	.select = generous_select,
	.enumerate = generous_enumerate,
	.check_pin_form = generous_check_form,
	.plan_key = generous_plan,
	.authenticate_admin = generous_authenticate,
	.generate = generous_generate,
};

static const struct kc_driver plain = {
	.class_id = "org.example.plain",
	.name = "Plain",
	.enumerate = generous_enumerate,
};

static enum kc_status no_card(void *context, struct kc_view command, struct bytes *response)
{
	(void)context;
	(void)command;
	(void)response;
	return KC_ERR_TOKEN_NOT_FOUND;
}

static struct session_turn turn_of(int64_t transaction, int64_t session)
{
	return (struct session_turn){.transaction = transaction, .session = session};
}

static void start(struct kc_token *token, const struct kc_driver *driver)
{
	const struct session_turn turn = turn_of(1, 0);

	CHECK_OK(token_init(token, driver, no_card, NULL));
	CHECK_OK(session_enumerate(token, &turn));
}

static enum kc_status prove(struct kc_token *token, struct session_turn turn, const char *pin)
{
	CLEANUP(kc_bytes_free) struct kc_bytes response = {NULL, 0};
	const struct kc_admin_proof proof = {.pin = view_of_text(pin)};

	error_clear();
	return creation_authenticate(token, &turn, &proof, &response);
}

static enum kc_status generate(struct kc_token *token, struct session_turn turn)
{
	CLEANUP(contents_done) struct kc_contents made = {0};
	const struct kc_key_wish wish = {.type = KC_KEY_TYPE_EC};

	error_clear();
	return creation_generate(token, &turn, &wish, &made);
}

TEST(the_administrator_makes_one_key)
{
	struct kc_token token;

	start(&token, &generous);
	CHECK_OK(prove(&token, turn_of(2, A), "12345678"));
	CHECK_OK(generate(&token, turn_of(2, A)));
	CHECK_STATUS(generate(&token, turn_of(2, A)), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_INT(state_of(&token)->n_made, 1);
	token_done(&token);
}

TEST(nobody_else_makes_one)
{
	struct kc_token token;

	start(&token, &generous);
	CHECK_STATUS(generate(&token, turn_of(2, A)), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_OK(prove(&token, turn_of(2, A), "12345678"));
	CHECK_STATUS(generate(&token, turn_of(2, B)), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_STATUS(generate(&token, turn_of(2, A)), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_INT(state_of(&token)->n_made, 0);
	token_done(&token);
}

TEST(another_transaction_ends_it)
{
	struct kc_token token;

	start(&token, &generous);
	CHECK_OK(prove(&token, turn_of(2, A), "12345678"));
	CHECK_STATUS(generate(&token, turn_of(3, A)), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_STATUS(generate(&token, turn_of(0, 0)), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_INT(state_of(&token)->n_made, 0);
	token_done(&token);
}

TEST(a_wrong_proof_is_none)
{
	struct kc_token token;

	start(&token, &generous);
	CHECK_OK(prove(&token, turn_of(2, A), "12345678"));
	CHECK_STATUS(prove(&token, turn_of(2, A), "87654321"), KC_ERR_AUTHENTICATION_FAILED);
	CHECK_STATUS(generate(&token, turn_of(2, A)), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_STATUS(prove(&token, turn_of(2, 0), "12345678"), KC_ERR_BAD_PARAMETER);
	CHECK_INT(state_of(&token)->n_proofs, 2);
	CHECK_INT(state_of(&token)->n_made, 0);
	token_done(&token);
}

TEST(a_pin_of_the_wrong_form_does_not_reach_the_card)
{
	struct kc_token token;

	start(&token, &generous);
	CHECK_STATUS(prove(&token, turn_of(2, A), "123"), KC_ERR_AUTHENTICATION_FAILED);
	CHECK_INT(state_of(&token)->n_proofs, 0);
	token_done(&token);
}

TEST(one_proof_not_two_and_not_none)
{
	struct kc_token token;
	const struct session_turn turn = turn_of(2, A);
	struct kc_bytes response = {NULL, 0};
	const struct kc_admin_proof both = {.pin = view_of_text("12345678"),
					    .response = view_of_text("12345678")};
	const struct kc_admin_proof none = {.pin = {NULL, 0}};

	start(&token, &generous);
	CHECK_STATUS(creation_authenticate(&token, &turn, &both, &response), KC_ERR_BAD_PARAMETER);
	CHECK_STATUS(creation_authenticate(&token, &turn, &none, &response), KC_ERR_BAD_PARAMETER);
	CHECK_INT(state_of(&token)->n_proofs, 0);
	token_done(&token);
}

TEST(a_place_that_is_taken_is_left_alone)
{
	struct kc_token token;
	const struct session_turn turn = turn_of(2, A);
	const struct kc_key_wish wish = {.place = "7", .type = KC_KEY_TYPE_EC};
	CLEANUP(contents_done) struct kc_contents made = {0};

	start(&token, &generous);
	CHECK_OK(prove(&token, turn, "12345678"));
	CHECK_STATUS(creation_generate(&token, &turn, &wish, &made), KC_ERR_DUPLICATE_ITEM);
	CHECK_INT(state_of(&token)->n_made, 0);
	token_done(&token);
}

TEST(a_key_that_the_driver_does_not_tell_of_is_no_result)
{
	struct kc_token token;

	start(&token, &generous);
	state_of(&token)->tells_nothing = true;
	CHECK_OK(prove(&token, turn_of(2, A), "12345678"));
	CHECK_STATUS(generate(&token, turn_of(2, A)), KC_ERR_CORRUPTED_DATA);
	token_done(&token);
}

TEST(a_driver_that_makes_no_keys_says_so)
{
	struct kc_token token;
	const struct session_turn turn = turn_of(2, A);
	const struct kc_key_wish wish = {.type = KC_KEY_TYPE_EC};
	struct kc_admin_challenge challenge;
	struct kc_bytes id = {NULL, 0};

	start(&token, &plain);
	CHECK_STATUS(creation_plan(&token, &turn, &wish, &id), KC_ERR_NOT_IMPLEMENTED);
	CHECK_STATUS(creation_challenge(&token, &turn, &challenge), KC_ERR_NOT_IMPLEMENTED);
	CHECK_STATUS(prove(&token, turn, "12345678"), KC_ERR_NOT_IMPLEMENTED);
	CHECK_STATUS(generate(&token, turn), KC_ERR_NOT_IMPLEMENTED);
	CHECK(strstr(error_get()->message, "Plain driver makes no keys"));
	token_done(&token);
}
