/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Flatpak puts .flatpak-info into the root of each sandbox, where no program inside can remove it;
 * snapd confines by AppArmor, and names profiles and scopes so. A program that is not in a sandbox
 * can put itself into one that looks like another's: it is no less free to debug the other.
 *
 * A root that is not ours may be a file system of the process itself, which answers when it likes:
 * its type is looked up before anything in it is touched.
 */
#include "sys/peer_sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/try.h"
#include "sys/cgroup.h"
#include "sys/flatpak_info.h"
#include "sys/process.h"
#include "sys/socket.h"

enum {
	TEXT_BYTES = 1024,
	MOUNTS_BYTES_MAX = 512 * 1024,
	INFO_BYTES_MAX = 64 * 1024,
};

/* --- file systems that answer at once -------------------------------------------------------- */

static bool is_of_kernel(const char *type, size_t len)
{
	static const char *const types[] = {"tmpfs",	"overlay", "ext4",     "ext3", "ext2",
					    "btrfs",	"xfs",	   "zfs",      "f2fs", "bcachefs",
					    "squashfs", "erofs",   "virtiofs", "ramfs"};

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (strlen(types[i]) == len && memcmp(types[i], type, len) == 0)
			return true;
	}
	return false;
}

/* proc(5), /proc/pid/mountinfo: the mount's number comes first, its type after " - ". */
static bool is_mount_of_kernel(const char *mounts, unsigned long mount)
{
	for (const char *line = mounts; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *type = strstr(line, " - ");

		if (strtoul(line, NULL, 10) == mount && type)
			return is_of_kernel(type + 3, strcspn(type + 3, " \n"));
	}
	return false;
}

static unsigned long mount_of(int fd)
{
	CLEANUP(bytes_done) struct bytes info = BYTES_INIT(TEXT_BYTES);
	char name[64];
	const char *found = NULL;

	(void)snprintf(name, sizeof(name), "self/fdinfo/%d", fd);
	if (!process_read_at(-1, name, &info))
		return 0;
	found = strstr((const char *)info.data, "mnt_id:");
	return found ? strtoul(found + strlen("mnt_id:"), NULL, 10) : 0;
}

static bool answers_at_once(int fd, const struct bytes *mounts)
{
	return is_mount_of_kernel((const char *)mounts->data, mount_of(fd));
}

/* --- Flatpak --------------------------------------------------------------------------------- */

static bool read_info(int path_fd, struct bytes *text)
{
	CLEANUP(socket_close) int fd = -1;
	char name[64];
	struct stat info;

	if (fstat(path_fd, &info) != 0 || !S_ISREG(info.st_mode))
		return false;
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", path_fd);
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd >= 0 && process_read_all(fd, text);
}

static enum peer_sandbox_kind look_into(int root, const struct bytes *mounts,
					struct peer_sandbox *sandbox)
{
	CLEANUP(bytes_done) struct bytes text = BYTES_INIT(INFO_BYTES_MAX);
	CLEANUP(socket_close) int info = -1;

	if (!answers_at_once(root, mounts))
		return PEER_IN_UNKNOWN;
	info = openat(root, ".flatpak-info", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (info < 0)
		return errno == ENOENT ? PEER_IN_NONE : PEER_IN_UNKNOWN;
	if (!answers_at_once(info, mounts) || !read_info(info, &text) ||
	    !flatpak_info_find_application(bytes_view(&text), sandbox->application,
					   sizeof(sandbox->application)))
		return PEER_IN_UNKNOWN;
	return PEER_IN_FLATPAK;
}

/* Its name is known to the kernel without a look at the file system. */
static bool shares_our_root(int process)
{
	struct stat ours;
	struct stat its;
	char root[8];

	return fstatat(process, "ns/mnt", &its, 0) == 0 && stat("/proc/self/ns/mnt", &ours) == 0 &&
	       its.st_ino == ours.st_ino && its.st_dev == ours.st_dev &&
	       readlinkat(process, "root", root, sizeof(root)) == 1 && root[0] == '/';
}

/*
 * A program may forbid to be looked into (PR_SET_DUMPABLE), in a sandbox too. What the kernel says
 * of it nevertheless is whether it has process and user IDs of its own, as every Flatpak has.
 */
static bool has_own_ids(int process)
{
	CLEANUP(bytes_done) struct bytes status = BYTES_INIT(TEXT_BYTES * 8);
	CLEANUP(bytes_done) struct bytes its = BYTES_INIT(TEXT_BYTES);
	CLEANUP(bytes_done) struct bytes ours = BYTES_INIT(TEXT_BYTES);
	const char *ids = NULL;

	if (!process_read_at(process, "status", &status) ||
	    !process_read_at(process, "uid_map", &its) ||
	    !process_read_at(-1, "self/uid_map", &ours))
		return true;
	ids = strstr((const char *)status.data, "\nNSpid:");
	if (!ids || !view_equal(bytes_view(&its), bytes_view(&ours)))
		return true;
	ids += strlen("\nNSpid:");
	ids += strspn(ids, "\t");
	ids += strspn(ids, "0123456789");
	return *ids != '\n'; /* one number for each namespace that it is in */
}

static enum peer_sandbox_kind look_for_flatpak(int process, struct peer_sandbox *sandbox)
{
	CLEANUP(bytes_done) struct bytes mounts = BYTES_INIT(MOUNTS_BYTES_MAX);
	CLEANUP(socket_close) int root = -1;

	if (shares_our_root(process))
		return PEER_IN_NONE;
	root = openat(process, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return has_own_ids(process) ? PEER_IN_UNKNOWN : PEER_IN_NONE;
	return process_read_at(process, "mountinfo", &mounts) ? look_into(root, &mounts, sandbox)
							      : PEER_IN_UNKNOWN;
}

/* --- snap ------------------------------------------------------------------------------------ */

static bool is_snap(int process, pid_t pid, struct peer_sandbox *sandbox)
{
	CLEANUP(bytes_done) struct bytes groups = BYTES_INIT(TEXT_BYTES);
	char label[TEXT_BYTES];

	if (process_read(pid, "attr/current", label, sizeof(label)) &&
	    cgroup_snap_of(label, sandbox->application, sizeof(sandbox->application)))
		return true;
	return process_read_at(process, "cgroup", &groups) &&
	       cgroup_find_snap(bytes_view(&groups), sandbox->application,
				sizeof(sandbox->application));
}

struct peer_sandbox peer_sandbox_find(int process, pid_t pid)
{
	struct peer_sandbox sandbox = {PEER_IN_NONE, ""};

	sandbox.kind = look_for_flatpak(process, &sandbox);
	if (sandbox.kind == PEER_IN_NONE && is_snap(process, pid, &sandbox))
		sandbox.kind = PEER_IN_SNAP;
	return sandbox;
}
