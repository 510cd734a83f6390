/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_KEYBAG_H
#define STORE_KEYBAG_H

/*
 * The keys of the protection classes, as they come and go with the person's password
 * (reference/keychain.md 4.3, 4.4). Each class has a random key, wrapped under the device key and,
 * but for the classes that are always readable, under the keychain password as well, if there is
 * one. Without a password the keychain opens when the daemon starts and cannot be locked.
 */

#include "base/cleanup.h"
#include "base/secret.h"
#include "store/database.h"
#include "store/seal.h"

/* Values are in the file. */
enum keybag_class {
	KEYBAG_WHEN_UNLOCKED = 1,
	KEYBAG_AFTER_FIRST_UNLOCK,
	KEYBAG_ALWAYS,
	KEYBAG_WHEN_UNLOCKED_DEVICE, /* _this_device_only */
	KEYBAG_AFTER_FIRST_UNLOCK_DEVICE,
	KEYBAG_ALWAYS_DEVICE,
	KEYBAG_WHEN_PASSCODE_SET_DEVICE,
};

enum {
	KEYBAG_CLASSES_END = KEYBAG_WHEN_PASSCODE_SET_DEVICE + 1,
	KEYBAG_SALT_BYTES = 32,
	KEYBAG_COST_MAX = 20, /* a gigabyte: more is no password, but a damaged file */
};

/* The value of "accessible" that stands for @protection; NULL for a number that is none. */
const char *keybag_class_name(enum keybag_class protection);
/* False: no such class. */
bool keybag_find_class(const char *name, enum keybag_class *ret_protection);
/* Never leaves this device, not even in a backup. */
bool keybag_class_is_for_this_device(enum keybag_class protection);

enum keybag_state {
	KEYBAG_BEFORE_FIRST_UNLOCK, /* only the classes "always" */
	KEYBAG_LOCKED,		    /* and those of "after_first_unlock" */
	KEYBAG_UNLOCKED,
};

const char *keybag_state_name(enum keybag_state state); /* "before_first_unlock" … */

struct keybag;

/*
 * The keybag in @database's attached file, made when there is none yet (unless the file is read
 * only). @device_key is copied. @cost is the binary logarithm of scrypt's N for new passwords.
 * Expected: KC_ERR_NOT_AVAILABLE  it is of another device: the device key does not open it
 *                                 (hint: what to do), or its own data are damaged
 */
KC_MUST_CHECK enum kc_status keybag_open(struct database *database, struct kc_view device_key,
					 unsigned cost, struct keybag **ret_keybag);
/*
 * The file was damaged and has been mended while the keybag was open: write again what the file
 * has lost and memory has not, and forget the keys for which that cannot be done, so that nothing
 * is sealed under a key that ends with the process.
 */
KC_MUST_CHECK enum kc_status keybag_renew(struct keybag *keybag);
struct keybag *keybag_free(struct keybag *keybag);
DEFINE_FREEP(keybag)

enum keybag_state keybag_state(const struct keybag *keybag);
bool keybag_has_password(const struct keybag *keybag);

/*
 * The key of @protection, borrowed until the state changes.
 * Expected: KC_ERR_INTERACTION_NOT_ALLOWED  locked, with the hint what to do
 *           KC_ERR_NOT_AVAILABLE            when_passcode_set…, and there is no password; or this
 *                                           key is damaged in the file
 */
KC_MUST_CHECK enum kc_status keybag_key(const struct keybag *keybag, enum keybag_class protection,
					struct kc_view *ret_key);

/* --- the password -------------------------------------------------------------------------- */

/*
 * What it takes to turn a password into a key: scrypt (RFC 7914), slow on purpose, with tens of
 * megabytes. keybag_stretch() touches nothing else and may run in any thread.
 */
struct keybag_stretching {
	uint8_t salt[KEYBAG_SALT_BYTES];
	unsigned cost; /* log2 N, up to KEYBAG_COST_MAX; r = 8, p = 1 */
};

struct keybag_stretching keybag_stretching(const struct keybag *keybag); /* of the password set */
KC_MUST_CHECK enum kc_status keybag_new_stretching(const struct keybag *keybag,
						   struct keybag_stretching *ret_stretching);
/* Also of what application passwords are stretched with: one salt for the whole file. */
struct keybag_stretching keybag_application_stretching(const struct keybag *keybag);
KC_MUST_CHECK enum kc_status keybag_stretch(const struct keybag_stretching *stretching,
					    struct kc_view password, struct secret *ret_stretched);

/*
 * Fine when it is unlocked.
 * Expected: KC_ERR_AUTH_FAILED    wrong password; nothing changes
 *           KC_ERR_NOT_AVAILABLE  there is no password
 */
KC_MUST_CHECK enum kc_status keybag_unlock(struct keybag *keybag, struct kc_view stretched);

/* Is this the password? Changes nothing. Expected: as keybag_unlock() */
KC_MUST_CHECK enum kc_status keybag_check(struct keybag *keybag, struct kc_view stretched);

/* Keys that need it are wiped. Expected: KC_ERR_NOT_AVAILABLE  there is no password */
KC_MUST_CHECK enum kc_status keybag_lock(struct keybag *keybag);

/*
 * Set, change or (@stretched NULL) remove the password of an unlocked keybag, in one transaction.
 * Removing it destroys the key of when_passcode_set…, and the items sealed under it.
 * Expected: KC_ERR_INTERACTION_NOT_ALLOWED  locked
 *           KC_ERR_NOT_AVAILABLE            a key is damaged: it cannot be kept
 */
KC_MUST_CHECK enum kc_status keybag_set_password(struct keybag *keybag,
						 const struct keybag_stretching *stretching,
						 const struct kc_view *stretched);

#endif
