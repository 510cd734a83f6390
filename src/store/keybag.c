/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The keybag in the tables class_keys and settings of the attached file. Two rows of settings are
 * its own: "keybag" (16 random bytes that name it; the cost and the salt of application passwords)
 * and, when there is a password, "password" (its cost and salt). A class key is wrapped with
 * seal_close(), under a key made from the device key or from that and the stretched password, and
 * belongs to its protection class and keybag: exchanged rows do not open.
 *
 * What a password opens tells whether it is the right one; nothing else in the file does.
 */
#include "store/keybag.h"

#include <openssl/rand.h>
#include <stdlib.h>

#include "base/try.h"
#include "store/keybag_rows_impl.h"

enum {
	ID_BYTES = 16,
	STRETCHING_BYTES = 1 + KEYBAG_SALT_BYTES,
	WRAPPED_BYTES = SEAL_KEY_BYTES + SEAL_OVERHEAD,
};

/* By protection class. */
struct class_keys {
	uint8_t key[KEYBAG_CLASSES_END][SEAL_KEY_BYTES];
	bool is_there[KEYBAG_CLASSES_END];
};

struct keybag {
	struct database *database;
	struct secret device_key;
	struct secret page; /* struct class_keys, in memory of its own */
	uint8_t id[ID_BYTES];
	struct keybag_stretching application;
	struct keybag_stretching stretching; /* when has_password */
	bool has_password;
	unsigned cost;
	enum keybag_state state;
};

static struct class_keys *keys_of(const struct keybag *keybag)
{
	return (void *)keybag->page.data;
}

static void class_keys_done(struct class_keys *keys)
{
	explicit_bzero(keys, sizeof(*keys));
}

/* --- which class when ---------------------------------------------------------------------- */

static bool needs_password(int protection)
{
	return protection != KEYBAG_ALWAYS && protection != KEYBAG_ALWAYS_DEVICE;
}

static bool survives_lock(int protection)
{
	return !needs_password(protection) || protection == KEYBAG_AFTER_FIRST_UNLOCK ||
	       protection == KEYBAG_AFTER_FIRST_UNLOCK_DEVICE;
}

static bool is_readable_in(enum keybag_state state, int protection)
{
	if (state == KEYBAG_BEFORE_FIRST_UNLOCK)
		return !needs_password(protection);
	return state == KEYBAG_UNLOCKED || survives_lock(protection);
}

/* when_passcode_set… has a key only while there is a password. */
static bool exists(const struct keybag *keybag, int protection)
{
	return protection != KEYBAG_WHEN_PASSCODE_SET_DEVICE || keybag->has_password;
}

const char *keybag_state_name(enum keybag_state state)
{
	static const char *const names[] = {"before_first_unlock", "locked", "unlocked"};

	return names[state];
}

/* --- wrapping ------------------------------------------------------------------------------ */

/* What the keys of some classes are wrapped with: for those that need the password, or without. */
struct wrapping {
	uint8_t plain[SEAL_KEY_BYTES];
	uint8_t password[SEAL_KEY_BYTES];
};

static void wrapping_done(struct wrapping *wrapping)
{
	explicit_bzero(wrapping, sizeof(*wrapping));
}

/* @stretched is empty when there is no password; then all are wrapped alike. */
static enum kc_status make_wrapping(const struct keybag *keybag, struct kc_view stretched,
				    struct wrapping *ret_wrapping)
{
	struct kc_view device_key = secret_view(&keybag->device_key);
	uint8_t text[ID_BYTES + SEAL_KEY_BYTES];
	enum kc_status status = KC_OK;

	REQUIRE(stretched.len == 0 || stretched.len == SEAL_KEY_BYTES, KC_ERR_PARAM,
		"no stretched password");
	TRY(seal_derive(device_key, "keycask class keys", VIEW_OF(keybag->id),
			ret_wrapping->plain));
	memcpy(ret_wrapping->password, ret_wrapping->plain, SEAL_KEY_BYTES);
	if (stretched.len == 0)
		return KC_OK;
	memcpy(text, keybag->id, ID_BYTES);
	memcpy(text + ID_BYTES, stretched.data, SEAL_KEY_BYTES);
	status = seal_derive(device_key, "keycask class keys with password", VIEW_OF(text),
			     ret_wrapping->password);
	explicit_bzero(text, sizeof(text));
	return status;
}

