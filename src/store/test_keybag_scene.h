/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_TEST_KEYBAG_SCENE_H
#define STORE_TEST_KEYBAG_SCENE_H

/* A keybag in a file of the test's own. For tests; what goes wrong fails the test. */

#include "store/keybag.h"

enum {
	KEYBAG_SCENE_COST = 4, /* quick */
	KEYBAG_SCENE_CLASSES = KEYBAG_CLASSES_END - 1,
};

extern const uint8_t keybag_scene_device_key[SEAL_KEY_BYTES];
extern const enum keybag_class keybag_scene_classes[KEYBAG_SCENE_CLASSES];

/* The file, with the tables and columns that a keybag uses; made the first time. */
struct database *keybag_scene_database(void);
struct keybag *keybag_scene_open(struct database *database);
/* As a daemon that starts again. */
void keybag_scene_reopen(struct database **database, struct keybag **keybag);

struct secret keybag_scene_stretch(const struct keybag_stretching *stretching,
				   const char *password);
KC_MUST_CHECK enum kc_status keybag_scene_unlock(struct keybag *keybag, const char *password);
/* NULL: none any more. */
KC_MUST_CHECK enum kc_status keybag_scene_set_password(struct keybag *keybag, const char *password);

void keybag_scene_run(struct database *database, const char *sql);
/* The number that @sql selects. */
long long keybag_scene_count(struct database *database, const char *sql);

struct keybag_scene_key {
	uint8_t bytes[SEAL_KEY_BYTES];
};

struct keybag_scene_key keybag_scene_key(struct keybag *keybag, enum keybag_class protection);
void keybag_scene_check_same(struct keybag *keybag, enum keybag_class protection,
			     const struct keybag_scene_key *before);

/* What keybag_key() says of each class, in the order of keybag_scene_classes. */
void keybag_scene_check_all(const struct keybag *keybag, const enum kc_status *expected);
extern const enum kc_status keybag_scene_all_open[KEYBAG_SCENE_CLASSES];
extern const enum kc_status keybag_scene_no_passcode[KEYBAG_SCENE_CLASSES];
extern const enum kc_status keybag_scene_locked[KEYBAG_SCENE_CLASSES];
extern const enum kc_status keybag_scene_before_first[KEYBAG_SCENE_CLASSES];

#endif
