/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SYS_PATHS_H
#define SYS_PATHS_H

/*
 * Where things are. Environment wins over defaults (KEYCASK_SOCKET, KEYCASK_STATE_DIR,
 * KEYCASK_CONFIG_DIR, KEYCASK_SYSTEM_CONFIG_DIR, KEYCASK_DRIVER_DIR, KEYCASK_LIBEXEC_DIR), except
 * in a process that runs with more rights than its caller (AT_SECURE). Results are absolute unless
 * the environment's are not. All functions: Expected: KC_ERR_PARAM  the path is too long.
 */

#include <stddef.h>

#include <keycask/status.h>

enum {
	PATHS_MAX = 1024,	/* ours are short; longer ones are refused by name */
	PATHS_SOCKET_MAX = 108, /* sockaddr_un.sun_path */
};

/* The client socket: $XDG_RUNTIME_DIR/keycask/keycask.sock, or below keycask-UID in /tmp. */
KC_MUST_CHECK enum kc_status paths_socket(char *ret_path, size_t size);
/* A file beside the client socket, such as "slot.sock". */
KC_MUST_CHECK enum kc_status paths_beside_socket(const char *name, char *ret_path, size_t size);
/* The folder of @path. */
KC_MUST_CHECK enum kc_status paths_parent(const char *path, char *ret_path, size_t size);

KC_MUST_CHECK enum kc_status paths_state(const char *name, char *ret_path, size_t size);
KC_MUST_CHECK enum kc_status paths_config(const char *name, char *ret_path, size_t size);
/* The administrator's settings, /etc/keycask. */
KC_MUST_CHECK enum kc_status paths_system_config(const char *name, char *ret_path, size_t size);
/* The folder of driver manifests. */
KC_MUST_CHECK enum kc_status paths_drivers(char *ret_path, size_t size);
/* One of our own programs: keycaskd, keycask-slot, keycask-driver-piv, … */
KC_MUST_CHECK enum kc_status paths_helper(const char *program, char *ret_path, size_t size);

/*
 * Make the folder @path and what is missing above it, mode 0700, and check that it is a real
 * folder (no symbolic link) that is ours alone. Expected: KC_ERR_NOT_AVAILABLE, with the reason.
 */
KC_MUST_CHECK enum kc_status paths_make_private_folder(const char *path);

/* Is the folder @path such a one? Makes nothing. */
KC_MUST_CHECK enum kc_status paths_check_private_folder(const char *path);

/* Make the folder @path and what is missing above it, mode 0700; one that is there may be open to
 * others. Expected: KC_ERR_NOT_AVAILABLE, with the reason. */
KC_MUST_CHECK enum kc_status paths_make_folder(const char *path);

#endif
