/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_BACKUP_TRANSFER_H
#define DAEMON_BACKUP_TRANSFER_H

/*
 * The half of a backup or restore that waits: sealing, files and pipes, in a thread for each slice
 * of items. The other half, on the loop, touches it between slices only.
 */

#include <systemd/sd-event.h>

#include "base/error.h"
#include "store/backup_file.h"

enum {
	BACKUP_TRANSFER_BYTES = 256 * 1024, /* of a slice, about */
	BACKUP_TRANSFER_ITEMS = 48,
};

struct backup_transfer {
	struct backup_file file;
	int fd;		    /* owned */
	int cancel;	    /* eventfd, owned */
	bool is_file;	    /* else a pipe */
	struct bytes slice; /* records, one after the other */
	size_t lengths[BACKUP_TRANSFER_ITEMS];
	size_t n;	    /* records in the slice */
	uint64_t n_damaged; /* records that did not open, so far */
	bool is_last;	    /* writing: finish; reading: there is no more */
	bool is_broken;	    /* reading: because it is cut off or damaged; why says how */
	struct error_record why;
	struct backup_file_end end;
	struct worker *worker;
};

/* Takes @fd, in any case. @is_output: it is to be written.
 * Expected: KC_ERR_PARAM  neither file nor pipe, or open the other way */
KC_MUST_CHECK enum kc_status backup_transfer_new(int fd, bool is_output,
						 struct backup_transfer **ret_transfer);
/* Also while the thread works: it then ends at once, and frees what it has. */
struct backup_transfer *backup_transfer_free(struct backup_transfer *transfer);
DEFINE_FREEP(backup_transfer)

void backup_transfer_clear(struct backup_transfer *transfer);
bool backup_transfer_is_full(const struct backup_transfer *transfer);
/* The record that was appended to the slice since the last one. */
void backup_transfer_end_record(struct backup_transfer *transfer);

typedef void (*backup_transfer_done_fn)(void *userdata, enum kc_status status);

/* What a thread does with it. */
enum backup_transfer_step {
	BACKUP_TRANSFER_OPEN,	/* read the header */
	BACKUP_TRANSFER_VERIFY, /* read it to its end, then be where the items begin */
	BACKUP_TRANSFER_READ,	/* a slice */
	BACKUP_TRANSFER_WRITE,	/* the slice */
};

/* on_done runs on the loop, later; not when it is freed before. */
KC_MUST_CHECK enum kc_status backup_transfer_start(struct backup_transfer *transfer,
						   sd_event *event, enum backup_transfer_step step,
						   backup_transfer_done_fn on_done, void *userdata);

#endif
