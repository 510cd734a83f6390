/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The card's queue in words. */
#include "tokens/card_holders.h"

#include <stdio.h>
#include <time.h>

#include "base/try.h"
#include "tokens/card_impl.h"

enum {
	USEC_PER_SEC = 1000 * 1000,
	TIME_BYTES = 32,
	WHO_BYTES = 192,
};

#define US "keycaskd" /* drivers and the daemon itself */

static enum kc_status put_time(struct json_object *holder, uint64_t since_us)
{
	time_t seconds = (time_t)(since_us / USEC_PER_SEC);
	char text[TIME_BYTES];
	struct tm utc;

	REQUIRE(gmtime_r(&seconds, &utc) &&
			strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc) > 0,
		KC_ERR_INTERNAL, "no time");
	return field_put_text(holder, "since", text);
}

static void describe(const struct card_task *task, char *ret_what, size_t size)
{
	if (task->who)
		(void)snprintf(ret_what, size, "card session");
	else if (task->token)
		(void)snprintf(ret_what, size, "operation of %s", token_id(task->token));
	else
		(void)snprintf(ret_what, size, "looking what is on the card");
}

static enum kc_status append(struct json_object *holders, const char *who, const char *what,
			     struct json_object **ret_holder)
{
	CLEANUP(field_free) struct json_object *holder = NULL;

	TRY(field_new_object(&holder));
	TRY(field_put_text(holder, "who", who));
	TRY(field_put_text(holder, "what", what));
	*ret_holder = holder;
	return field_append(holders, take(holder));
}

static enum kc_status append_task(const struct card *card, const struct card_task *task,
				  struct json_object *holders)
{
	struct json_object *holder = NULL;
	char what[WHO_BYTES];

	describe(task, what, sizeof(what));
	TRY(append(holders, task->who ? task->who : US, what, &holder));
	TRY(field_put_flag(holder, "is_waiting", task != card->active));
	if (task->pid > 0)
		TRY(field_put_number(holder, "pid", task->pid));
	return task == card->active ? put_time(holder, card->since_us) : KC_OK;
}

/* Nobody of ours uses it, and yet others may not. */
static enum kc_status append_idle(const struct card *card, struct json_object *holders)
{
	struct json_object *holder = NULL;

	if (card->phase == PHASE_TAKEN) {
		TRY(append(holders, card->holder[0] ? card->holder : "another program",
			   "has the card for itself", &holder));
		return field_put_flag(holder, "is_waiting", false);
	}
	if (card->phase != PHASE_HELD || !list_is_empty(&card->queue))
		return KC_OK;
	TRY(append(holders, US, "keeps the card for a moment", &holder));
	TRY(field_put_flag(holder, "is_waiting", false));
	return put_time(holder, card->since_us);
}

enum kc_status card_holders_list(const struct card *card, struct json_object **ret_holders)
{
	CLEANUP(field_free) struct json_object *holders = json_object_new_array();

	REQUIRE(holders, KC_ERR_ALLOCATE, "out of memory");
	if (card && card->active)
		TRY(append_task(card, card->active, holders));
	else if (card)
		TRY(append_idle(card, holders));
	if (card)
		list_for_each (link, &card->queue)
			TRY(append_task(card, list_entry(link, struct card_task, link), holders));
	*ret_holders = take(holders);
	return KC_OK;
}

void card_holders_name(const struct card *card, char *ret_text, size_t size)
{
	char what[WHO_BYTES];

	ret_text[0] = '\0';
	if (!card->active)
		return;
	describe(card->active, what, sizeof(what));
	if (card->active->pid > 0)
		(void)snprintf(ret_text, size, "%s (process %ld, %s)", card->active->who,
			       card->active->pid, what);
	else
		(void)snprintf(ret_text, size, US " (%s)", what);
}
