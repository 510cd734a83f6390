/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Access control objects. Apple's is a map from operation to true, false or a constraint
 * (reference/keychain.md 4.5); the rules of 4.5 leave so few constraints that can be met here
 * that they are computed from the flags: presence, passcode, and the application password, which
 * is no alternative to the others but one more thing the secret is sealed with.
 */
#include "items/access_control.h"

#include <string.h>

#include "base/nearest.h"
#include "base/try.h"

#define BIT(flag) (1U << (flag))

enum {
	BIOMETRY = BIT(ACCESS_CONTROL_BIOMETRY_ANY) | BIT(ACCESS_CONTROL_BIOMETRY_CURRENT_SET),
	/* Nothing here can see a finger, or another device of the person's. */
	ABSENT = BIOMETRY | BIT(ACCESS_CONTROL_COMPANION),
	/* What may stand beside user_presence. */
	BESIDE_PRESENCE = BIT(ACCESS_CONTROL_USER_PRESENCE) |
			  BIT(ACCESS_CONTROL_PRIVATE_KEY_USAGE) |
			  BIT(ACCESS_CONTROL_APPLICATION_PASSWORD),
};

static const char *const flag_names[ACCESS_CONTROL_N_FLAGS] = {
	[ACCESS_CONTROL_USER_PRESENCE] = "user_presence",
	[ACCESS_CONTROL_BIOMETRY_ANY] = "biometry_any",
	[ACCESS_CONTROL_BIOMETRY_CURRENT_SET] = "biometry_current_set",
	[ACCESS_CONTROL_DEVICE_PASSCODE] = "device_passcode",
	[ACCESS_CONTROL_COMPANION] = "companion",
	[ACCESS_CONTROL_OR] = "or",
	[ACCESS_CONTROL_AND] = "and",
	[ACCESS_CONTROL_PRIVATE_KEY_USAGE] = "private_key_usage",
	[ACCESS_CONTROL_APPLICATION_PASSWORD] = "application_password",
};

bool access_control_has(const struct access_control *access, enum access_control_flag flag)
{
	return access->flags & BIT(flag);
}

/* --- what an application gives --------------------------------------------------------------- */

static enum kc_status fail_unknown_flag(const char *name)
{
	struct nearest nearest = nearest_begin(view_of_text(name));

	for (size_t i = 0; i < ACCESS_CONTROL_N_FLAGS; i++)
		nearest_offer(&nearest, flag_names[i]);
	if (nearest.best)
		error_set_hint("did you mean \"%s\"?", nearest.best);
	return fail(KC_ERR_PARAM, "\"%.60s\" is no flag of an access control", name);
}

static enum kc_status find_flag(struct json_object *value, enum access_control_flag *ret_flag)
{
	const char *name = NULL;

	REQUIRE(json_object_is_type(value, json_type_string), KC_ERR_PARAM,
		"the flags of an access control must be texts");
	name = json_object_get_string(value);
	for (size_t i = 0; i < ACCESS_CONTROL_N_FLAGS; i++) {
		if (strcmp(flag_names[i], name) == 0) {
			*ret_flag = (enum access_control_flag)i;
			return KC_OK;
		}
	}
	return fail_unknown_flag(name);
}

static enum kc_status parse_flags(struct json_object *value, unsigned *ret_flags)
{
	unsigned flags = 0;

	REQUIRE(!value || json_object_is_type(value, json_type_array), KC_ERR_PARAM,
		"\"flags\" of an access control must be an array");
	for (size_t i = 0; value && i < json_object_array_length(value); i++) {
		enum access_control_flag flag = ACCESS_CONTROL_N_FLAGS;

		TRY(find_flag(json_object_array_get_idx(value, i), &flag));
		REQUIRE(!(flags & BIT(flag)), KC_ERR_PARAM,
			"the access control has \"%s\" more than once", flag_names[flag]);
		flags |= BIT(flag);
	}
	*ret_flags = flags;
	return KC_OK;
}

/* "accessible: the protection is mandatory and valid." */
static enum kc_status parse_accessible(struct json_object *value, enum keybag_class *ret_class)
{
	REQUIRE(value, KC_ERR_PARAM, "an access control needs \"accessible\"");
	REQUIRE(json_object_is_type(value, json_type_string) &&
			keybag_find_class(json_object_get_string(value), ret_class),
		KC_ERR_PARAM, "\"accessible\" of the access control is no protection class");
	return KC_OK;
}

static enum kc_status check_keys(struct json_object *value)
{
	json_object_object_foreach(value, name, member)
	{
		(void)member;
		REQUIRE(strcmp(name, "accessible") == 0 || strcmp(name, "flags") == 0, KC_ERR_PARAM,
			"an access control has no \"%.60s\", only \"accessible\" and \"flags\"",
			name);
	}
	return KC_OK;
}

/* reference/keychain.md 4.5, "Rules". */
static enum kc_status check_rules(const struct access_control *access)
{
	REQUIRE(!access_control_has(access, ACCESS_CONTROL_OR) ||
			!access_control_has(access, ACCESS_CONTROL_AND),
		KC_ERR_PARAM, "an access control has \"or\" or \"and\", not both");
	REQUIRE((access->flags & BIOMETRY) != BIOMETRY, KC_ERR_PARAM,
		"an access control has \"biometry_any\" or \"biometry_current_set\", not both");
	REQUIRE(!access_control_has(access, ACCESS_CONTROL_USER_PRESENCE) ||
			!(access->flags & ~BESIDE_PRESENCE),
		KC_ERR_PARAM,
		"beside \"user_presence\" there may be only \"application_password\" and "
		"\"private_key_usage\"");
	return KC_OK;
}

