/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Access control objects: all 512 sets of flags and all operations, held to the rules of
 * reference/keychain.md 4.5 as they are written there, in words of this test's own.
 */
#include "items/access_control.h"

#include <string.h>

#include "base/error.h"
#include "harness/test.h"

static const char *const names[] = {
	"user_presence",
	"biometry_any",
	"biometry_current_set",
	"device_passcode",
	"companion",
	"or",
	"and",
	"private_key_usage",
	"application_password",
};

enum {
	N_NAMES = 9,
	N_SETS = 1 << N_NAMES,
};

/* One set of flags, read from the text that goes in. */
struct expected {
	bool presence, any, current_set, passcode, companion, or, and, usage, password;
};

static struct expected expect(unsigned set)
{
	return (struct expected){set & 1,	 (set >> 1) & 1, (set >> 2) & 1,
				 (set >> 3) & 1, (set >> 4) & 1, (set >> 5) & 1,
				 (set >> 6) & 1, (set >> 7) & 1, (set >> 8) & 1};
}

static struct json_object *make_value(const char *accessible, unsigned set)
{
	struct json_object *value = json_object_new_object();
	struct json_object *flags = json_object_new_array();

	for (unsigned i = 0; i < N_NAMES; i++) {
		if (set >> i & 1)
			json_object_array_add(flags, json_object_new_string(names[i]));
	}
	json_object_object_add(value, "accessible", json_object_new_string(accessible));
	json_object_object_add(value, "flags", flags);
	return value;
}

/* "Rules (violations → errSecParam)", and what no machine of ours can ever see. */
static enum kc_status expected_status(struct expected set)
{
	bool other =
		set.any || set.current_set || set.passcode || set.companion || set.or || set.and;
	bool absent = set.any || set.current_set || set.companion;

	if (set.or &&set.and)
		return KC_ERR_PARAM;
	if (set.any && set.current_set)
		return KC_ERR_PARAM;
	if (set.presence && other)
		return KC_ERR_PARAM;
	if (absent && !(set.or &&set.passcode))
		return KC_ERR_UNIMPLEMENTED;
	return KC_OK;
}

TEST(access_control_takes_what_the_rules_allow)
{
	unsigned n_taken = 0;

	for (unsigned set = 0; set < N_SETS; set++) {
		CLEANUP(field_free) struct json_object *value = make_value("when_unlocked", set);
		CLEANUP(field_free) struct json_object *again = NULL;
		struct access_control access = {.flags = 0};

		error_clear();
		CHECK_STATUS(access_control_parse(value, &access), expected_status(expect(set)));
		if (expected_status(expect(set)) != KC_OK)
			continue;
		n_taken++;
		CHECK_INT(access.accessible, KEYBAG_WHEN_UNLOCKED);
		CHECK_OK(access_control_make(&access, &again));
		CHECK_TEXT(json_object_to_json_string(again), json_object_to_json_string(value));
	}
	/*
	 * Presence alone; nothing or the passcode, as they are, with "or", with "and"; the passcode
	 * or five sets of what is missing; each with what may always stand beside: two flags.
	 */
	CHECK_INT(n_taken, (1 + 2 * 3 + 5) * 4);
}

/* --- operations ------------------------------------------------------------------------------ */

/* What a person and a program have to prove, as 4.5 says it: 'p'resence, pass'c'ode, a password
 * of the 'a'pplication; "!" nothing helps. */
static void expected_proofs(struct expected set, enum access_control_operation operation,
			    char ret_proofs[4])
{
	bool is_add = operation == ACCESS_CONTROL_ADD;
	bool is_read = operation == ACCESS_CONTROL_READ || operation == ACCESS_CONTROL_READ_VALUE;
	size_t n = 0;

	memset(ret_proofs, 0, 4);
	if (operation == ACCESS_CONTROL_DELETE || (operation == ACCESS_CONTROL_READ && set.usage))
		return;
	if (is_read && set.usage) {
		ret_proofs[0] = '!';
		return;
	}
	if (set.presence && !is_add)
		ret_proofs[n++] = 'p';
	if (set.passcode && !is_add)
		ret_proofs[n++] = 'c';
	if (set.password)
		ret_proofs[n++] = 'a';
}

