/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_EXPORT_SET_H
#define DAEMON_EXPORT_SET_H

/*
 * Items on their way into a file: what the references name, with their private keys if these may be
 * had, and the certificates of their chains.
 */

#include "daemon/daemon.h"
#include "keys/key_file.h"

struct export_set;

struct export_set *export_set_new(void);
struct export_set *export_set_free(struct export_set *set);
DEFINE_FREEP(export_set)

/*
 * Collect them anew, all that @references (an array of base64 text) name; @with_chain adds the
 * certificates that have issued theirs. Expected:
 *   KC_ERR_PARAM, KC_ERR_ITEM_NOT_FOUND  a reference is none, or of a password; it names nothing
 *   KC_ERR_UNIMPLEMENTED                 a private key that may not leave, saying which and why
 *   and as engine_copy_matching()
 */
KC_MUST_CHECK enum kc_status export_set_collect(struct export_set *set, struct engine *engine,
						struct engine_request *request,
						struct json_object *references, bool with_chain);

/* Borrowed. */
const struct key_file_entry *export_set_entries(const struct export_set *set, size_t *ret_n);

#endif