/*
 * Better no item than one that nobody can ever read. As one of several ways ("or") what is missing
 * here does no harm, as long as one of them is left.
 */
static enum kc_status check_possible(const struct access_control *access)
{
	bool has_another_way = access_control_has(access, ACCESS_CONTROL_OR) &&
			       access_control_has(access, ACCESS_CONTROL_DEVICE_PASSCODE);

	if (!(access->flags & ABSENT) || has_another_way)
		return KC_OK;
	error_set_hint("use \"user_presence\", or \"or\" with \"device_passcode\"");
	if (access->flags & BIOMETRY)
		return fail(KC_ERR_UNIMPLEMENTED, "there is no fingerprint reader here");
	return fail(KC_ERR_UNIMPLEMENTED, "there is no companion device here");
}

enum kc_status access_control_parse(struct json_object *value, struct access_control *ret_access)
{
	struct access_control access = {.flags = 0};

	REQUIRE(json_object_is_type(value, json_type_object), KC_ERR_PARAM,
		"\"access_control\" must be an object");
	TRY(check_keys(value));
	TRY(parse_accessible(field_get(value, "accessible"), &access.accessible));
	TRY(parse_flags(field_get(value, "flags"), &access.flags));
	TRY(check_rules(&access));
	TRY(check_possible(&access));
	*ret_access = access;
	return KC_OK;
}

enum kc_status access_control_make(const struct access_control *access,
				   struct json_object **ret_value)
{
	CLEANUP(field_free) struct json_object *value = NULL;
	CLEANUP(field_free) struct json_object *flags = json_object_new_array();

	TRY(field_new_object(&value));
	TRY(field_put_text(value, "accessible", keybag_class_name(access->accessible)));
	REQUIRE(flags, KC_ERR_ALLOCATE, "out of memory");
	for (size_t i = 0; i < ACCESS_CONTROL_N_FLAGS; i++) {
		if (access_control_has(access, (enum access_control_flag)i))
			TRY(field_append_text(flags, flag_names[i]));
	}
	TRY(field_put(value, "flags", take(flags)));
	*ret_value = take(value);
	return KC_OK;
}

/* --- an item's ------------------------------------------------------------------------------- */

static enum kc_status find_class(struct json_object *attributes, enum keybag_class *ret_class)
{
	const char *name = field_text(attributes, "accessible");

	if (!name)
		return KC_OK;
	REQUIRE(keybag_find_class(name, ret_class), KC_ERR_PARAM,
		"\"accessible\" is no protection class: \"%.60s\"", name);
	return KC_OK;
}

static enum kc_status check_beside(struct json_object *attributes,
				   const struct access_control *access)
{
	enum keybag_class accessible = access->accessible;

	TRY(find_class(attributes, &accessible));
	REQUIRE(accessible == access->accessible, KC_ERR_PARAM,
		"\"accessible\" is \"%s\", but that of \"access_control\" is \"%s\"",
		keybag_class_name(accessible), keybag_class_name(access->accessible));
	REQUIRE(!field_flag(attributes, "synchronizable", false), KC_ERR_PARAM,
		"an item with \"access_control\" cannot be \"synchronizable\"");
	return KC_OK;
}

enum kc_status access_control_of(struct json_object *attributes, enum keybag_class fallback,
				 struct access_control *ret_access)
{
	struct json_object *value = field_get(attributes, "access_control");
	struct access_control access = {.accessible = fallback};

	if (value) {
		TRY(access_control_parse(value, &access));
		TRY(check_beside(attributes, &access));
	} else {
		TRY(find_class(attributes, &access.accessible));
	}
	*ret_access = access;
	return KC_OK;
}

enum kc_status access_control_suits(const struct access_control *access,
				    enum vocabulary_class item_class)
{
	REQUIRE(!access_control_has(access, ACCESS_CONTROL_PRIVATE_KEY_USAGE) ||
			item_class == VOCABULARY_KEY,
		KC_ERR_PARAM, "\"private_key_usage\" is for keys: nobody could read a %s with it",
		vocabulary_class_name(item_class));
	return KC_OK;
}

struct access_control access_control_of_certificate(const struct access_control *identity)
{
	struct access_control certificate = *identity;

	if (access_control_has(identity, ACCESS_CONTROL_PRIVATE_KEY_USAGE))
		certificate.flags = 0;
	return certificate;
}

enum kc_status access_control_require_password(const struct access_control *access,
					       bool has_password)
{
	bool needs_password = access_control_has(access, ACCESS_CONTROL_DEVICE_PASSCODE) ||
			      access->accessible == KEYBAG_WHEN_PASSCODE_SET_DEVICE;

	if (has_password || !needs_password)
		return KC_OK;
	error_set_hint("keycask passwd sets one");
	return fail(KC_ERR_NOT_AVAILABLE, "the keychain has no password, which this item needs");
}

enum kc_status access_control_may_become(const struct access_control *before,
					 const struct access_control *after)
{
	if (!access_control_has(before, ACCESS_CONTROL_PRIVATE_KEY_USAGE) ||
	    access_control_has(after, ACCESS_CONTROL_PRIVATE_KEY_USAGE))
		return KC_OK;
	return fail(KC_ERR_AUTH_FAILED, "\"private_key_usage\" cannot be taken from a key again");
}
