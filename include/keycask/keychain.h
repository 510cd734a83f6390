/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYCASK_KEYCHAIN_H
#define KEYCASK_KEYCHAIN_H

/*
 * The keychain as a whole: whether it is locked, opening and closing it, its backups.
 *
 * Stable since 1.0. Threads: any.
 */

#include <stdbool.h>

#include <keycask/dictionary.h>
#include <keycask/key.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Names in what kc_keychain_state() gives. */
#define KC_KEYCHAIN_STATE	 "state"
#define KC_KEYCHAIN_HAS_PASSWORD "has_password"
#define KC_KEYCHAIN_IS_READ_ONLY "is_read_only"
#define KC_KEYCHAIN_PATH	 "path"
#define KC_KEYCHAIN_REASON	 "reason"
#define KC_KEYCHAIN_HINT	 "hint"
#define KC_KEYCHAIN_N_UNREADABLE "n_unreadable"
#define KC_KEYCHAIN_GROUPS	 "groups"

/* Values of KC_KEYCHAIN_STATE. */
#define KC_KEYCHAIN_UNLOCKED		"unlocked"
#define KC_KEYCHAIN_LOCKED		"locked"
#define KC_KEYCHAIN_BEFORE_FIRST_UNLOCK "before_first_unlock"
#define KC_KEYCHAIN_UNAVAILABLE		"unavailable"

/*
 * How it is: its state, whether it has a password, its file's path, in KC_KEYCHAIN_REASON what is
 * in the way or was found when it was opened, in KC_KEYCHAIN_N_UNREADABLE how many damaged items
 * were met so far, and in KC_KEYCHAIN_GROUPS the caller's access groups: what is added without a
 * group goes into the first. Asks nobody.
 * Expected: KC_ERR_NOT_AVAILABLE  the daemon cannot be reached
 * Ownership: *ret_state is the caller's; free with kc_dictionary_free().   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_keychain_state(struct kc_dictionary **ret_state);

/*
 * Open it with its password: @options->pin, or a person is asked. Fine when it is open.
 * Expected: KC_ERR_AUTH_FAILED              wrong password
 *           KC_ERR_USER_CANCELED            the person said no
 *           KC_ERR_INTERACTION_NOT_ALLOWED  a person would have to be asked
 * Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_keychain_unlock(const struct kc_options *options);

/*
 * Lock it: what is accessible when_unlocked can be read again after kc_keychain_unlock(), and what
 * is accessible after_first_unlock and always can be read as before. PINs are not forgotten by
 * this: kc_daemon_lock() does both.
 * Expected: KC_ERR_NOT_AVAILABLE  it has no password, or there is no keychain
 * Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_keychain_lock(void);

/* Which password follows which. Start from KC_KEYCHAIN_CHANGE_INIT. What is not given (data NULL)
 * is asked of a person: the present password if there is one, then the new one, twice. */
struct kc_keychain_change {
	size_t size; /* of this struct, as the caller was compiled */
	struct kc_view current;
	struct kc_view new_password;
	bool remove; /* there shall be none; then new_password is empty */
};

#define KC_KEYCHAIN_CHANGE_INIT                                                                    \
	{                                                                                          \
		sizeof(struct kc_keychain_change), {NULL, 0}, {NULL, 0}, false                     \
	}

/*
 * Set, change or remove the keychain's password, in one step: the old or the new one is right,
 * whatever happens in between. Afterwards it is unlocked. Without a password everything that is
 * accessible when_passcode_set_this_device_only is gone. @options has no pin: they are in @change
 * (NULL: a person is asked for all).
 * Expected: KC_ERR_AUTH_FAILED              wrong password
 *           KC_ERR_NOT_AVAILABLE            there is none to remove, or there is no keychain
 *           KC_ERR_USER_CANCELED            the person said no
 *           KC_ERR_INTERACTION_NOT_ALLOWED  a person would have to be asked
 * Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_keychain_change_password(
	const struct kc_keychain_change *change, const struct kc_options *options);

/* Names in what a backup and a restore give. */
#define KC_KEYCHAIN_N_ITEMS	"n_items"
#define KC_KEYCHAIN_N_LEFT_OUT	"n_left_out"
#define KC_KEYCHAIN_N_ADDED	"n_added"
#define KC_KEYCHAIN_N_KEPT	"n_kept"
#define KC_KEYCHAIN_N_FAILED	"n_failed"
#define KC_KEYCHAIN_IS_COMPLETE "is_complete"

/*
 * Write all items that may leave this device to the file or pipe @output_fd, sealed with a password
 * of its own: @options->pin, or a person is asked for one. Left out, and counted, are items that
 * are accessible on this device only or under access control. Others can use the keychain
 * meanwhile; what they change is not in it. When it fails what has been written is of no use.
 * Expected: KC_ERR_INTERACTION_NOT_ALLOWED  the keychain is locked, or a person would be asked
 *           KC_ERR_NOT_AVAILABLE            it cannot be written, with the reason
 *           KC_ERR_MISSING_ENTITLEMENT      a program that is not in the user's own group
 * Ownership: *ret_counts is the caller's; free with kc_dictionary_free().   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_keychain_backup(int output_fd,
							  const struct kc_options *options,
							  struct kc_dictionary **ret_counts);

/*
 * Add what is in the backup @input_fd, a file from its beginning or a pipe. What is there already
 * stays as it is; persistent references are those of the backup. A file that is cut off or damaged
 * is refused before anything is added, unless @partial; of a pipe what comes first is added first,
 * and KC_KEYCHAIN_IS_COMPLETE is false when it could not be read to its end.
 * Expected: KC_ERR_DECODE       no backup, or damaged
 *           KC_ERR_AUTH_FAILED  wrong password
 *           and as kc_keychain_backup()
 * Ownership: *ret_counts is the caller's; free with kc_dictionary_free().   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_keychain_restore(int input_fd, bool partial,
							   const struct kc_options *options,
							   struct kc_dictionary **ret_counts);

#ifdef __cplusplus
}
#endif

#endif
