/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_CARD_IMPL_H
#define TOKENS_CARD_IMPL_H

/* A card as card.c moves it along and card_holders.c looks at it. */

#include "tokens/card.h"
#include "tokens/helper.h"

enum card_phase {
	PHASE_STARTING,
	PHASE_FREE,
	PHASE_BEGINNING,
	PHASE_HELD,
	PHASE_ENDING,
	PHASE_TAKEN,
	PHASE_LOST,
};

enum {
	CARD_HOLDER_MAX = 128,
};

struct card {
	sd_event *event;
	struct registry_settings settings;
	struct card_hooks hooks;
	struct helper *helper;
	struct json_object *aids;
	char *atr;
	enum card_phase phase;
	struct list queue; /* card_task::link */
	struct card_task *active;
	uint64_t since_us;	     /* of the active task, or of being without one, since 1970 */
	struct card_task *begun_for; /* whose terms Begin had, while PHASE_BEGINNING */
	int64_t last_channel;	     /* attached */
	int64_t turn;		     /* channel that the slot process carries, in PHASE_HELD */
	const struct token *last_user;
	const struct token *selected; /* application selected since selected_in */
	uint64_t last_state_user;     /* card_terms.user whose state the card may still have; 0:
					 nobody's */
	uint64_t generation;
	unsigned protocol;
	int own_fd; /* our end of a card channel for those without a driver; -1: none */
	int64_t own_channel;
	uint64_t transaction;
	uint64_t turn_number;
	uint64_t selected_in;
	bool is_shared; /* other programs may wait for it */
	bool is_probed;
	int64_t max_input; /* bytes of a command and of a response; 0: not known yet */
	int64_t max_output;
	bool has_keypad;
	bool has_keypad_for_change;
	char holder[CARD_HOLDER_MAX]; /* in PHASE_TAKEN */
	bool is_sensitive;
	bool needs_reset;
	sd_event_source *lease;
	uint64_t held_since_us;
	sd_event_source *respite; /* card_respite_impl.h; NULL: none now */
	void (*go_on)(struct card *card);
	sd_event_source *loss; /* to be told of */
};

#endif
