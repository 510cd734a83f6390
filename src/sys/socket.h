/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SYS_SOCKET_H
#define SYS_SOCKET_H

/* UNIX sockets, the lock that makes a daemon the only one at its socket, and descriptor care. */

#include <stdbool.h>

#include <keycask/status.h>

/* Close @fd and make it -1; fine when it is -1. CLEANUP(socket_close) int fd = -1; */
void socket_close(int *fd);

/*
 * Take the lock file @path for the life of the descriptor.
 * Expected: KC_ERR_DUPLICATE_ITEM  another process holds it
 */
KC_MUST_CHECK enum kc_status socket_lock(const char *path, int *ret_fd);

/* Could one listen at @path? Before folders are made for it. */
KC_MUST_CHECK enum kc_status socket_check_path(const char *path);

/* Listen at @path, mode 0600, replacing a stale socket: call it under socket_lock(). Stream,
 * non-blocking, close-on-exec. */
KC_MUST_CHECK enum kc_status socket_listen(const char *path, int *ret_fd);

/* A connected pair, close-on-exec; @type is SOCK_STREAM or SOCK_SEQPACKET. */
KC_MUST_CHECK enum kc_status socket_make_pair(int type, int *ret_ours, int *ret_theirs);

KC_MUST_CHECK enum kc_status socket_set_nonblocking(int fd, bool nonblocking);

#endif
