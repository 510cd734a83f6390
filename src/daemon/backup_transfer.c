/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Slices of a backup in a thread. Records are secrets in memory of malloc, wiped when it is freed.
 */
#include "daemon/backup_transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/try.h"
#include "sys/socket.h"
#include "sys/worker.h"

struct step {
	struct backup_transfer *transfer;
	enum backup_transfer_step what;
	backup_transfer_done_fn on_done;
	void *userdata;
};

/* --- life ------------------------------------------------------------------------------------ */

static void release(struct backup_transfer *transfer)
{
	backup_file_done(&transfer->file);
	bytes_done(&transfer->slice);
	socket_close(&transfer->fd);
	socket_close(&transfer->cancel);
	free(transfer);
}

static void release_step(void *work)
{
	struct step *step = work;

	release(step->transfer);
	free(step);
}

struct backup_transfer *backup_transfer_free(struct backup_transfer *transfer)
{
	struct worker *worker = transfer ? take(transfer->worker) : NULL;

	if (!transfer)
		return NULL;
	ignore(transfer->cancel >= 0 && eventfd_write(transfer->cancel, 1) != 0);
	if (worker)
		worker_abandon(worker, release_step);
	else
		release(transfer);
	return NULL;
}

/* Whoever is at the other end of a pipe must not be able to hold the thread. */
static enum kc_status prepare(struct backup_transfer *transfer, bool is_output)
{
	struct stat info;
	int mode = fcntl(transfer->fd, F_GETFL);

	REQUIRE(fstat(transfer->fd, &info) == 0 && mode >= 0 &&
			(S_ISREG(info.st_mode) || S_ISFIFO(info.st_mode)),
		KC_ERR_PARAM, "a backup goes to or comes from a file or a pipe");
	REQUIRE((mode & O_ACCMODE) == O_RDWR ||
			(mode & O_ACCMODE) == (is_output ? O_WRONLY : O_RDONLY),
		KC_ERR_PARAM, "the descriptor is not open for %s",
		is_output ? "writing" : "reading");
	transfer->is_file = S_ISREG(info.st_mode);
	REQUIRE(transfer->is_file || fcntl(transfer->fd, F_SETFL, mode | O_NONBLOCK) == 0,
		KC_ERR_NOT_AVAILABLE, "fcntl: %s", strerror(errno));
	transfer->cancel = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	REQUIRE(transfer->cancel >= 0, KC_ERR_NOT_AVAILABLE, "eventfd: %s", strerror(errno));
	backup_file_init(&transfer->file, transfer->fd, transfer->cancel);
	return KC_OK;
}

enum kc_status backup_transfer_new(int fd, bool is_output, struct backup_transfer **ret_transfer)
{
	CLEANUP(backup_transfer_freep)
	struct backup_transfer *transfer = calloc(1, sizeof(*transfer));

	if (!transfer)
		close(fd);
	REQUIRE(transfer, KC_ERR_ALLOCATE, "out of memory");
	transfer->fd = fd;
	transfer->cancel = -1;
	transfer->slice = BYTES_INIT(BACKUP_TRANSFER_BYTES + BACKUP_FILE_RECORD_MAX);
	TRY(prepare(transfer, is_output));
	*ret_transfer = take(transfer);
	return KC_OK;
}

/* --- slices ---------------------------------------------------------------------------------- */

void backup_transfer_clear(struct backup_transfer *transfer)
{
	bytes_consume(&transfer->slice, transfer->slice.len);
	transfer->n = 0;
}

bool backup_transfer_is_full(const struct backup_transfer *transfer)
{
	return transfer->n == BACKUP_TRANSFER_ITEMS || transfer->slice.len >= BACKUP_TRANSFER_BYTES;
}

void backup_transfer_end_record(struct backup_transfer *transfer)
{
	size_t before = 0;

	for (size_t i = 0; i < transfer->n; i++)
		before += transfer->lengths[i];
	transfer->lengths[transfer->n++] = transfer->slice.len - before;
}

