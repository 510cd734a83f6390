/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_FAMILIAR_H
#define TOKENS_FAMILIAR_H

/*
 * Which applications cards with an ATR had when one was here last: those are asked for first, so
 * that a card that comes back is there after as many APDUs as it has applications, however many
 * drivers are installed. A guess, and never more: the others are asked for a moment later.
 */

#include <json.h>

#include "base/cleanup.h"

enum {
	FAMILIAR_MAX = 16, /* ATRs; then the one that was noted first is forgotten */
};

struct familiar {
	struct {
		char *atr;
		struct json_object *aids;
	} cards[FAMILIAR_MAX];
	unsigned next;
};

void familiar_done(struct familiar *familiar);

/* A card with @atr answered to @aids. */
void familiar_note(struct familiar *familiar, const char *atr, struct json_object *aids);

/* Those AIDs as far as they are among @wanted, to be freed; NULL when there are none, or when they
 * are all of @wanted. */
struct json_object *familiar_find(const struct familiar *familiar, const char *atr,
				  struct json_object *wanted);

#endif
