/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A VFS shim (https://www.sqlite.org/vfs.html): a file of ours is a header with the real file
 * behind it, and each method asks first whether it is its turn to fail. A write that fails has
 * written half: that is what a full disk and a pulled plug leave.
 */
#include "store/fault_vfs.h"

#include <sqlite3.h>
#include <stddef.h>
#include <string.h>

struct fault_file {
	sqlite3_file base;
	sqlite3_file *real;
};

static struct {
	enum fault_kind kind;
	int left; /* 0: nothing fails */
	bool is_lasting;
	bool has_struck;
	sqlite3_vfs *real;
	sqlite3_vfs ours;
} faults;

static const char *const names[] = {
	[FAULT_WRITE] = "write",       [FAULT_FULL] = "full", [FAULT_SYNC] = "sync",
	[FAULT_TRUNCATE] = "truncate", [FAULT_READ] = "read", [FAULT_OPEN] = "open",
};

const char *fault_vfs_name(enum fault_kind kind)
{
	return names[kind];
}

void fault_vfs_arm(enum fault_kind kind, int n, bool is_lasting)
{
	faults.kind = kind;
	faults.left = n;
	faults.is_lasting = is_lasting;
	faults.has_struck = false;
}

bool fault_vfs_has_struck(void)
{
	return faults.has_struck;
}

static bool strikes(enum fault_kind kind)
{
	if (faults.kind != kind || faults.left == 0)
		return false;
	if (faults.left > 1) {
		faults.left--;
		return false;
	}
	if (!faults.is_lasting)
		faults.left = 0;
	faults.has_struck = true;
	return true;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
	return ((struct fault_file *)file)->real;
}

/* --- methods of a file ---------------------------------------------------------------------------
 */

static int do_close(sqlite3_file *file)
{
	sqlite3_file *real = real_of(file);
	int code = real->pMethods ? real->pMethods->xClose(real) : SQLITE_OK;

	sqlite3_free(real);
	return code;
}

static int do_read(sqlite3_file *file, void *data, int len, sqlite3_int64 at)
{
	if (strikes(FAULT_READ))
		return SQLITE_IOERR_READ;
	return real_of(file)->pMethods->xRead(real_of(file), data, len, at);
}

static int do_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 at)
{
	bool is_full = strikes(FAULT_FULL);
	bool is_broken = strikes(FAULT_WRITE);

	if (is_full || is_broken) {
		real_of(file)->pMethods->xWrite(real_of(file), data, len / 2, at);
		return is_full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
	}
	return real_of(file)->pMethods->xWrite(real_of(file), data, len, at);
}

static int do_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	if (strikes(FAULT_TRUNCATE))
		return SQLITE_IOERR_TRUNCATE;
	return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

/* Nobody pulls the plug of a test: waiting for the disk would prove nothing. */
static int do_sync(sqlite3_file *file, int flags)
{
	(void)file;
	(void)flags;
	return strikes(FAULT_SYNC) ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int do_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
	return real_of(file)->pMethods->xFileSize(real_of(file), ret_size);
}

static int do_lock(sqlite3_file *file, int level)
{
	return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int do_unlock(sqlite3_file *file, int level)
{
	return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int do_check_lock(sqlite3_file *file, int *ret_is_reserved)
{
	return real_of(file)->pMethods->xCheckReservedLock(real_of(file), ret_is_reserved);
}

static int do_control(sqlite3_file *file, int op, void *argument)
{
	return real_of(file)->pMethods->xFileControl(real_of(file), op, argument);
}

static int do_sector_size(sqlite3_file *file)
{
	return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int do_characteristics(sqlite3_file *file)
{
	return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int do_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **ret_map)
{
	return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, ret_map);
}

static int do_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
	return real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags);
}

static void do_shm_barrier(sqlite3_file *file)
{
	real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int do_shm_unmap(sqlite3_file *file, int is_deleted)
{
	return real_of(file)->pMethods->xShmUnmap(real_of(file), is_deleted);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2, /* without memory maps */
	.xClose = do_close,
	.xRead = do_read,
	.xWrite = do_write,
	.xTruncate = do_truncate,
	.xSync = do_sync,
	.xFileSize = do_size,
	.xLock = do_lock,
	.xUnlock = do_unlock,
	.xCheckReservedLock = do_check_lock,
	.xFileControl = do_control,
	.xSectorSize = do_sector_size,
	.xDeviceCharacteristics = do_characteristics,
	.xShmMap = do_shm_map,
	.xShmLock = do_shm_lock,
	.xShmBarrier = do_shm_barrier,
	.xShmUnmap = do_shm_unmap,
};

/* --- the file system -----------------------------------------------------------------------------
 */

static int do_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
		   int *ret_flags)
{
	struct fault_file *ours = (struct fault_file *)file;
	int code = SQLITE_OK;

	(void)vfs;
	memset(ours, 0, sizeof(*ours));
	if (strikes(FAULT_OPEN))
		return SQLITE_CANTOPEN;
	ours->real = sqlite3_malloc(faults.real->szOsFile);
	if (!ours->real)
		return SQLITE_NOMEM;
	memset(ours->real, 0, (size_t)faults.real->szOsFile);
	code = faults.real->xOpen(faults.real, name, ours->real, flags, ret_flags);
	if (code != SQLITE_OK) {
		sqlite3_free(ours->real);
		ours->real = NULL;
		return code;
	}
	ours->base.pMethods = &methods;
	return SQLITE_OK;
}

/* All else is the real one's, which looks at its own data only. */
void fault_vfs_register(void)
{
	if (faults.real)
		return;
	faults.real = sqlite3_vfs_find(NULL);
	faults.ours = *faults.real;
	faults.ours.zName = FAULT_VFS;
	faults.ours.szOsFile = (int)sizeof(struct fault_file);
	faults.ours.xOpen = do_open;
	sqlite3_vfs_register(&faults.ours, 0);
}
