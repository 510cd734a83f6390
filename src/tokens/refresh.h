/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_REFRESH_H
#define TOKENS_REFRESH_H

/*
 * A token has a new key, or one less: it is read anew, before anybody else has a turn with the
 * card, and what it has now is published in the place of what it had. Goes on when nobody waits for
 * it any more.
 */

#include "base/cleanup.h"
#include "tokens/token_impl.h"

struct refresh;

/* @made is the reply to Generate with a published "object_id", borrowed; NULL on failure. */
typedef void (*refresh_done_fn)(void *userdata, enum kc_status status, struct json_object *made);

/* Within the turn in which the driver has made @object, its description, or has failed to and may
 * have lost what was there (NULL): the next turn is ours. @on_done may be NULL, and does not run
 * when this fails. */
KC_MUST_CHECK enum kc_status refresh_start(struct token *token, struct json_object *object,
					   refresh_done_fn on_done, void *userdata);
struct refresh *refresh_free(struct refresh *refresh);

/* If it is @userdata who waits, nobody does any more. */
void refresh_forget(struct refresh *refresh, const void *userdata);

#endif