/* --- in the thread --------------------------------------------------------------------------- */

static enum kc_status write_slice(struct backup_transfer *transfer)
{
	size_t at = 0;

	for (size_t i = 0; i < transfer->n; i++) {
		TRY(backup_file_put(&transfer->file, view_slice(bytes_view(&transfer->slice), at,
								transfer->lengths[i])));
		at += transfer->lengths[i];
	}
	return transfer->is_last ? backup_file_finish(&transfer->file, &transfer->end)
				 : backup_file_flush(&transfer->file);
}

/* What cannot be read any further is an end too, of its own kind. */
static enum kc_status read_record(struct backup_transfer *transfer, struct bytes *record,
				  bool *ret_has_record)
{
	enum backup_file_found found = BACKUP_FILE_END;
	enum kc_status status = backup_file_next(&transfer->file, record, &found, &transfer->end);

	if (status == KC_ERR_DECODE) {
		transfer->is_broken = true;
		transfer->is_last = true;
		transfer->why = *error_get();
		error_clear();
		*ret_has_record = false;
		return KC_OK;
	}
	TRY(status);
	transfer->is_last = found == BACKUP_FILE_END;
	transfer->n_damaged += found == BACKUP_FILE_DAMAGED;
	*ret_has_record = found == BACKUP_FILE_ITEM;
	return KC_OK;
}

static enum kc_status read_slice(struct backup_transfer *transfer)
{
	CLEANUP(bytes_done) struct bytes record = BYTES_INIT(BACKUP_FILE_RECORD_MAX);
	bool has_record = false;

	backup_transfer_clear(transfer);
	while (!transfer->is_last && !backup_transfer_is_full(transfer)) {
		TRY(read_record(transfer, &record, &has_record));
		if (!has_record)
			continue;
		TRY(bytes_append(&transfer->slice, bytes_view(&record)));
		backup_transfer_end_record(transfer);
	}
	return KC_OK;
}

/* Half a restore helps nobody who has not asked for one. */
static enum kc_status verify(struct backup_transfer *transfer)
{
	CLEANUP(bytes_done) struct bytes record = BYTES_INIT(BACKUP_FILE_RECORD_MAX);
	bool has_record = false;

	while (!transfer->is_last)
		TRY(read_record(transfer, &record, &has_record));
	if (transfer->is_broken || transfer->n_damaged > 0)
		error_set_hint("nothing was restored; keycask restore --partial takes what can be "
			       "read");
	REQUIRE(!transfer->is_broken, KC_ERR_DECODE, "%s", transfer->why.message);
	REQUIRE(transfer->n_damaged == 0, KC_ERR_DECODE,
		"%llu of %llu items of the backup are damaged",
		(unsigned long long)transfer->n_damaged, (unsigned long long)transfer->end.n_items);
	transfer->is_last = false;
	return backup_file_rewind(&transfer->file);
}

static enum kc_status run(void *work)
{
	const struct step *step = work;

	switch (step->what) {
	case BACKUP_TRANSFER_OPEN:
		return backup_file_open(&step->transfer->file);
	case BACKUP_TRANSFER_VERIFY:
		return verify(step->transfer);
	case BACKUP_TRANSFER_READ:
		return read_slice(step->transfer);
	case BACKUP_TRANSFER_WRITE:
	default:
		return write_slice(step->transfer);
	}
}

static void on_done(void *work, enum kc_status status)
{
	CLEANUP(freep) struct step *step = work;

	step->transfer->worker = NULL;
	step->on_done(step->userdata, status);
}

enum kc_status backup_transfer_start(struct backup_transfer *transfer, sd_event *event,
				     enum backup_transfer_step what, backup_transfer_done_fn done,
				     void *userdata)
{
	CLEANUP(freep) struct step *step = calloc(1, sizeof(*step));

	REQUIRE(step, KC_ERR_ALLOCATE, "out of memory");
	*step = (struct step){transfer, what, done, userdata};
	TRY(worker_start(event, run, step, on_done, &transfer->worker));
	take(step);
	return KC_OK;
}
