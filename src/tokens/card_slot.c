/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The slot process of a card: started, asked, and what its end means to everybody in the queue. Its
 * exit status tells why it ended.
 */
#include "tokens/card_slot_impl.h"

#include <stdio.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/try.h"
#include "wire/protocol.h"

enum {
	SLOT_GONE = 3, /* exit statuses of keycask-slot, slothost/serve.h */
	SLOT_MUTE = 4,
	SLOT_WAITING = 6,
};

/* All tasks are told why, the one that has its turn first. Whoever answers clears the record. */
static void abort_tasks(struct card *card, enum kc_status status)
{
	const struct error_record cause = *error_get();
	struct card_task *active = card->active;

	card->active = NULL;
	if (active)
		active->abort(active, status);
	while (!list_is_empty(&card->queue)) {
		struct card_task *task = list_entry(card->queue.next, struct card_task, link);

		list_remove(&task->link);
		error_adopt(&cause);
		task->abort(task, status);
	}
}

static enum card_end end_of(int wait_status)
{
	switch (WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1) {
	case SLOT_GONE:
		return CARD_GONE;
	case SLOT_MUTE:
		return CARD_MUTE;
	case SLOT_WAITING:
		return CARD_KEPT;
	default:
		return CARD_BROKEN;
	}
}

static enum kc_status fail_as(enum card_end end)
{
	switch (end) {
	case CARD_MUTE:
		return fail(KC_ERR_TOKEN_NOT_FOUND, "the card stopped answering");
	case CARD_KEPT:
		return fail(KC_ERR_NOT_AVAILABLE, "another program does not give the card back");
	case CARD_GONE:
	case CARD_BROKEN:
	default:
		return fail(KC_ERR_TOKEN_NOT_FOUND, "the card was removed");
	}
}

static void lose(struct card *card, int wait_status)
{
	enum card_end end = end_of(wait_status);

	card->phase = PHASE_LOST;
	error_clear();
	abort_tasks(card, fail_as(end));
	card->hooks.on_lost(card->hooks.userdata, end);
}

static void on_ended(void *userdata, int wait_status)
{
	lose(userdata, wait_status);
}

static int on_loss(sd_event_source *source, void *userdata)
{
	(void)source;
	lose(userdata, W_EXITCODE(SLOT_MUTE, 0));
	return 0;
}

/*
 * A slot process that fails at what it must be able to do is over. Its end is told from the loop:
 * whoever has just called us may be on its way out itself, and tokens and this card would be freed
 * under its feet.
 */
void card_slot_give_up(struct card *card, const char *what)
{
	log_warning("slot: %s: %s", what, error_get()->message);
	card->helper = helper_free(card->helper);
	card->phase = PHASE_LOST;
	if (!card->loss && sd_event_add_defer(card->event, &card->loss, on_loss, card) < 0)
		log_error("slot: its loss cannot be told");
}

bool card_slot_may_go_on(struct card *card, enum kc_status status, const char *what)
{
	bool will_end = status == KC_ERR_NOT_AVAILABLE || status == KC_ERR_TOKEN_NOT_FOUND ||
			status == KC_ERR_COMMUNICATION;

	if (status == KC_OK)
		return true;
	if (!will_end)
		card_slot_give_up(card, what);
	return false;
}

enum kc_status card_slot_call(struct card *card, const char *method, struct json_object *parameters,
			      wire_reply_fn on_reply)
{
	return helper_call(card->helper, method, parameters, -1, card->settings.card_deadline_ms,
			   on_reply, card);
}

enum kc_status card_slot_begin(struct card *card, int64_t channel, wire_reply_fn on_reply)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	TRY(field_new_object(&parameters));
	TRY(field_put_number(parameters, "channel", channel));
	card->turn = channel;
	return card_slot_call(card, "org.keycask.Slot.Begin", take(parameters), on_reply);
}

enum kc_status card_slot_start(struct card *card, const struct card_place *place)
{
	char deadline[16];
	char generation[16];
	char keypad[16];
	const char *embedded[] = {"keycask-slot", "embedded", deadline, generation, keypad, NULL};
	const char *pcsc[] = {"keycask-slot", "pcsc", place->reader, deadline,
			      generation,     keypad, NULL};
	struct helper_options options = {.program = "keycask-slot",
					 .arguments = place->reader ? pcsc : embedded,
					 .descriptor = place->fd,
					 .definition = protocol_org_keycask_Slot,
					 .on_ended = on_ended,
					 .userdata = card};

	/* Shorter than the operation's, so that a mute card is not blamed on the driver. */
	(void)snprintf(deadline, sizeof(deadline), "%u", card->settings.card_deadline_ms * 2 / 3);
	(void)snprintf(generation, sizeof(generation), "%u",
		       card->settings.generation_deadline_ms * 2 / 3);
	(void)snprintf(keypad, sizeof(keypad), "%u", card->settings.keypad_deadline_s);
	return helper_new(card->event, &options, &card->helper);
}
