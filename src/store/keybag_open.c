/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a keybag comes to be: from the tables class_keys and settings of the attached file, or new.
 * Two rows of settings are its own: "keybag" (16 random bytes that name it; the cost and the salt
 * of application passwords) and, when there is a password, "password" (its cost and salt).
 */
#include <stdlib.h>

#include "base/try.h"
#include "store/keybag_impl.h"
#include "store/keybag_rows_impl.h"

static enum kc_status write_name(struct database *database, const struct keybag *keybag)
{
	uint8_t setting[KEYBAG_ID_BYTES + KEYBAG_STRETCHING_BYTES];

	memcpy(setting, keybag->id, KEYBAG_ID_BYTES);
	keybag_numbers_put(&keybag->application, setting + KEYBAG_ID_BYTES);
	return keybag_rows_put_setting(database, "keybag", VIEW_OF(setting));
}

static enum kc_status write_new(struct database *database, const void *work)
{
	CLEANUP(keybag_wrap_done) struct keybag_wrap wrap;
	const struct keybag *keybag = work;

	TRY(write_name(database, keybag));
	TRY(keybag_wrap_init(keybag, view_of(NULL, 0), &wrap));
	for (int i = KEYBAG_WHEN_UNLOCKED; i < KEYBAG_CLASSES_END; i++)
		if (keybag_keys(keybag)->is_there[i])
			TRY(keybag_wrap_put(keybag, &wrap, i, keybag_keys(keybag)->key[i]));
	return KC_OK;
}

static enum kc_status make_key(struct keybag *keybag, int protection)
{
	TRY(keybag_numbers_random(keybag_keys(keybag)->key[protection], SEAL_KEY_BYTES));
	keybag_keys(keybag)->is_there[protection] = true;
	return KC_OK;
}

/* New keys for a file that has items would be the end of them: only where there is nothing. */
static enum kc_status make_new(struct keybag *keybag)
{
	bool has_keys = false;

	TRY(keybag_rows_find_any(keybag->database, &has_keys));
	REQUIRE(!has_keys, KC_ERR_NOT_AVAILABLE,
		"the keychain's settings are damaged: what its keys belong to is missing");
	TRY(keybag_numbers_random(keybag->id, KEYBAG_ID_BYTES));
	TRY(keybag_new_stretching(keybag, &keybag->application));
	for (int i = KEYBAG_WHEN_UNLOCKED; i < KEYBAG_CLASSES_END; i++)
		if (keybag_exists(keybag, i))
			TRY(make_key(keybag, i));
	keybag->state = KEYBAG_UNLOCKED;
	return database_transact(keybag->database, write_new, keybag);
}

/* The setting @name, which is not there (an empty @setting) or @len bytes long. */
static enum kc_status read_setting(const struct keybag *keybag, const char *name, size_t len,
				   struct bytes *setting)
{
	enum kc_status status = keybag_rows_get_setting(keybag->database, name, setting);

	if (status != KC_ERR_DECODE)
		TRY(status);
	if (status == KC_OK && (setting->len == 0 || setting->len == len))
		return KC_OK;
	error_clear();
	return fail(KC_ERR_NOT_AVAILABLE, "the keychain's settings are damaged: %s", name);
}

static enum kc_status read_password(struct keybag *keybag)
{
	CLEANUP(bytes_done) struct bytes setting = BYTES_INIT(KEYBAG_STRETCHING_BYTES);

	TRY(read_setting(keybag, "password", KEYBAG_STRETCHING_BYTES, &setting));
	if (setting.len == 0)
		return KC_OK;
	TRY(keybag_numbers_get(setting.data, &keybag->stretching));
	keybag->has_password = true;
	return KC_OK;
}

/* Any class that needs no password tells whether this is the device it was made on. */
static enum kc_status open_old(struct keybag *keybag)
{
	CLEANUP(keybag_keys_done) struct keybag_keys keys = {.is_there = {false}};
	int n_open = 0;
	int n_open_with_password = 0;

	TRY(read_password(keybag));
	TRY(keybag_wrap_open(keybag, view_of(NULL, 0), false, &keys, &n_open));
	if (!keybag->has_password)
		TRY(keybag_wrap_open(keybag, view_of(NULL, 0), true, &keys, &n_open_with_password));
	if (n_open + n_open_with_password == 0) {
		error_set_hint("bring back the file device.key that it was made with, then "
			       "restart keycaskd; or move the keychain away, and a new one is "
			       "made for keycask restore");
		return fail(KC_ERR_NOT_AVAILABLE,
			    "the device key does not open this keychain: it is of another device");
	}
	keybag_adopt(keybag, &keys);
	keybag->state = keybag->has_password ? KEYBAG_BEFORE_FIRST_UNLOCK : KEYBAG_UNLOCKED;
	return KC_OK;
}

