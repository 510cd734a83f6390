/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_IMPORT_SET_H
#define DAEMON_IMPORT_SET_H

/*
 * What a file holds, on its way to becoming items: certificates are inspected and keys read, and it
 * is found out which belong together. Keys take a thread: a file may have many.
 */

#include "daemon/daemon.h"

struct import_set;

typedef void (*import_set_fn)(void *userdata, enum kc_status status);

/*
 * Read @contents, the reply of org.keycask.X509.OpenContainer; @attributes (NULL: none) is borrowed
 * as long as the set lives. on_read runs once, later. Expected, to on_read: KC_ERR_DECODE,
 * KC_ERR_KEY_SIZE_NOT_ALLOWED  saying what is wrong with which
 */
KC_MUST_CHECK enum kc_status import_set_read(struct daemon *daemon, struct json_object *contents,
					     struct json_object *attributes, import_set_fn on_read,
					     void *userdata, struct import_set **ret_set);
struct import_set *import_set_free(struct import_set *set);
DEFINE_FREEP(import_set)

/* Add all of it, or nothing; may be repeated. Expected: as engine_add(), but no duplicates */
KC_MUST_CHECK enum kc_status import_set_add(struct import_set *set, struct engine *engine,
					    struct engine_request *request);

/* After that. */
size_t import_set_count_new(const struct import_set *set);
/* *ret_items is the reply of org.keycask.Items.Import. */
KC_MUST_CHECK enum kc_status import_set_tell(const struct import_set *set,
					     struct json_object **ret_items);

#endif
