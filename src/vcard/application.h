/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCARD_APPLICATION_H
#define VCARD_APPLICATION_H

/*
 * An application of the card: how SELECT finds it and what it can do. One at a time is selected;
 * selecting another one forgets what was proved to the first, as cards of several applications do.
 */

#include "codec/apdu.h"

struct card;
struct card_state;

/* Carries out one command: appends answer data, returns the status word. */
typedef uint16_t (*application_handler_fn)(struct card *card, const struct apdu_command *command,
					   struct bytes *answer);

struct application {
	const char *name; /* as people call it */
	bool (*is_on)(const struct card_state *state);
	/* The name in SELECT, which may be cut short, is this application's. */
	bool (*is_called)(const struct card_state *state, struct kc_view name);
	uint16_t (*select)(struct card *card, struct bytes *answer);
	/* NULL: 6D00. */
	application_handler_fn (*find)(const struct card *card, uint8_t ins);
};

extern const struct application piv_application;
extern const struct application openpgp_application;

#endif
