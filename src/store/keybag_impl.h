/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_KEYBAG_IMPL_H
#define STORE_KEYBAG_IMPL_H

/* What a keybag is made of, for the files that are one. */

#include "store/keybag.h"

enum {
	KEYBAG_ID_BYTES = 16,
	KEYBAG_STRETCHING_BYTES = 1 + KEYBAG_SALT_BYTES, /* at rest: cost, salt */
};

/* By protection class. */
struct keybag_keys {
	uint8_t key[KEYBAG_CLASSES_END][SEAL_KEY_BYTES];
	bool is_there[KEYBAG_CLASSES_END];
};

struct keybag {
	struct database *database;
	struct secret device_key;
	struct secret page; /* struct keybag_keys, in memory of its own */
	uint8_t id[KEYBAG_ID_BYTES];
	struct keybag_stretching application;
	struct keybag_stretching stretching; /* when has_password */
	bool has_password;
	unsigned cost;
	enum keybag_state state;
};

static inline struct keybag_keys *keybag_keys(const struct keybag *keybag)
{
	return (void *)keybag->page.data;
}

/* Wipe. */
void keybag_keys_done(struct keybag_keys *keys);
/* Put those of @keys that are there into the keybag. */
void keybag_adopt(struct keybag *keybag, const struct keybag_keys *keys);
void keybag_forget(struct keybag *keybag, int protection);

/* The password is part of what its key is wrapped with, when there is one. */
bool keybag_needs_password(int protection);
/* when_passcode_set… has a key only while there is a password. */
bool keybag_exists(const struct keybag *keybag, int protection);

enum kc_status keybag_fail_locked(const struct keybag *keybag);
enum kc_status keybag_fail_no_password(void);
enum kc_status keybag_fail_damaged(int protection);

/* --- keybag_wrap.c: what class keys are wrapped with --------------------------------------- */

struct keybag_wrap {
	uint8_t plain[SEAL_KEY_BYTES];	  /* for classes that are always readable */
	uint8_t password[SEAL_KEY_BYTES]; /* for the others */
};

void keybag_wrap_done(struct keybag_wrap *wrap);

/* @stretched is empty when there is no password; then all are wrapped alike. */
KC_MUST_CHECK enum kc_status keybag_wrap_init(const struct keybag *keybag, struct kc_view stretched,
					      struct keybag_wrap *ret_wrap);

/* Write the key of @protection, wrapped. */
KC_MUST_CHECK enum kc_status keybag_wrap_put(const struct keybag *keybag,
					     const struct keybag_wrap *wrap, int protection,
					     const uint8_t *key);

/*
 * Those of the classes that need the password, or of the others, which open with @stretched; how
 * many did. That one does not is no failure: whoever needs that key will hear of it.
 */
KC_MUST_CHECK enum kc_status keybag_wrap_open(const struct keybag *keybag, struct kc_view stretched,
					      bool of_password, struct keybag_keys *ret_keys,
					      int *ret_n_open);

/* --- keybag_numbers.c: random ones, and how stretching stands at rest ---------------------- */

KC_MUST_CHECK enum kc_status keybag_numbers_random(uint8_t *ret_data, int n);
void keybag_numbers_put(const struct keybag_stretching *stretching,
			uint8_t ret_data[KEYBAG_STRETCHING_BYTES]);
KC_MUST_CHECK enum kc_status keybag_numbers_get(const uint8_t data[KEYBAG_STRETCHING_BYTES],
						struct keybag_stretching *ret_stretching);

#endif