static struct seal_terms class_terms(const struct wrapping *wrapping, int protection,
				     struct kc_view owner)
{
	return (struct seal_terms){
		.key = needs_password(protection) ? VIEW_OF(wrapping->password)
						  : VIEW_OF(wrapping->plain),
		.purpose = "class key",
		.owner = owner,
	};
}

/* The class, then the keybag. */
static void name_owner(const struct keybag *keybag, int protection, uint8_t ret_owner[1 + ID_BYTES])
{
	ret_owner[0] = (uint8_t)protection;
	memcpy(ret_owner + 1, keybag->id, ID_BYTES);
}

static enum kc_status wrap(const struct keybag *keybag, const struct wrapping *wrapping,
			   int protection, const uint8_t *key)
{
	CLEANUP(bytes_done) struct bytes wrapped = BYTES_INIT(WRAPPED_BYTES);
	uint8_t owner[1 + ID_BYTES];
	struct seal_terms terms = class_terms(wrapping, protection, VIEW_OF(owner));

	name_owner(keybag, protection, owner);
	TRY(seal_close(&terms, view_of(key, SEAL_KEY_BYTES), &wrapped));
	return keybag_rows_put_wrapped(keybag->database, protection, bytes_view(&wrapped));
}

/* Expected: KC_ERR_DECODE  it is not there, damaged, another's, or @wrapping is not right */
static enum kc_status unwrap(const struct keybag *keybag, const struct wrapping *wrapping,
			     int protection, uint8_t *ret_key)
{
	CLEANUP(bytes_done) struct bytes wrapped = BYTES_INIT(WRAPPED_BYTES);
	CLEANUP(bytes_done) struct bytes key = BYTES_INIT(SEAL_KEY_BYTES);
	uint8_t owner[1 + ID_BYTES];
	struct seal_terms terms = class_terms(wrapping, protection, VIEW_OF(owner));

	name_owner(keybag, protection, owner);
	TRY(keybag_rows_get_wrapped(keybag->database, protection, &wrapped));
	TRY(seal_open(&terms, bytes_view(&wrapped), &key));
	REQUIRE(key.len == SEAL_KEY_BYTES, KC_ERR_DECODE, "a class key of another length");
	memcpy(ret_key, key.data, SEAL_KEY_BYTES);
	return KC_OK;
}

/*
 * Those of the classes that need the password, or of the others, which open with @stretched; how
 * many did. That one does not is no failure: whoever needs that key will hear of it.
 */
static enum kc_status open_keys(const struct keybag *keybag, struct kc_view stretched,
				bool of_password, struct class_keys *ret_keys, int *ret_n_open)
{
	CLEANUP(wrapping_done) struct wrapping wrapping;
	enum kc_status status = KC_OK;
	int n_open = 0;

	TRY(make_wrapping(keybag, stretched, &wrapping));
	for (int i = KEYBAG_WHEN_UNLOCKED; i < KEYBAG_CLASSES_END; i++) {
		if (needs_password(i) != of_password || !exists(keybag, i))
			continue;
		status = unwrap(keybag, &wrapping, i, ret_keys->key[i]);
		ret_keys->is_there[i] = status == KC_OK;
		n_open += status == KC_OK;
		if (status != KC_OK && status != KC_ERR_DECODE)
			return status;
		error_clear();
	}
	*ret_n_open = n_open;
	return KC_OK;
}

static void adopt_keys(struct keybag *keybag, const struct class_keys *keys)
{
	for (int i = KEYBAG_WHEN_UNLOCKED; i < KEYBAG_CLASSES_END; i++) {
		if (!keys->is_there[i])
			continue;
		memcpy(keys_of(keybag)->key[i], keys->key[i], SEAL_KEY_BYTES);
		keys_of(keybag)->is_there[i] = true;
	}
}

static void forget_key(struct keybag *keybag, int protection)
{
	explicit_bzero(keys_of(keybag)->key[protection], SEAL_KEY_BYTES);
	keys_of(keybag)->is_there[protection] = false;
}

