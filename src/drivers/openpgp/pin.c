/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The passwords of a card (OpenPGP card 3.4, 4.3) as people know them: PW1 is the PIN, PW3 the
 * admin PIN; a resetting code is there when the administrator has set one. Tries are in the
 * password status C4, which every card tells without costing any.
 */
#include "base/cleanup.h"
#include "base/try.h"
#include "drivers/openpgp/openpgp.h"

enum {
	TAG_PASSWORD_STATUS = 0xC4,
	TRIES_OFFSET = 1 + OPENPGP_N_PASSWORDS,
	STATUS_MAX = 64,
	CODE_MIN = 8, /* 4.3: PW3 and resetting code; 6 for PW1 */
	PIN_MIN = 6,
};

static const struct {
	const char *pin_id;
	const char *label;
	enum kc_pin_role role;
	unsigned min_length;
} passwords[OPENPGP_N_PASSWORDS] = {
	[OPENPGP_PW1] = {"pin", "PIN", KC_PIN_ROLE_USER, PIN_MIN},
	[OPENPGP_RESET_CODE] = {"reset_code", "reset code", KC_PIN_ROLE_UNBLOCKING, CODE_MIN},
	[OPENPGP_PW3] = {"admin", "admin PIN", KC_PIN_ROLE_ADMIN, CODE_MIN},
};

static const char *const by_code_or_admin[] = {"reset_code", "admin", NULL};
static const char *const by_admin[] = {"admin", NULL};

const char *openpgp_password_name(enum openpgp_password password)
{
	static const char *const names[] = {"the PIN", "the reset code", "the admin PIN"};

	return names[password];
}

static enum kc_status add_pin(const struct openpgp_state *state, struct kc_contents *contents,
			      enum openpgp_password password)
{
	struct kc_pin_description description = {
		.pin_id = passwords[password].pin_id,
		.label = passwords[password].label,
		.role = passwords[password].role,
		.min_length = passwords[password].min_length,
		.max_length = state->password_max[password],
	};

	if (password == OPENPGP_PW1)
		description.unblocked_by =
			state->tries_left[OPENPGP_RESET_CODE] > 0 ? by_code_or_admin : by_admin;
	return kc_contents_add_pin(contents, &description);
}

/* A resetting code without tries is one that was never set, or is of no use any more. */
enum kc_status openpgp_add_pins(struct kc_token *token, struct kc_contents *contents)
{
	const struct openpgp_state *state = kc_token_state(token);

	TRY(add_pin(state, contents, OPENPGP_PW1));
	if (state->tries_left[OPENPGP_RESET_CODE] > 0)
		TRY(add_pin(state, contents, OPENPGP_RESET_CODE));
	return add_pin(state, contents, OPENPGP_PW3);
}

enum kc_status openpgp_find_password(const char *pin_id, enum openpgp_password *ret_password)
{
	if (!pin_id)
		pin_id = passwords[OPENPGP_PW1].pin_id;
	for (size_t i = 0; i < OPENPGP_N_PASSWORDS; i++) {
		if (strcmp(passwords[i].pin_id, pin_id) == 0) {
			*ret_password = (enum openpgp_password)i;
			return KC_OK;
		}
	}
	return fail(KC_ERR_OBJECT_NOT_FOUND, "an OpenPGP card has no PIN called %s", pin_id);
}

/* 4.3: UTF-8 of any characters; only what cannot be typed is refused. */
static bool is_typable(struct kc_view pin)
{
	for (size_t i = 0; i < pin.len; i++) {
		if (pin.data[i] < 0x20 || pin.data[i] == 0x7F)
			return false;
	}
	return true;
}

enum kc_status openpgp_check_pin_form(struct kc_token *token, const char *pin_id,
				      struct kc_view pin)
{
	const struct openpgp_state *state = kc_token_state(token);
	enum openpgp_password password = OPENPGP_PW1;
	unsigned min = 0;
	unsigned max = 0;

	TRY(openpgp_find_password(pin_id, &password));
	min = passwords[password].min_length;
	max = state->password_max[password];
	REQUIRE(pin.len >= min && pin.len <= max && is_typable(pin), KC_ERR_AUTHENTICATION_FAILED,
		"the %s of this OpenPGP card has %u to %u characters", passwords[password].label,
		min, max);
	return KC_OK;
}

struct kc_pin_format openpgp_keypad_format(struct kc_token *token, enum openpgp_password password)
{
	const struct openpgp_state *state = kc_token_state(token);

	return (struct kc_pin_format){
		.charset = KC_PIN_CHARSET_NUMERIC,
		.encoding = KC_PIN_ENCODING_ASCII,
		.min_length = passwords[password].min_length,
		.max_length = state->password_max[password],
	};
}

static enum kc_status read_tries(struct kc_token *token, enum openpgp_password password,
				 int *ret_tries_left)
{
	CLEANUP(bytes_done) struct bytes status = BYTES_INIT(STATUS_MAX);

	TRY(openpgp_get_data(token, TAG_PASSWORD_STATUS, &status));
	REQUIRE(status.len > TRIES_OFFSET + (size_t)password, KC_ERR_CORRUPTED_DATA,
		"a password status of %zu bytes", status.len);
	*ret_tries_left = status.data[TRIES_OFFSET + password];
	return KC_OK;
}

enum kc_status openpgp_pin_status(struct kc_token *token, const char *pin_id, int *ret_tries_left)
{
	enum openpgp_password password = OPENPGP_PW1;

	TRY(openpgp_find_password(pin_id, &password));
	return read_tries(token, password, ret_tries_left);
}

/* 7.2.2: 6982 does not tell the tries, and the last wrong password does not say that it was. */
enum kc_status openpgp_judge_password(struct kc_token *token, enum openpgp_password password,
				      uint16_t sw)
{
	const char *what = openpgp_password_name(password);
	int tries_left = openpgp_tries_in(sw);

	if (tries_left < 0 && openpgp_is_refusal(sw) &&
	    read_tries(token, password, &tries_left) == KC_ERR_TOKEN_NOT_FOUND)
		return KC_ERR_TOKEN_NOT_FOUND;
	error_clear();
	kc_token_set_tries_left(token, tries_left);
	if (tries_left == 0)
		return kc_token_fail(token, KC_ERR_PIN_BLOCKED, sw, "%s is blocked", what);
	return openpgp_check_password(sw, what);
}
