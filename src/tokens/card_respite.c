/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pcscd has no queue: a program that finds the card taken sleeps a tenth of a second and tries
 * again (PCSCLITE_LOCK_POLL_RATE), so whoever takes it again at once would have it for ever.
 */
#include "tokens/card_respite_impl.h"

#include "base/try.h"

enum {
	HOLD_MAX_US = 5 * 1000 * 1000,
	RESPITE_US = 150 * 1000,
};

static uint64_t now_us(const struct card *card)
{
	uint64_t now = 0;

	ignore(sd_event_now(card->event, CLOCK_MONOTONIC, &now));
	return now;
}

void card_respite_note_begin(struct card *card)
{
	card->held_since_us = now_us(card);
}

bool card_respite_is_due(const struct card *card)
{
	return card->is_shared && !list_is_empty(&card->queue) &&
	       now_us(card) - card->held_since_us > HOLD_MAX_US;
}

static int on_over(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct card *card = userdata;

	(void)source;
	(void)usec;
	card->respite = sd_event_source_disable_unref(card->respite);
	card->go_on(card);
	return 0;
}

void card_respite_begin(struct card *card)
{
	if (!card->respite)
		ignore(sd_event_add_time_relative(card->event, &card->respite, CLOCK_MONOTONIC,
						  RESPITE_US, 0, on_over, card) >= 0);
}