static void check_operation(unsigned set, enum access_control_operation operation, unsigned proved)
{
	CLEANUP(field_free) struct json_object *value = make_value("always", set);
	struct engine_proof proof = {.has_presence = proved & 1, .has_passcode = proved >> 1 & 1};
	struct engine_need need = {.label = ""};
	struct access_control access;
	enum kc_status status = KC_OK;
	char proofs[4];
	bool presence = false;
	bool passcode = false;
	bool password = false;

	if (proved >> 2)
		proof.application_key = (struct kc_view){(const uint8_t *)"key", 3};
	CHECK_OK(access_control_parse(value, &access));
	expected_proofs(expect(set), operation, proofs);
	status = access_control_check(&access, operation, &proof, &need);
	presence = strchr(proofs, 'p') && proved % 4 == 0;
	passcode = strchr(proofs, 'c') && proved % 4 < 2;
	password = strchr(proofs, 'a') && proved < 4;
	CHECK_INT(need.presence, presence);
	CHECK_INT(need.passcode, passcode);
	CHECK_INT(need.application_password, password);
	if (proofs[0] == '!')
		CHECK_INT(status, KC_ERR_AUTH_FAILED);
	else if (presence || passcode || password)
		CHECK_INT(status, KC_ERR_AUTHENTICATION_NEEDED);
	else
		CHECK_INT(status, KC_OK);
}

TEST(access_control_constrains_operations)
{
	for (unsigned set = 0; set < N_SETS; set++) {
		if (expected_status(expect(set)) != KC_OK)
			continue;
		for (int operation = ACCESS_CONTROL_ADD; operation <= ACCESS_CONTROL_DELETE;
		     operation++) {
			for (unsigned proved = 0; proved < 8; proved++) {
				error_clear();
				check_operation(set, (enum access_control_operation)operation,
						proved);
			}
		}
	}
}

TEST(access_control_adds_to_what_was_needed)
{
	struct access_control access = {KEYBAG_ALWAYS, 1U << ACCESS_CONTROL_USER_PRESENCE};
	struct engine_proof proof = {.has_presence = false};
	struct engine_need need = {.passcode = true};

	CHECK_STATUS(access_control_check(&access, ACCESS_CONTROL_READ, &proof, &need),
		     KC_ERR_AUTHENTICATION_NEEDED);
	CHECK(need.presence && need.passcode);
}

TEST(access_control_of_use_only_stays)
{
	struct access_control free = {KEYBAG_ALWAYS, 0};
	struct access_control usage = {KEYBAG_ALWAYS, 1U << ACCESS_CONTROL_PRIVATE_KEY_USAGE};

	CHECK_OK(access_control_may_become(&free, &usage));
	CHECK_OK(access_control_may_become(&free, &free));
	CHECK_OK(access_control_may_become(&usage, &usage));
	CHECK_STATUS(access_control_may_become(&usage, &free), KC_ERR_AUTH_FAILED);
	CHECK_TEXT(error_get()->message, "\"private_key_usage\" cannot be taken from a key again");
}

TEST(access_control_of_use_only_is_for_keys)
{
	struct access_control usage = {KEYBAG_AFTER_FIRST_UNLOCK,
				       1U << ACCESS_CONTROL_PRIVATE_KEY_USAGE |
					       1U << ACCESS_CONTROL_USER_PRESENCE};
	struct access_control presence = {KEYBAG_ALWAYS, 1U << ACCESS_CONTROL_USER_PRESENCE};
	struct access_control certificate = access_control_of_certificate(&usage);

	CHECK_OK(access_control_suits(&usage, VOCABULARY_KEY));
	CHECK_OK(access_control_suits(&presence, VOCABULARY_GENERIC_PASSWORD));
	CHECK_STATUS(access_control_suits(&usage, VOCABULARY_GENERIC_PASSWORD), KC_ERR_PARAM);
	CHECK_TEXT(
		error_get()->message,
		"\"private_key_usage\" is for keys: nobody could read a generic_password with it");
	CHECK_INT(certificate.accessible, KEYBAG_AFTER_FIRST_UNLOCK);
	CHECK_INT(certificate.flags, 0);
	certificate = access_control_of_certificate(&presence);
	CHECK_INT(certificate.flags, presence.flags);
}

