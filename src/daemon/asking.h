/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_ASKING_H
#define DAEMON_ASKING_H

/* What the questions of every call have in common: where a person may be asked, and who asks. */

#include <keycask/status.h>

#include "prompts/prompt.h"
#include "wire/service.h"

/*
 * Where whoever made @call may be asked, from its field "interaction". Borrows from the call;
 * prompt_is_possible() says whether there is such a place.
 */
struct prompt_place asking_place(struct wire_call *call);

/* What such a prompt says of who asks and why. Borrows from the call. */
struct prompt_text asking_text(struct wire_call *call, enum prompt_kind kind);

/* "authentication_ui" of the call's interaction: may a person be asked at all?
 * Expected: KC_ERR_PARAM */
KC_MUST_CHECK enum kc_status asking_read_ui(struct wire_call *call, bool *ret_may_ask);

/*
 * A person may be asked, and there is a place for it; @needed says what for ("the backup's password
 * is needed"), "keycask @command" how to do without.
 * Expected: KC_ERR_INTERACTION_NOT_ALLOWED  where nobody can be asked is as where nobody may be
 */
KC_MUST_CHECK enum kc_status asking_require_person(struct wire_call *call, bool may_ask,
						   const char *needed, const char *command);

#endif