/* --- stretching ---------------------------------------------------------------------------- */

static enum kc_status make_random(uint8_t *ret_data, int n)
{
	REQUIRE(RAND_bytes(ret_data, n) == 1, KC_ERR_INTERNAL, "OpenSSL has no random numbers");
	return KC_OK;
}

static void put_stretching(const struct keybag_stretching *stretching, uint8_t *ret_data)
{
	ret_data[0] = (uint8_t)stretching->cost;
	memcpy(ret_data + 1, stretching->salt, KEYBAG_SALT_BYTES);
}

static enum kc_status get_stretching(const uint8_t *data, struct keybag_stretching *ret_stretching)
{
	REQUIRE(data[0] >= 1 && data[0] <= KEYBAG_COST_MAX, KC_ERR_NOT_AVAILABLE,
		"the keychain's settings are damaged: passwords at cost %u", data[0]);
	ret_stretching->cost = data[0];
	memcpy(ret_stretching->salt, data + 1, KEYBAG_SALT_BYTES);
	return KC_OK;
}

enum kc_status keybag_new_stretching(const struct keybag *keybag,
				     struct keybag_stretching *ret_stretching)
{
	struct keybag_stretching stretching = {.cost = keybag->cost};

	TRY(make_random(stretching.salt, KEYBAG_SALT_BYTES));
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

/* --- making and opening it ----------------------------------------------------------------- */

struct keybag *keybag_free(struct keybag *keybag)
{
	if (!keybag)
		return NULL;
	secret_done(&keybag->device_key);
	secret_done(&keybag->page);
	free(keybag);
	return NULL;
}

static enum kc_status write_new(struct database *database, const void *work)
{
	CLEANUP(wrapping_done) struct wrapping wrapping;
	const struct keybag *keybag = work;
	uint8_t setting[ID_BYTES + STRETCHING_BYTES];

	memcpy(setting, keybag->id, ID_BYTES);
	put_stretching(&keybag->application, setting + ID_BYTES);
	TRY(keybag_rows_put_setting(database, "keybag", VIEW_OF(setting)));
	TRY(make_wrapping(keybag, view_of(NULL, 0), &wrapping));
	for (int i = KEYBAG_WHEN_UNLOCKED; i < KEYBAG_CLASSES_END; i++)
		if (keys_of(keybag)->is_there[i])
			TRY(wrap(keybag, &wrapping, i, keys_of(keybag)->key[i]));
	return KC_OK;
}

static enum kc_status make_key(struct keybag *keybag, int protection)
{
	TRY(make_random(keys_of(keybag)->key[protection], SEAL_KEY_BYTES));
	keys_of(keybag)->is_there[protection] = true;
	return KC_OK;
}

/* New keys for a file that has items would be the end of them: only where there is nothing. */
static enum kc_status make_new(struct keybag *keybag)
{
	bool has_keys = false;

	TRY(keybag_rows_find_any(keybag->database, &has_keys));
	REQUIRE(!has_keys, KC_ERR_NOT_AVAILABLE,
		"the keychain's settings are damaged: what its keys belong to is missing");
	TRY(make_random(keybag->id, ID_BYTES));
	TRY(keybag_new_stretching(keybag, &keybag->application));
	for (int i = KEYBAG_WHEN_UNLOCKED; i < KEYBAG_CLASSES_END; i++)
		if (exists(keybag, i))
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
	CLEANUP(bytes_done) struct bytes setting = BYTES_INIT(STRETCHING_BYTES);

	TRY(read_setting(keybag, "password", STRETCHING_BYTES, &setting));
	if (setting.len == 0)
		return KC_OK;
	TRY(get_stretching(setting.data, &keybag->stretching));
	keybag->has_password = true;
	return KC_OK;
}

/* Any class that needs no password tells whether this is the device it was made on. */
static enum kc_status open_old(struct keybag *keybag)
{
	CLEANUP(class_keys_done) struct class_keys keys = {.is_there = {false}};
	int n_open = 0;
	int n_open_with_password = 0;