/* --- mistakes -------------------------------------------------------------------------------- */

static void check_refused(const char *json, enum kc_status status, const char *message)
{
	CLEANUP(field_free) struct json_object *value = json_tokener_parse(json);
	struct access_control access = {.flags = 1U << 31};

	CHECK(value);
	error_clear();
	CHECK_STATUS(access_control_parse(value, &access), status);
	CHECK_TEXT(error_get()->message, message);
	CHECK_INT(access.flags, 1U << 31);
}

#define ALWAYS "{\"accessible\":\"always\",\"flags\":"

TEST(access_control_says_what_is_wrong)
{
	check_refused("\"pin\"", KC_ERR_PARAM, "\"access_control\" must be an object");
	check_refused("[]", KC_ERR_PARAM, "\"access_control\" must be an object");
	check_refused("{}", KC_ERR_PARAM, "an access control needs \"accessible\"");
	check_refused("{\"accessible\":null}", KC_ERR_PARAM,
		      "an access control needs \"accessible\"");
	check_refused("{\"accessible\":\"ak\"}", KC_ERR_PARAM,
		      "\"accessible\" of the access control is no protection class");
	check_refused("{\"accessible\":1}", KC_ERR_PARAM,
		      "\"accessible\" of the access control is no protection class");
	check_refused("{\"accessible\":\"always\",\"sign\":\"pin\"}", KC_ERR_PARAM,
		      "an access control has no \"sign\", only \"accessible\" and \"flags\"");
	check_refused(ALWAYS "\"or\"}", KC_ERR_PARAM,
		      "\"flags\" of an access control must be an array");
	check_refused(ALWAYS "[1]}", KC_ERR_PARAM, "the flags of an access control must be texts");
	check_refused(ALWAYS "[null]}", KC_ERR_PARAM,
		      "the flags of an access control must be texts");
	check_refused(ALWAYS "[\"watch\"]}", KC_ERR_PARAM,
		      "\"watch\" is no flag of an access control");
	check_refused(ALWAYS "[\"user_precense\"]}", KC_ERR_PARAM,
		      "\"user_precense\" is no flag of an access control");
	CHECK_TEXT(error_get()->hint, "did you mean \"user_presence\"?");
	check_refused(ALWAYS "[\"or\",\"and\",\"or\"]}", KC_ERR_PARAM,
		      "the access control has \"or\" more than once");
	check_refused(ALWAYS "[\"or\",\"and\"]}", KC_ERR_PARAM,
		      "an access control has \"or\" or \"and\", not both");
	check_refused(
		ALWAYS "[\"biometry_any\",\"biometry_current_set\",\"or\"]}", KC_ERR_PARAM,
		"an access control has \"biometry_any\" or \"biometry_current_set\", not both");
	check_refused(ALWAYS "[\"user_presence\",\"or\"]}", KC_ERR_PARAM,
		      "beside \"user_presence\" there may be only \"application_password\" and "
		      "\"private_key_usage\"");
}

TEST(access_control_says_what_is_missing_here)
{
	check_refused(ALWAYS "[\"biometry_any\"]}", KC_ERR_UNIMPLEMENTED,
		      "there is no fingerprint reader here");
	CHECK_TEXT(error_get()->hint, "use \"user_presence\", or \"or\" with \"device_passcode\"");
	check_refused(ALWAYS "[\"companion\",\"or\"]}", KC_ERR_UNIMPLEMENTED,
		      "there is no companion device here");
}

