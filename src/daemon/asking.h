/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_ASKING_H
#define DAEMON_ASKING_H

/* What the questions of every call have in common: where a person may be asked, and who asks. */

#include "prompts/prompt.h"
#include "wire/service.h"

/*
 * Where whoever made @call may be asked, from its field "interaction". Borrows from the call;
 * prompt_is_possible() says whether there is such a place.
 */
struct prompt_place asking_place(struct wire_call *call);

/* What such a prompt says of who asks and why. Borrows from the call. */
struct prompt_text asking_text(struct wire_call *call, enum prompt_kind kind);

#endif