	TRY(read_password(keybag));
	TRY(open_keys(keybag, view_of(NULL, 0), false, &keys, &n_open));
	if (!keybag->has_password)
		TRY(open_keys(keybag, view_of(NULL, 0), true, &keys, &n_open_with_password));
	if (n_open + n_open_with_password == 0) {
		error_set_hint("bring back the file device.key that it was made with, or restore a "
			       "backup into a new one: keycask restore");
		return fail(KC_ERR_NOT_AVAILABLE,
			    "the device key does not open this keychain: it is of another device");
	}
	adopt_keys(keybag, &keys);
	keybag->state = keybag->has_password ? KEYBAG_BEFORE_FIRST_UNLOCK : KEYBAG_UNLOCKED;
	return KC_OK;
}

static enum kc_status load(struct keybag *keybag)
{
	CLEANUP(bytes_done) struct bytes setting = BYTES_INIT(ID_BYTES + STRETCHING_BYTES);

	TRY(read_setting(keybag, "keybag", ID_BYTES + STRETCHING_BYTES, &setting));
	if (setting.len == 0)
		return make_new(keybag);
	memcpy(keybag->id, setting.data, ID_BYTES);
	TRY(get_stretching(setting.data + ID_BYTES, &keybag->application));
	return open_old(keybag);
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
	TRY(secret_reserve(&keybag->page, sizeof(struct class_keys)));
	TRY(load(keybag));
	*ret_keybag = take(keybag);
	return KC_OK;
}

/* --- its states ---------------------------------------------------------------------------- */

enum keybag_state keybag_state(const struct keybag *keybag)
{
	return keybag->state;
}

bool keybag_has_password(const struct keybag *keybag)
{
	return keybag->has_password;
}

static enum kc_status fail_locked(const struct keybag *keybag)
{
	error_set_hint("keycask unlock");
	if (keybag->state == KEYBAG_BEFORE_FIRST_UNLOCK)
		return fail(KC_ERR_INTERACTION_NOT_ALLOWED,
			    "the keychain has not been unlocked since keycaskd started");
	return fail(KC_ERR_INTERACTION_NOT_ALLOWED, "the keychain is locked");
}

static enum kc_status fail_no_password(void)
{
	error_set_hint("keycask passwd sets one");
	return fail(KC_ERR_NOT_AVAILABLE, "the keychain has no password");
}

static enum kc_status fail_damaged(int protection)
{
	error_set_hint("restore a backup into a new keychain: keycask restore");
	return fail(KC_ERR_NOT_AVAILABLE, "the keychain's key for what is accessible %s is damaged",
		    keybag_class_name((enum keybag_class)protection));
}

enum kc_status keybag_key(const struct keybag *keybag, enum keybag_class protection,
			  struct kc_view *ret_key)
{
	const struct class_keys *keys = keys_of(keybag);

	REQUIRE(keybag_class_name(protection), KC_ERR_DECODE, "no such protection class: %d",
		(int)protection);
	if (!exists(keybag, protection))
		return fail_no_password();
	if (!is_readable_in(keybag->state, protection))
		return fail_locked(keybag);
	if (!keys->is_there[protection])
		return fail_damaged(protection);
	*ret_key = VIEW_OF(keys->key[protection]);
	return KC_OK;
}

/* Nothing but what it opens says that a password is right. */
static enum kc_status try_password(const struct keybag *keybag, struct kc_view stretched,
				   struct class_keys *ret_keys)
{
	int n_open = 0;

	if (!keybag->has_password)
		return fail_no_password();
	REQUIRE(stretched.len == SEAL_KEY_BYTES, KC_ERR_PARAM, "no stretched password");
	TRY(open_keys(keybag, stretched, true, ret_keys, &n_open));
	REQUIRE(n_open > 0, KC_ERR_AUTH_FAILED, "wrong keychain password");
	return KC_OK;
}

enum kc_status keybag_check(struct keybag *keybag, struct kc_view stretched)
{
	CLEANUP(class_keys_done) struct class_keys keys = {.is_there = {false}};

	return try_password(keybag, stretched, &keys);
}

enum kc_status keybag_unlock(struct keybag *keybag, struct kc_view stretched)
{
	CLEANUP(class_keys_done) struct class_keys keys = {.is_there = {false}};

