/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Another password, or none: every class key that needs it is wrapped again, in one transaction. */
#include "base/try.h"
#include "store/keybag_impl.h"
#include "store/keybag_rows_impl.h"

struct password_change {
	const struct keybag *keybag;
	const struct keybag_stretching *stretching;
	struct kc_view stretched; /* empty: none any more */
	const uint8_t *passcode_key;
};

static enum kc_status wrap_again(const struct password_change *change)
{
	CLEANUP(keybag_wrap_done) struct keybag_wrap wrap;
	const struct keybag *keybag = change->keybag;

	TRY(keybag_wrap_init(keybag, change->stretched, &wrap));
	for (int i = KEYBAG_WHEN_UNLOCKED; i < KEYBAG_WHEN_PASSCODE_SET_DEVICE; i++)
		if (keybag_needs_password(i))
			TRY(keybag_wrap_put(keybag, &wrap, i, keybag_keys(keybag)->key[i]));
	if (change->stretched.len == 0)
		return keybag_rows_delete_passcode_class(keybag->database);
	return keybag_wrap_put(keybag, &wrap, KEYBAG_WHEN_PASSCODE_SET_DEVICE,
			       change->passcode_key);
}

static enum kc_status write_password(struct database *database, const void *work)
{
	const struct password_change *change = work;
	uint8_t setting[KEYBAG_STRETCHING_BYTES];

	TRY(wrap_again(change));
	if (change->stretched.len == 0)
		return keybag_rows_delete_setting(database, "password");
	keybag_numbers_put(change->stretching, setting);
	return keybag_rows_put_setting(database, "password", VIEW_OF(setting));
}

/* A damaged key cannot be wrapped again: with the old password it might still be repaired. */
static enum kc_status check_whole(const struct keybag *keybag)
{
	if (keybag->state != KEYBAG_UNLOCKED)
		return keybag_fail_locked(keybag);
	for (int i = KEYBAG_WHEN_UNLOCKED; i < KEYBAG_CLASSES_END; i++)
		if (keybag_exists(keybag, i) && !keybag_keys(keybag)->is_there[i])
			return keybag_fail_damaged(i);
	return KC_OK;
}

/* What was true before the transaction is so until it has been written. */
static void adopt_password(struct keybag *keybag, const struct password_change *change)
{
	struct keybag_keys *keys = keybag_keys(keybag);

	keybag->has_password = change->stretched.len > 0;
	if (!keybag->has_password) {
		keybag_forget(keybag, KEYBAG_WHEN_PASSCODE_SET_DEVICE);
		return;
	}
	keybag->stretching = *change->stretching;
	memmove(keys->key[KEYBAG_WHEN_PASSCODE_SET_DEVICE], change->passcode_key, SEAL_KEY_BYTES);
	keys->is_there[KEYBAG_WHEN_PASSCODE_SET_DEVICE] = true;
}

/* What the former password opened shall not stay in the log. A file that is in use elsewhere, or a
 * disk that fails now, does not undo what has been done. */
static void empty_log(struct database *database)
{
	const struct error_record before = *error_get();

	error_clear();
	ignore(database_run(database, "PRAGMA file.wal_checkpoint(TRUNCATE)"));
	error_adopt(&before);
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
		.passcode_key = keybag_keys(keybag)->key[KEYBAG_WHEN_PASSCODE_SET_DEVICE],
	};

	TRY(check_whole(keybag));
	REQUIRE(!stretched || stretched->len == SEAL_KEY_BYTES, KC_ERR_PARAM,
		"no stretched password");
	if (!keybag->has_password) {
		TRY(keybag_numbers_random(new_key, SEAL_KEY_BYTES));
		change.passcode_key = new_key;
	}
	TRY(database_transact(keybag->database, write_password, &change));
	adopt_password(keybag, &change);
	empty_log(keybag->database);
	explicit_bzero(new_key, sizeof(new_key));
	return KC_OK;
}
