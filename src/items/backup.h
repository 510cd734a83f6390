/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_BACKUP_H
#define ITEMS_BACKUP_H

/*
 * What may leave this device, item by item, and back again (reference/keychain.md 6, Backup and
 * Restore). What stays behind: items of this device only, of when_passcode_set…, and under access
 * control; items of tokens were never here. All of one moment: whatever is written meanwhile is in
 * no backup that has begun. Neither looks at access groups: both are for who may do all.
 */

#include "items/backup_record.h"
#include "items/engine.h"

struct backup_reader;

/*
 * Begin. The engine must outlive it.
 * Expected: KC_ERR_INTERACTION_NOT_ALLOWED  locked; KC_ERR_NOT_AVAILABLE  the file
 */
KC_MUST_CHECK enum kc_status backup_reader_new(struct engine *engine,
					       struct backup_reader **ret_reader);
struct backup_reader *backup_reader_free(struct backup_reader *reader);
DEFINE_FREEP(backup_reader)

enum backup_found {
	BACKUP_ITEM,	 /* appended to @bytes */
	BACKUP_LEFT_OUT, /* this one stays */
	BACKUP_ABSENT,	 /* it cannot be opened: as if it were not there */
	BACKUP_END,
};

/* The next item, as backup_record.h has it. A step takes microseconds.
 * Expected: KC_ERR_INTERACTION_NOT_ALLOWED  it was locked meanwhile */
KC_MUST_CHECK enum kc_status backup_reader_next(struct backup_reader *reader, struct bytes *bytes,
						enum backup_found *ret_found);

struct backup_counts {
	uint64_t n_added;
	uint64_t n_kept; /* there already: it stays as it is */
	uint64_t n_failed;
};

/*
 * Add these @n records in one transaction. One that makes no sense is counted and stops no other.
 * Expected: KC_ERR_INTERACTION_NOT_ALLOWED, KC_ERR_NOT_AVAILABLE, KC_ERR_READ_ONLY  none is added
 */
KC_MUST_CHECK enum kc_status backup_restore(struct engine *engine, const struct kc_view *records,
					    size_t n, struct backup_counts *counts);

/* KC_OK: it is unlocked, and can be read (@is_write: and written). */
KC_MUST_CHECK enum kc_status backup_require_open(const struct engine *engine, bool is_write);

#endif
