/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_BACKUP_FILE_H
#define STORE_BACKUP_FILE_H

/*
 * The form of a backup, docs/store-format.md: a header in the open, then records, each sealed under
 * a key from the backup's own password. A record belongs to its backup and its place in it, so that
 * none can be left out, moved or brought over from another one; the last one says how many there
 * were. Written and read in one go with bounded memory, over a file or a pipe; both wait, and are
 * for threads beside the loop.
 */

#include "base/secret.h"
#include "store/keybag.h"

enum {
	BACKUP_FILE_RECORD_MAX = 10 * 1024 * 1024, /* of one record, plain */
	BACKUP_FILE_HEADER_BYTES = 8 + 4 + KEYBAG_SALT_BYTES + 16,
};

struct backup_file {
	int fd;	    /* borrowed */
	int cancel; /* becomes readable when nobody wants this any more; -1: that never happens */
	uint8_t header[BACKUP_FILE_HEADER_BYTES];
	uint8_t key[SEAL_KEY_BYTES];
	uint64_t place; /* of the next record; the first, 0, is there for the password */
	struct bytes buffer;
	struct bytes check; /* the first record, sealed, until there is a password */
};

void backup_file_init(struct backup_file *file, int fd, int cancel);
void backup_file_done(struct backup_file *file);

/* What a backup's password is stretched with. */
struct keybag_stretching backup_file_stretching(const struct backup_file *file);

/* What was counted. */
struct backup_file_end {
	uint64_t n_items;
	uint64_t n_left_out;
};

/* --- writing. All: Expected: KC_ERR_NOT_AVAILABLE  it cannot be written, or was cancelled ------
 */

/* Begin: a new salt and name, of this @cost. Writes nothing. */
KC_MUST_CHECK enum kc_status backup_file_begin(struct backup_file *file, unsigned cost);
KC_MUST_CHECK enum kc_status backup_file_set_password(struct backup_file *file,
						      struct kc_view stretched);
KC_MUST_CHECK enum kc_status backup_file_put(struct backup_file *file, struct kc_view record);
/* Nothing stays in memory. */
KC_MUST_CHECK enum kc_status backup_file_flush(struct backup_file *file);
/* The end, on disk if it is a file. */
KC_MUST_CHECK enum kc_status backup_file_finish(struct backup_file *file,
						const struct backup_file_end *end);

/* --- reading ------------------------------------------------------------------------------- */

/* Expected: KC_ERR_DECODE  no backup; KC_ERR_NOT_AVAILABLE  of a newer keycask, cannot be read */
KC_MUST_CHECK enum kc_status backup_file_open(struct backup_file *file);

/* Expected: KC_ERR_AUTH_FAILED  another password, or what it is checked with is damaged */
KC_MUST_CHECK enum kc_status backup_file_unlock(struct backup_file *file, struct kc_view stretched);

enum backup_file_found {
	BACKUP_FILE_ITEM,
	BACKUP_FILE_DAMAGED, /* a record that does not open; what follows it may */
	BACKUP_FILE_END,
};

/*
 * The next record, in place of what is in @record (which may grow to BACKUP_FILE_RECORD_MAX).
 * *ret_end is set at the end. Expected: KC_ERR_DECODE  nothing can be read from here on: it is cut
 * off, or damaged where a record begins
 */
KC_MUST_CHECK enum kc_status backup_file_next(struct backup_file *file, struct bytes *record,
					      enum backup_file_found *ret_found,
					      struct backup_file_end *ret_end);

/* From the first record on again. Expected: KC_ERR_NOT_AVAILABLE  it is a pipe */
KC_MUST_CHECK enum kc_status backup_file_rewind(struct backup_file *file);

#endif
