/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any bytes as a backup. First as they are; then as the contents of records that are sealed
 * rightly, since no mutation ever finds a seal: the first byte of each says how long it is.
 */
#include <assert.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "items/backup_record.h"
#include "store/backup_file.h"

static const uint8_t stretched[SEAL_KEY_BYTES] = {1};

static void read_all(struct backup_file *file)
{
	struct bytes record = BYTES_INIT(BACKUP_FILE_RECORD_MAX);
	enum backup_file_found found = BACKUP_FILE_ITEM;
	struct backup_file_end end;
	struct backup_record parsed;

	if (backup_file_open(file) != KC_OK ||
	    backup_file_unlock(file, VIEW_OF(stretched)) != KC_OK)
		return;
	while (found != BACKUP_FILE_END && backup_file_next(file, &record, &found, &end) == KC_OK) {
		if (found != BACKUP_FILE_ITEM ||
		    backup_record_get(bytes_view(&record), &parsed) != KC_OK)
			continue;
		assert(parsed.attributes.len + parsed.secret.len <= record.len);
		assert(parsed.item_class < VOCABULARY_IDENTITY);
	}
	bytes_done(&record);
}

static void write_all(struct backup_file *file, struct kc_view content)
{
	struct backup_file_end end = {0};

	assert(backup_file_begin(file, 1) == KC_OK);
	assert(backup_file_set_password(file, VIEW_OF(stretched)) == KC_OK);
	while (content.len > 0) {
		size_t len = content.data[0];

		assert(backup_file_put(file, view_slice(content, 1, len)) == KC_OK);
		content = view_slice(content, 1 + len, content.len);
		end.n_items++;
	}
	assert(backup_file_finish(file, &end) == KC_OK);
}

static void rewind_to(int fd)
{
	assert(lseek(fd, 0, SEEK_SET) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("backup", MFD_CLOEXEC);
	struct backup_file file;

	error_clear();
	assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	rewind_to(fd);
	backup_file_init(&file, fd, -1);
	read_all(&file);
	backup_file_done(&file);

	error_clear();
	assert(ftruncate(fd, 0) == 0);
	rewind_to(fd);
	backup_file_init(&file, fd, -1);
	write_all(&file, view_of(data, size));
	backup_file_done(&file);
	rewind_to(fd);
	backup_file_init(&file, fd, -1);
	read_all(&file);
	backup_file_done(&file);
	close(fd);
	return 0;
}