TEST(access_control_has_one_form)
{
	CLEANUP(field_free)
	struct json_object *value = json_tokener_parse(
		"{\"flags\":[\"application_password\",\"or\",\"device_passcode\"],"
		"\"accessible\":\"always\"}");
	CLEANUP(field_free) struct json_object *made = NULL;
	struct access_control access;

	CHECK_OK(access_control_parse(value, &access));
	CHECK(access_control_has(&access, ACCESS_CONTROL_APPLICATION_PASSWORD));
	CHECK_OK(access_control_make(&access, &made));
	CHECK_TEXT(json_object_to_json_string_ext(made, JSON_C_TO_STRING_PLAIN),
		   ALWAYS "[\"device_passcode\",\"or\",\"application_password\"]}");
}

/* --- beside the other attributes ------------------------------------------------------------- */

static enum kc_status of_attributes(const char *json, struct access_control *ret_access)
{
	CLEANUP(field_free) struct json_object *attributes = json_tokener_parse(json);

	CHECK(attributes);
	error_clear();
	return access_control_of(attributes, KEYBAG_AFTER_FIRST_UNLOCK, ret_access);
}

#define PRESENCE "\"access_control\":" ALWAYS "[\"user_presence\"]}"

TEST(access_control_is_of_an_item)
{
	struct access_control access;

	CHECK_OK(of_attributes("{}", &access));
	CHECK_INT(access.accessible, KEYBAG_AFTER_FIRST_UNLOCK);
	CHECK_INT(access.flags, 0);
	CHECK_OK(of_attributes("{\"accessible\":\"always\",\"synchronizable\":true}", &access));
	CHECK_INT(access.accessible, KEYBAG_ALWAYS);
	CHECK_OK(of_attributes("{\"accessible\":\"always\"," PRESENCE "}", &access));
	CHECK_OK(of_attributes("{" PRESENCE ",\"synchronizable\":false}", &access));
	CHECK_INT(access.accessible, KEYBAG_ALWAYS);
	CHECK_INT(access.flags, 1 << ACCESS_CONTROL_USER_PRESENCE);
}

TEST(access_control_must_agree_with_the_item)
{
	struct access_control access;

	CHECK_STATUS(of_attributes("{\"accessible\":\"when_unlocked\"," PRESENCE "}", &access),
		     KC_ERR_PARAM);
	CHECK_TEXT(error_get()->message, "\"accessible\" is \"when_unlocked\", but that of "
					 "\"access_control\" is \"always\"");
	CHECK_STATUS(of_attributes("{\"synchronizable\":true," PRESENCE "}", &access),
		     KC_ERR_PARAM);
	CHECK_TEXT(error_get()->message,
		   "an item with \"access_control\" cannot be \"synchronizable\"");
	CHECK_STATUS(of_attributes("{\"accessible\":\"sometimes\"}", &access), KC_ERR_PARAM);
	CHECK_TEXT(error_get()->message, "\"accessible\" is no protection class: \"sometimes\"");
}

TEST(access_control_may_need_a_password)
{
	struct access_control passcode = {KEYBAG_ALWAYS, 1U << ACCESS_CONTROL_DEVICE_PASSCODE};
	struct access_control protection = {KEYBAG_WHEN_PASSCODE_SET_DEVICE, 0};
	struct access_control presence = {KEYBAG_ALWAYS, 1U << ACCESS_CONTROL_USER_PRESENCE};

	CHECK_OK(access_control_require_password(&presence, false));
	CHECK_OK(access_control_require_password(&passcode, true));
	CHECK_OK(access_control_require_password(&protection, true));
	CHECK_STATUS(access_control_require_password(&passcode, false), KC_ERR_NOT_AVAILABLE);
	CHECK_STATUS(access_control_require_password(&protection, false), KC_ERR_NOT_AVAILABLE);
	CHECK_TEXT(error_get()->message, "the keychain has no password, which this item needs");
	CHECK_TEXT(error_get()->hint, "keycask passwd sets one");
}
