/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_REFRESH_H
#define TOKENS_REFRESH_H

/*
 * A token has something new, or something less: it is read anew, before anybody else has a turn
 * with the card, and what it has now is published in the place of what it had. Goes on when nobody
 * waits for it any more.
 */

#include "base/cleanup.h"
#include "tokens/token_impl.h"

struct refresh;

/* @made is what was added ("object"), with its published "object_id", borrowed; NULL when nothing
 * was, or on failure. */
typedef void (*refresh_done_fn)(void *userdata, enum kc_status status, struct json_object *made);

/* What the driver says that it has done, borrowed; both NULL: it has failed, and may have lost what
 * was there. */
struct refresh_change {
	struct json_object *added;   /* an Object of org.keycask.Driver: the token must have it */
	struct json_object *deleted; /* kind and object_id of one: the token must not */
};

/* Within the turn in which the driver has done so: the next turn is ours. @on_done may be NULL, and
 * does not run when this fails. */
KC_MUST_CHECK enum kc_status refresh_start(struct token *token, const struct refresh_change *change,
					   refresh_done_fn on_done, void *userdata);
struct refresh *refresh_free(struct refresh *refresh);

/* If it is @userdata who waits, nobody does any more. */
void refresh_forget(struct refresh *refresh, const void *userdata);

#endif
