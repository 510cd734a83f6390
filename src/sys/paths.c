/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Paths of sockets, state, configuration and helpers. The only file that reads the environment
 * for them.
 */
#include "sys/paths.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/try.h"

enum {
	PRIVATE_MODE = 0700,
};

__attribute__((format(printf, 3, 4))) static enum kc_status put_path(char *ret_path, size_t size,
								     const char *format, ...)
{
	char path[PATHS_MAX];
	va_list args;
	int len = 0;

	va_start(args, format);
	len = vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	REQUIRE(len >= 0 && (size_t)len < sizeof(path) && (size_t)len < size, KC_ERR_PARAM,
		"the path %.60s… is too long", path);
	memcpy(ret_path, path, (size_t)len + 1);
	return KC_OK;
}

/* The variable's value, NULL when unset or empty. */
static const char *variable(const char *name)
{
	const char *value = secure_getenv(name);

	return value && *value ? value : NULL;
}

enum kc_status paths_socket(char *ret_path, size_t size)
{
	const char *socket = variable("KEYCASK_SOCKET");
	const char *runtime = variable("XDG_RUNTIME_DIR");
	const char *temporary = variable("TMPDIR");

	REQUIRE(!socket || socket[0] == '/', KC_ERR_PARAM,
		"KEYCASK_SOCKET must be a whole path, not %s", socket);
	if (socket)
		return put_path(ret_path, size, "%s", socket);
	if (runtime)
		return put_path(ret_path, size, "%s/keycask/keycask.sock", runtime);
	return put_path(ret_path, size, "%s/keycask-%u/keycask.sock",
			temporary ? temporary : "/tmp", (unsigned)geteuid());
}

enum kc_status paths_parent(const char *path, char *ret_path, size_t size)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return put_path(ret_path, size, ".");
	if (slash == path)
		return put_path(ret_path, size, "/");
	return put_path(ret_path, size, "%.*s", (int)(slash - path), path);
}

enum kc_status paths_beside_socket(const char *name, char *ret_path, size_t size)
{
	char socket[PATHS_MAX];
	char folder[PATHS_MAX];

	TRY(paths_socket(socket, sizeof(socket)));
	TRY(paths_parent(socket, folder, sizeof(folder)));
	return put_path(ret_path, size, "%s/%s", folder, name);
}

/* $@own/name, or $@xdg/keycask/name, or $HOME/@below_home/keycask/name. */
static enum kc_status put_personal(const char *own, const char *xdg, const char *below_home,
				   const char *name, char *ret_path, size_t size)
{
	const char *home = variable("HOME");

	if (variable(own))
		return put_path(ret_path, size, "%s/%s", variable(own), name);
	if (variable(xdg))
		return put_path(ret_path, size, "%s/keycask/%s", variable(xdg), name);
	REQUIRE(home, KC_ERR_NOT_AVAILABLE, "neither %s nor HOME is set", own);
	return put_path(ret_path, size, "%s/%s/keycask/%s", home, below_home, name);
}

enum kc_status paths_state(const char *name, char *ret_path, size_t size)
{
	return put_personal("KEYCASK_STATE_DIR", "XDG_STATE_HOME", ".local/state", name, ret_path,
			    size);
}

enum kc_status paths_config(const char *name, char *ret_path, size_t size)
{
	return put_personal("KEYCASK_CONFIG_DIR", "XDG_CONFIG_HOME", ".config", name, ret_path,
			    size);
}

enum kc_status paths_system_config(const char *name, char *ret_path, size_t size)
{
	const char *folder = variable("KEYCASK_SYSTEM_CONFIG_DIR");

	return put_path(ret_path, size, "%s/%s", folder ? folder : KEYCASK_SYSCONFDIR, name);
}

enum kc_status paths_drivers(char *ret_path, size_t size)
{
	const char *folder = variable("KEYCASK_DRIVER_DIR");

	return put_path(ret_path, size, "%s", folder ? folder : KEYCASK_DRIVERDIR);
}

enum kc_status paths_helper(const char *program, char *ret_path, size_t size)
{
	const char *folder = variable("KEYCASK_LIBEXEC_DIR");

	return put_path(ret_path, size, "%s/%s", folder ? folder : KEYCASK_LIBEXECDIR, program);
}

enum kc_status paths_check_private_folder(const char *path)
{
	struct stat info;

	REQUIRE(lstat(path, &info) == 0, KC_ERR_NOT_AVAILABLE, "%s: %s", path, strerror(errno));
	REQUIRE(S_ISDIR(info.st_mode), KC_ERR_NOT_AVAILABLE, "%s is not a folder", path);
	REQUIRE(info.st_uid == geteuid(), KC_ERR_NOT_AVAILABLE, "%s belongs to another user", path);
	REQUIRE((info.st_mode & 077) == 0, KC_ERR_NOT_AVAILABLE,
		"%s is open to others (mode %03o): it takes a folder of its own, mkdir -m 700",
		path, info.st_mode & 0777);
	return KC_OK;
}

enum kc_status paths_make_private_folder(const char *path)
{
	char parent[PATHS_MAX];
	struct stat info;

	if (mkdir(path, PRIVATE_MODE) == 0 || errno == EEXIST)
		return paths_check_private_folder(path);
	REQUIRE(errno == ENOENT, KC_ERR_NOT_AVAILABLE, "cannot make the folder %s: %s", path,
		strerror(errno));
	TRY(paths_parent(path, parent, sizeof(parent)));
	if (stat(parent, &info) != 0)
		TRY(paths_make_private_folder(parent));
	REQUIRE(mkdir(path, PRIVATE_MODE) == 0 || errno == EEXIST, KC_ERR_NOT_AVAILABLE,
		"cannot make the folder %s: %s", path, strerror(errno));
	return paths_check_private_folder(path);
}

enum kc_status paths_make_folder(const char *path)
{
	char parent[PATHS_MAX];
	struct stat info;

	if (stat(path, &info) != 0) {
		TRY(paths_parent(path, parent, sizeof(parent)));
		if (strcmp(parent, path) != 0)
			TRY(paths_make_folder(parent));
		REQUIRE(mkdir(path, PRIVATE_MODE) == 0 || errno == EEXIST, KC_ERR_NOT_AVAILABLE,
			"cannot make the folder %s: %s", path, strerror(errno));
		return KC_OK;
	}
	REQUIRE(S_ISDIR(info.st_mode), KC_ERR_NOT_AVAILABLE, "%s is not a folder", path);
	return KC_OK;
}