static enum kc_status load(struct keybag *keybag)
{
	CLEANUP(bytes_done)
	struct bytes setting = BYTES_INIT(KEYBAG_ID_BYTES + KEYBAG_STRETCHING_BYTES);

	TRY(read_setting(keybag, "keybag", KEYBAG_ID_BYTES + KEYBAG_STRETCHING_BYTES, &setting));
	if (setting.len == 0)
		return make_new(keybag);
	memcpy(keybag->id, setting.data, KEYBAG_ID_BYTES);
	TRY(keybag_numbers_get(setting.data + KEYBAG_ID_BYTES, &keybag->application));
	return open_old(keybag);
}

/* --- after damage ---------------------------------------------------------------------------- */

/* With a password its keys cannot be wrapped anew, but what is in the open can be written again. */
static enum kc_status write_open(struct database *database, const void *work)
{
	CLEANUP(keybag_wrap_done) struct keybag_wrap wrap;
	const struct keybag *keybag = work;
	uint8_t setting[KEYBAG_STRETCHING_BYTES];

	TRY(write_name(database, keybag));
	keybag_numbers_put(&keybag->stretching, setting);
	TRY(keybag_rows_put_setting(database, "password", VIEW_OF(setting)));
	TRY(keybag_wrap_init(keybag, view_of(NULL, 0), &wrap));
	for (int i = KEYBAG_WHEN_UNLOCKED; i < KEYBAG_CLASSES_END; i++)
		if (!keybag_needs_password(i) && keybag_keys(keybag)->is_there[i])
			TRY(keybag_wrap_put(keybag, &wrap, i, keybag_keys(keybag)->key[i]));
	return KC_OK;
}

/* A key that is in memory alone would take with it what is sealed under it from now on. */
static enum kc_status forget_lost(struct keybag *keybag)
{
	for (int i = KEYBAG_WHEN_UNLOCKED; i < KEYBAG_CLASSES_END; i++) {
		bool is_there = false;

		TRY(keybag_rows_find(keybag->database, i, &is_there));
		if (!is_there)
			keybag_forget(keybag, i);
	}
	return KC_OK;
}

static enum kc_status start_over(struct keybag *keybag)
{
	for (int i = KEYBAG_WHEN_UNLOCKED; i < KEYBAG_CLASSES_END; i++)
		keybag_forget(keybag, i);
	keybag->has_password = false;
	return load(keybag);
}

enum kc_status keybag_renew(struct keybag *keybag)
{
	CLEANUP(bytes_done)
	struct bytes setting = BYTES_INIT(KEYBAG_ID_BYTES + KEYBAG_STRETCHING_BYTES);
	bool has_keys = false;

	TRY(read_setting(keybag, "keybag", KEYBAG_ID_BYTES + KEYBAG_STRETCHING_BYTES, &setting));
	TRY(keybag_rows_find_any(keybag->database, &has_keys));
	if (setting.len > 0 && memcmp(setting.data, keybag->id, KEYBAG_ID_BYTES) != 0)
		return start_over(keybag);
	if (!keybag->has_password)
		return database_transact(keybag->database, write_new, keybag);
	if (!has_keys)
		return start_over(keybag);
	TRY(database_transact(keybag->database, write_open, keybag));
	return forget_lost(keybag);
}

enum kc_status keybag_open(struct database *database, struct kc_view device_key, unsigned cost,
			   struct keybag **ret_keybag)
{
	CLEANUP(keybag_freep) struct keybag *keybag = calloc(1, sizeof(*keybag));

	REQUIRE(keybag, KC_ERR_ALLOCATE, "out of memory");
	REQUIRE(device_key.len == SEAL_KEY_BYTES && cost >= 1 && cost <= KEYBAG_COST_MAX,
		KC_ERR_PARAM, "no keybag without a device key, nor with passwords at cost %u",
		cost);
	*keybag = (struct keybag){.database = database, .cost = cost};
	TRY(secret_init(&keybag->device_key, device_key));
	TRY(secret_reserve(&keybag->page, sizeof(struct keybag_keys)));
	TRY(load(keybag));
	*ret_keybag = take(keybag);
	return KC_OK;
}
