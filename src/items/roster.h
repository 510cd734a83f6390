/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ITEMS_ROSTER_H
#define ITEMS_ROSTER_H

/*
 * All identities that a caller sees, one after the other, for whoever chooses among them. Unlike a
 * query (items/copy.c: one locked item fails it all), it tells of those that cannot be looked at.
 */

#include "items/engine.h"

enum roster_state {
	ROSTER_OPEN,
	ROSTER_LOCKED,	       /* certificate or key */
	ROSTER_CONSENT_NEEDED, /* somebody would have to be asked */
};

/* Owned; roster_entry_done(). Of one that is not open there are its reference and, if its
 * certificate is, label and subject. */
struct roster_entry {
	enum roster_state state;
	struct kc_bytes reference;
	char *label;   /* NULL: not known, as the next */
	char *subject; /* "CN=Jo, O=Example" */
	struct kc_bytes certificate;
	struct kc_bytes key_reference;
	struct engine_key key; /* as of ENGINE_USE_PUBLIC */
};

void roster_entry_done(struct roster_entry *entry);

/*
 * The next one behind @cursor (zeroed: the first). *ret_has_entry is false at the end, and also
 * when @rows_max certificates were looked at and none was of an identity: cursor->is_at_end tells
 * which.
 * Expected: KC_ERR_NOT_AVAILABLE  at the end: there was nothing, and the file says why
 *           KC_ERR_MISSING_ENTITLEMENT
 */
KC_MUST_CHECK enum kc_status roster_next(struct engine *engine, struct engine_request *request,
					 size_t rows_max, struct engine_cursor *cursor,
					 struct roster_entry *ret_entry, bool *ret_has_entry);

#endif
