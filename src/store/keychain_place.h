/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_KEYCHAIN_PLACE_H
#define STORE_KEYCHAIN_PLACE_H

/*
 * Where the keychain's file is, before anything opens it: is the folder ours alone, is there a file
 * of ours that may be read, does its beginning say that it is a keychain, has another daemon got
 * it? Changes nothing but the lock.
 */

#include <stdbool.h>

#include <keycask/status.h>

enum keychain_content {
	KEYCHAIN_CONTENT_NONE,	  /* there is no file */
	KEYCHAIN_CONTENT_OURS,	  /* version says of which keycask */
	KEYCHAIN_CONTENT_DAMAGED, /* not even the beginning of a database */
};

struct keychain_place {
	enum keychain_content content;
	int version;
	bool is_read_only; /* the file, its folder or the file system allows no writing */
	bool has_log;	   /* a write-ahead log with something in it */
};

/*
 * Look at @path. Expected: KC_ERR_NOT_AVAILABLE  with the reason, and in the hint what to do
 */
KC_MUST_CHECK enum kc_status keychain_place_look(const char *path,
						 struct keychain_place *ret_place);

/*
 * Keep other daemons off @path until *ret_fd is closed: -1 where nothing can be written, by them
 * neither. Expected: KC_ERR_NOT_AVAILABLE  one has it; it is named
 */
KC_MUST_CHECK enum kc_status keychain_place_lock(const char *path, int *ret_fd);

/* @path with @suffix: its log, its lock, and what stands in for it for a while. */
KC_MUST_CHECK enum kc_status keychain_place_name(const char *path, const char *suffix,
						 char *ret_path, size_t size);

#endif
