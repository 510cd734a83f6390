/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DRIVERKIT_CARD_H
#define DRIVERKIT_CARD_H

/*
 * The card of a token: whole commands in, whole answers out. How one APDU gets there is the
 * exchange function's business: channel.h for the inherited descriptor, a script in tests.
 */

#include <stdbool.h>

#include <keycask/driver.h>

#include "base/bytes.h"
#include "codec/dialogue.h"
#include "codec/part10.h"

/*
 * Send one command APDU, append its answer to the empty @response.
 * Expected: KC_ERR_TOKEN_NOT_FOUND, KC_ERR_COMMUNICATION
 */
typedef enum kc_status (*card_exchange_fn)(void *context, struct kc_view command,
					   struct bytes *response);

struct kc_card {
	card_exchange_fn exchange;
	void *context;
	uint32_t extended_max; /* bytes of command data in the extended form, 0: chain */
	uint32_t input_max;    /* bytes of a whole command that the slot carries */
	bool announces_extended;
	bool is_gone;	      /* the card has left: nothing is sent any more */
	unsigned n_exchanges; /* since the process started, for the log */
	unsigned n_in_call;   /* since card_begin_call() */

	/* Kept by card_keypad.c alone. */
	bool has_asked_reader;
	struct part10_features features;
	struct part10_properties properties;
};

/* What the daemon tells of a card. */
struct card_facts {
	struct kc_view atr; /* empty: not known */
	uint32_t input_max;
};
void card_set_facts(struct kc_card *card, const struct card_facts *facts);

/* All that the card may make us keep or do for one command. */
enum {
	CARD_ANSWER_MAX = DIALOGUE_ANSWER_MAX,
	CARD_GET_RESPONSE_MAX = DIALOGUE_GET_RESPONSE_MAX,
};

enum {
	CARD_CALL_EXCHANGES_MAX = 1000, /* and for one operation, however many commands it takes */
};

/* An operation begins: it has its own number of APDUs. */
void card_begin_call(struct kc_card *card);

/* Send one APDU as it is, append its answer to the empty @response. */
KC_MUST_CHECK enum kc_status card_exchange(struct kc_card *card, struct kc_view command,
					   struct bytes *response);

#endif