	TRY(try_password(keybag, stretched, &keys));
	adopt_keys(keybag, &keys);
	keybag->state = KEYBAG_UNLOCKED;
	return KC_OK;
}

enum kc_status keybag_lock(struct keybag *keybag)
{
	if (!keybag->has_password)
		return fail_no_password();
	for (int i = KEYBAG_WHEN_UNLOCKED; i < KEYBAG_CLASSES_END; i++)
		if (!survives_lock(i))
			forget_key(keybag, i);
	if (keybag->state == KEYBAG_UNLOCKED)
		keybag->state = KEYBAG_LOCKED;
	return KC_OK;
}

/* --- another password ---------------------------------------------------------------------- */

struct password_change {
	const struct keybag *keybag;
	const struct keybag_stretching *stretching;
	struct kc_view stretched; /* empty: none any more */
	const uint8_t *passcode_key;
};

static enum kc_status wrap_again(const struct password_change *change)
{
	CLEANUP(wrapping_done) struct wrapping wrapping;
	const struct keybag *keybag = change->keybag;

	TRY(make_wrapping(keybag, change->stretched, &wrapping));
	for (int i = KEYBAG_WHEN_UNLOCKED; i < KEYBAG_WHEN_PASSCODE_SET_DEVICE; i++)
		if (needs_password(i))
			TRY(wrap(keybag, &wrapping, i, keys_of(keybag)->key[i]));
	if (change->stretched.len == 0)
		return keybag_rows_delete_passcode_class(keybag->database);
	return wrap(keybag, &wrapping, KEYBAG_WHEN_PASSCODE_SET_DEVICE, change->passcode_key);
}

static enum kc_status write_password(struct database *database, const void *work)
{
	const struct password_change *change = work;
	uint8_t setting[STRETCHING_BYTES];

	TRY(wrap_again(change));
	if (change->stretched.len == 0)
		return keybag_rows_delete_setting(database, "password");
	put_stretching(change->stretching, setting);
	return keybag_rows_put_setting(database, "password", VIEW_OF(setting));
}

/* A damaged key cannot be wrapped again: with the old password it might still be repaired. */
static enum kc_status check_whole(const struct keybag *keybag)
{
	if (keybag->state != KEYBAG_UNLOCKED)
		return fail_locked(keybag);
	for (int i = KEYBAG_WHEN_UNLOCKED; i < KEYBAG_CLASSES_END; i++)
		if (exists(keybag, i) && !keys_of(keybag)->is_there[i])
			return fail_damaged(i);
	return KC_OK;
}

/* What was true before the transaction is so until it has been written. */
static void adopt_password(struct keybag *keybag, const struct password_change *change)
{
	struct class_keys *keys = keys_of(keybag);

	keybag->has_password = change->stretched.len > 0;
	if (!keybag->has_password) {
		forget_key(keybag, KEYBAG_WHEN_PASSCODE_SET_DEVICE);
		return;
	}
	keybag->stretching = *change->stretching;
	memmove(keys->key[KEYBAG_WHEN_PASSCODE_SET_DEVICE], change->passcode_key, SEAL_KEY_BYTES);
	keys->is_there[KEYBAG_WHEN_PASSCODE_SET_DEVICE] = true;
}

enum kc_status keybag_set_password(struct keybag *keybag,
				   const struct keybag_stretching *stretching,
				   const struct kc_view *stretched)
{
	uint8_t new_key[SEAL_KEY_BYTES];
	struct password_change change = {
		.keybag = keybag,
		.stretching = stretching,
		.stretched = stretched ? *stretched : view_of(NULL, 0),
		.passcode_key = keys_of(keybag)->key[KEYBAG_WHEN_PASSCODE_SET_DEVICE],
	};

	TRY(check_whole(keybag));
	REQUIRE(!stretched || stretched->len == SEAL_KEY_BYTES, KC_ERR_PARAM,
		"no stretched password");
	if (!keybag->has_password) {
		TRY(make_random(new_key, SEAL_KEY_BYTES));
		change.passcode_key = new_key;
	}
	TRY(database_transact(keybag->database, write_password, &change));
	adopt_password(keybag, &change);
	explicit_bzero(new_key, sizeof(new_key));
	return KC_OK;
}
