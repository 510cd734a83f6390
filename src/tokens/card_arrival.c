/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A card comes into use: Connect → Begin → Probe → its first transaction. Another program may have
 * it for itself, then or later: TAKEN, until the slot process says that it is free.
 */
#include "tokens/card_arrival_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/try.h"
#include "sys/users.h"
#include "tokens/card_respite_impl.h"
#include "tokens/card_slot_impl.h"

#define PCSC_LIBRARY "/libpcsclite" /* of the file that each of pcscd's clients has mapped */

/* --- when another program has it for itself -------------------------------------------------- */

enum kc_status card_arrival_fail_taken(const char *holder)
{
	error_set_hint("let %s finish, and repeat", *holder ? holder : "the other program");
	return fail(KC_ERR_NOT_AVAILABLE, "%s has the card for itself",
		    *holder ? holder : "another program");
}

static void abort_impatient(struct card *card, const char *holder)
{
	list_for_each_safe (link, &card->queue) {
		struct card_task *task = list_entry(link, struct card_task, link);

		if (task->can_wait)
			continue;
		list_remove(&task->link);
		error_clear();
		task->abort(task, card_arrival_fail_taken(holder));
	}
}

static void connect_card(struct card *card);

static void on_free(void *userdata, enum kc_status status, struct json_object *parameters)
{
	struct card *card = userdata;

	(void)parameters;
	if (!card_slot_may_go_on(card, status, "Wait"))
		return;
	card->hooks.on_free(card->hooks.userdata);
	if (!card->is_probed) {
		connect_card(card);
		return;
	}
	card->phase = PHASE_FREE;
	card->go_on(card);
}

void card_arrival_be_taken(struct card *card)
{
	enum kc_status status = KC_OK;

	card->phase = PHASE_TAKEN;
	users_of_library(PCSC_LIBRARY, card->holder, sizeof(card->holder));
	status = helper_call(card->helper, "org.keycask.Slot.Wait", NULL, -1, WIRE_NO_DEADLINE,
			     on_free, card);
	card->hooks.on_held(card->hooks.userdata, card->holder);
	abort_impatient(card, card->holder);
	if (status != KC_OK)
		card_slot_give_up(card, "Wait");
}

/* --- coming into use ------------------------------------------------------------------------- */

static void on_probed(void *userdata, enum kc_status status, struct json_object *parameters)
{
	struct card *card = userdata;

	if (!card_slot_may_go_on(card, status, "Probe"))
		return;
	/* Tasks that come in meanwhile wait until it is known what is selected. */
	card->is_probed = true;
	card->transaction = 1;
	card_respite_note_begin(card);
	card->hooks.on_probed(card->hooks.userdata, field_get(parameters, "answered"),
			      field_text(parameters, "selected"));
	card->phase = PHASE_HELD;
	card->go_on(card);
}

static void on_begun_for_probe(void *userdata, enum kc_status status,
			       struct json_object *parameters)
{
	struct card *card = userdata;

	if (!card_slot_may_go_on(card, status, "Begin"))
		return;
	if (field_flag(parameters, "is_held", false))
		card_arrival_be_taken(card);
	else if (card_probe(card, card->aids, on_probed, card) != KC_OK)
		card_slot_give_up(card, "Probe");
}

static void keep_atr(struct card *card, const char *atr)
{
	free(card->atr);
	card->atr = atr ? strdup(atr) : NULL;
}

static void on_connected(void *userdata, enum kc_status status, struct json_object *parameters)
{
	struct card *card = userdata;

	if (!card_slot_may_go_on(card, status, "Connect"))
		return;
	if (field_flag(parameters, "is_held", false)) {
		card_arrival_be_taken(card);
		return;
	}
	card->protocol = (unsigned)field_number(parameters, "protocol", 0);
	card->max_input = field_number(parameters, "max_input", 0);
	card->max_output = field_number(parameters, "max_output", 0);
	card->has_keypad = field_flag(parameters, "has_keypad", false);
	card->has_keypad_for_change = field_flag(parameters, "has_keypad_for_change", false);
	keep_atr(card, field_text(parameters, "atr"));
	card->hooks.on_powered(card->hooks.userdata, card->atr);
	if (card_slot_begin(card, CARD_SLOT_NOBODY, on_begun_for_probe) != KC_OK)
		card_slot_give_up(card, "Begin");
}

static void connect_card(struct card *card)
{
	card->phase = PHASE_STARTING;
	if (card_slot_call(card, "org.keycask.Slot.Connect", NULL, on_connected) != KC_OK)
		card_slot_give_up(card, "Connect");
}

enum kc_status card_arrival_begin(struct card *card, const struct card_place *place)
{
	TRY(card_slot_start(card, place));
	return card_slot_call(card, "org.keycask.Slot.Connect", NULL, on_connected);
}
