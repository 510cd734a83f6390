/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The keybag's states, and what is readable in which (reference/keychain.md 4.3, 4.4). What a
 * password opens tells whether it is the right one; nothing else in the file does.
 */
#include <stdlib.h>

#include "base/try.h"
#include "store/keybag_impl.h"

struct keybag *keybag_free(struct keybag *keybag)
{
	if (!keybag)
		return NULL;
	secret_done(&keybag->device_key);
	secret_done(&keybag->page);
	free(keybag);
	return NULL;
}

void keybag_keys_done(struct keybag_keys *keys)
{
	explicit_bzero(keys, sizeof(*keys));
}

bool keybag_needs_password(int protection)
{
	return protection != KEYBAG_ALWAYS && protection != KEYBAG_ALWAYS_DEVICE;
}

static bool survives_lock(int protection)
{
	return !keybag_needs_password(protection) || protection == KEYBAG_AFTER_FIRST_UNLOCK ||
	       protection == KEYBAG_AFTER_FIRST_UNLOCK_DEVICE;
}

static bool is_readable_in(enum keybag_state state, int protection)
{
	if (state == KEYBAG_BEFORE_FIRST_UNLOCK)
		return !keybag_needs_password(protection);
	return state == KEYBAG_UNLOCKED || survives_lock(protection);
}

bool keybag_exists(const struct keybag *keybag, int protection)
{
	return protection != KEYBAG_WHEN_PASSCODE_SET_DEVICE || keybag->has_password;
}

const char *keybag_state_name(enum keybag_state state)
{
	static const char *const names[] = {"before_first_unlock", "locked", "unlocked"};

	return names[state];
}

void keybag_adopt(struct keybag *keybag, const struct keybag_keys *keys)
{
	for (int i = KEYBAG_WHEN_UNLOCKED; i < KEYBAG_CLASSES_END; i++) {
		if (!keys->is_there[i])
			continue;
		memcpy(keybag_keys(keybag)->key[i], keys->key[i], SEAL_KEY_BYTES);
		keybag_keys(keybag)->is_there[i] = true;
	}
}

void keybag_forget(struct keybag *keybag, int protection)
{
	explicit_bzero(keybag_keys(keybag)->key[protection], SEAL_KEY_BYTES);
	keybag_keys(keybag)->is_there[protection] = false;
}

/* --- what it says of itself ----------------------------------------------------------------- */

enum kc_status keybag_new_stretching(const struct keybag *keybag,
				     struct keybag_stretching *ret_stretching)
{
	struct keybag_stretching stretching = {.cost = keybag->cost};

	TRY(keybag_numbers_random(stretching.salt, KEYBAG_SALT_BYTES));
	*ret_stretching = stretching;
	return KC_OK;
}

struct keybag_stretching keybag_stretching(const struct keybag *keybag)
{
	return keybag->stretching;
}

struct keybag_stretching keybag_application_stretching(const struct keybag *keybag)
{
	return keybag->application;
}

enum keybag_state keybag_state(const struct keybag *keybag)
{
	return keybag->state;
}

bool keybag_has_password(const struct keybag *keybag)
{
	return keybag->has_password;
}

enum kc_status keybag_fail_locked(const struct keybag *keybag)
{
	error_set_hint("keycask unlock");
	if (keybag->state == KEYBAG_BEFORE_FIRST_UNLOCK)
		return fail(KC_ERR_INTERACTION_NOT_ALLOWED,
			    "the keychain has not been unlocked since keycaskd started");
	return fail(KC_ERR_INTERACTION_NOT_ALLOWED, "the keychain is locked");
}

enum kc_status keybag_fail_no_password(void)
{
	error_set_hint("keycask passwd sets one");
	return fail(KC_ERR_NOT_AVAILABLE, "the keychain has no password");
}

enum kc_status keybag_fail_damaged(int protection)
{
	error_set_hint("restore a backup into a new keychain: keycask restore");
	return fail(KC_ERR_NOT_AVAILABLE, "the keychain's key for what is accessible %s is damaged",
		    keybag_class_name((enum keybag_class)protection));
}

enum kc_status keybag_key(const struct keybag *keybag, enum keybag_class protection,
			  struct kc_view *ret_key)
{
	const struct keybag_keys *keys = keybag_keys(keybag);

	REQUIRE(keybag_class_name(protection), KC_ERR_DECODE, "no such protection class: %d",
		(int)protection);
	if (!keybag_exists(keybag, protection))
		return keybag_fail_no_password();
	if (!is_readable_in(keybag->state, protection))
		return keybag_fail_locked(keybag);
	if (!keys->is_there[protection])
		return keybag_fail_damaged(protection);
	*ret_key = VIEW_OF(keys->key[protection]);
	return KC_OK;
}

/* Nothing but what it opens says that a password is right. */
static enum kc_status try_password(const struct keybag *keybag, struct kc_view stretched,
				   struct keybag_keys *ret_keys)
{
	int n_open = 0;

	if (!keybag->has_password)
		return keybag_fail_no_password();
	REQUIRE(stretched.len == SEAL_KEY_BYTES, KC_ERR_PARAM, "no stretched password");
	TRY(keybag_wrap_open(keybag, stretched, true, ret_keys, &n_open));
	REQUIRE(n_open > 0, KC_ERR_AUTH_FAILED, "wrong keychain password");
	return KC_OK;
}

enum kc_status keybag_check(struct keybag *keybag, struct kc_view stretched)
{
	CLEANUP(keybag_keys_done) struct keybag_keys keys = {.is_there = {false}};

	return try_password(keybag, stretched, &keys);
}

enum kc_status keybag_unlock(struct keybag *keybag, struct kc_view stretched)
{
	CLEANUP(keybag_keys_done) struct keybag_keys keys = {.is_there = {false}};

	TRY(try_password(keybag, stretched, &keys));
	keybag_adopt(keybag, &keys);
	keybag->state = KEYBAG_UNLOCKED;
	return KC_OK;
}

enum kc_status keybag_lock(struct keybag *keybag)
{
	if (!keybag->has_password)
		return keybag_fail_no_password();
	for (int i = KEYBAG_WHEN_UNLOCKED; i < KEYBAG_CLASSES_END; i++)
		if (!survives_lock(i))
			keybag_forget(keybag, i);
	if (keybag->state == KEYBAG_UNLOCKED)
		keybag->state = KEYBAG_LOCKED;
	return KC_OK;
}
