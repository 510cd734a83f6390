/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_IMPORT_SET_IMPL_H
#define DAEMON_IMPORT_SET_IMPL_H

/* What is read of a file (import_set.c) and the items that it becomes (import_set_entries.c). */

#include "daemon/import_keys.h"
#include "daemon/import_set.h"
#include "daemon/item_content.h"

enum {
	IMPORT_PARTS_MAX = 2, /* of an identity */
};

/* One item to be. */
struct import_entry {
	struct engine_part parts[IMPORT_PARTS_MAX]; /* borrowed from certificates and keys */
	size_t n_parts;
	const char *class_name;
	struct json_object *dictionary; /* owned */
};

/* A key and what it says of itself. */
struct found_key {
	struct private_key key;
	struct json_object *attributes; /* owned */
	const char *name;		/* in the file; NULL */
	bool is_used;			/* by an identity */
};

struct import_set {
	struct daemon *daemon;
	struct json_object *contents; /* owned */
	struct json_object *attributes;
	import_set_fn on_read;
	void *userdata;
	struct import_keys *reading;
	struct found_key *keys;
	size_t n_keys;
	size_t n_private_keys; /* the first of them */
	struct item_content **certificates;
	size_t n_certificates;
	size_t at; /* of those in the file: the next one */
	struct import_entry *entries;
	struct engine_addition *additions; /* one for each */
	size_t n_entries;
};

/* All of it has been read: what belongs together becomes one addition. */
KC_MUST_CHECK enum kc_status import_set_entries_make(struct import_set *set);

#endif
