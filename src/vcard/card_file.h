/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_CARD_FILE_H
#define VCARD_CARD_FILE_H

/*
 * A card on disk: one file of mode 0600, replaced as a whole, locked as long as it is open. What
 * is not a sound card is refused and never written over.
 */

#include "vcard/card_state.h"

struct card_file {
	char *path;
	int fd; /* holds the lock; -1 when closed */
};

#define CARD_FILE_INIT ((struct card_file){.fd = -1})

/*
 * Open and read the card in @path.
 * Expected: KC_ERR_ITEM_NOT_FOUND  no such file; KC_ERR_NOT_AVAILABLE  another process has it;
 *           KC_ERR_DECODE  it is not a card, or damaged
 */
KC_MUST_CHECK enum kc_status card_file_open(const char *path, struct card_file *ret_file,
					    struct card_state *ret_state);

/* A new file with @state. Expected: KC_ERR_DUPLICATE_ITEM  there is a file already. */
KC_MUST_CHECK enum kc_status card_file_create(const char *path, const struct card_state *state,
					      struct card_file *ret_file);

/* Replace the content; a card_save_fn. @file is a struct card_file. */
KC_MUST_CHECK enum kc_status card_file_save(void *file, const struct card_state *state);

/* Accepts a closed file and leaves one. */
void card_file_close(struct card_file *file);

#endif
