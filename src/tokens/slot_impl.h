/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_SLOT_IMPL_H
#define TOKENS_SLOT_IMPL_H

/*
 * A slot as its provider sees it: a provider embeds struct slot at the front of its own, says when
 * a card goes in and out, and hears when the slot process has lost it.
 */

#include <stdbool.h>

#include "tokens/card.h"
#include "tokens/registry_impl.h"
#include "tokens/slot.h"

enum {
	SLOT_NAME_MAX = 160, /* pcsc-lite's reader names have 127 */
	SLOT_REASON_MAX = 256,
};

enum slot_state {
	SLOT_EMPTY,
	SLOT_PROBING,
	SLOT_MUTE,
	SLOT_VALID,
	SLOT_MISSING,
};

struct offer;

struct slot_provider {
	const char *name;
	/* The card is gone, says its slot process: true when the provider has taken it out, false
	 * when it knows better and the slot process shall be started again. */
	bool (*on_gone)(struct slot *slot);
	/* The last thing: free what the provider has of it, and the slot. */
	void (*release)(struct slot *slot);
};

struct slot {
	struct list link; /* registry::slots */
	struct registry *registry;
	const struct slot_provider *provider;
	char name[SLOT_NAME_MAX];
	enum slot_state state;
	char *atr;
	char reason[SLOT_REASON_MAX]; /* why the card cannot be used now, or empty */
	struct card_place place;
	struct card *card;
	int64_t insertion;	      /* of the card that is in: another number is another card */
	struct json_object *asked;    /* AIDs, NULL until the card has been probed */
	struct json_object *answered; /* those of them that it has */
	bool is_guess;		      /* it was asked for what cards with its ATR had */
	struct offer *offer;	      /* while it is asked for more */
	sd_event_source *others;      /* until it is asked for what cards like it had not */
	unsigned n_restarts;
	uint64_t started_us;   /* when the slot process was started last */
	bool was_told_reading; /* when it was told of last: progress.h */
	bool is_kept;	       /* by another program's transaction, when last tried */
	sd_event_source *restart;
};

/* An empty slot, not told of yet. */
void slot_init(struct slot *slot, struct registry *registry, const struct slot_provider *provider,
	       const char *name);
/* Loses its card without telling anyone; @slot is freed. */
void slot_free(struct slot *slot);

/* A card is in @slot, at @place: whatever is on it will announce itself. */
void slot_insert(struct slot *slot, const struct card_place *place);
/* No card is in it any more, and @state is its state: empty, missing or mute. */
void slot_remove(struct slot *slot, enum slot_state state);
/* Tell of it as it is. */
void slot_tell(struct slot *slot);
void slot_set_state(struct slot *slot, enum slot_state state);

#endif
