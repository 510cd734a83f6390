/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Probing a card that has been probed before. */
#include "tokens/offer.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/try.h"
#include "tokens/progress.h"
#include "tokens/token_list.h"

struct offer {
	struct card_task task;
	struct slot *slot;
	struct json_object *aids; /* not asked for before */
};

struct offer *offer_free(struct offer *offer)
{
	if (!offer)
		return NULL;
	progress_note(offer->slot->registry);
	card_cancel(offer->slot->card, &offer->task);
	field_free(&offer->aids);
	free(offer);
	return NULL;
}

static void append_all(struct json_object *array, struct json_object *aids)
{
	for (size_t i = 0; i < json_object_array_length(aids); i++)
		ignore(field_append_text(array, json_object_get_string(json_object_array_get_idx(
							aids, i))) != KC_OK);
}

static void end_offer(struct slot *slot)
{
	slot->offer = offer_free(slot->offer);
	token_list_start(slot->registry, slot->card, slot->name, slot->answered, NULL);
	offer_card(slot); /* to what came meanwhile */
}

/* A slot process whose card is gone or mute is heard of by its end, which takes the offer along;
 * after another failure the card has others to serve. */
static void fail_offer(struct offer *offer, enum kc_status status)
{
	struct slot *slot = offer->slot;
	bool will_end = status == KC_ERR_NOT_AVAILABLE || status == KC_ERR_TOKEN_NOT_FOUND ||
			status == KC_ERR_COMMUNICATION;

	log_warning("slot %s: Probe: %s", slot->name, error_get()->message);
	if (!will_end)
		slot->offer = offer_free(offer);
}

static void on_probed(void *userdata, enum kc_status status, struct json_object *parameters)
{
	struct offer *offer = userdata;
	struct slot *slot = offer->slot;

	if (status != KC_OK) {
		fail_offer(offer, status);
		return;
	}
	append_all(slot->asked, offer->aids);
	append_all(slot->answered, field_get(parameters, "answered"));
	familiar_note(&slot->registry->familiar, slot->atr, slot->answered);
	end_offer(slot);
}

static void run(struct card_task *task)
{
	struct offer *offer = list_entry(task, struct offer, task);
	struct slot *slot = offer->slot;

	error_clear();
	if (card_probe(slot->card, offer->aids, on_probed, offer) == KC_OK)
		return;
	log_warning("slot %s: Probe: %s", slot->name, error_get()->message);
	slot->offer = offer_free(slot->offer);
}

/* The card is lost, and drop_card() will free this; or another program keeps it, which can_wait
 * sees to. */
static void abort_task(struct card_task *task, enum kc_status status)
{
	(void)task;
	(void)status;
}

/* The AIDs of all drivers but those that this card has been asked for. */
static enum kc_status find_new_aids(const struct slot *slot, struct json_object **ret_aids)
{
	CLEANUP(field_free) struct json_object *all = NULL;
	CLEANUP(field_free) struct json_object *aids = json_object_new_array();

	REQUIRE(aids, KC_ERR_ALLOCATE, "out of memory");
	TRY(token_list_aids(slot->registry, &all));
	for (size_t i = 0; i < json_object_array_length(all); i++) {
		struct json_object *aid = json_object_array_get_idx(all, i);

		if (!field_contains(slot->asked, aid))
			TRY(field_append(aids, json_object_get(aid)));
	}
	*ret_aids = take(aids);
	return KC_OK;
}

static enum kc_status ask_card(struct slot *slot)
{
	CLEANUP(field_free) struct json_object *aids = NULL;

	TRY(find_new_aids(slot, &aids));
	if (json_object_array_length(aids) == 0) {
		token_list_start(slot->registry, slot->card, slot->name, slot->answered, NULL);
		return KC_OK;
	}
	slot->offer = calloc(1, sizeof(*slot->offer));
	REQUIRE(slot->offer, KC_ERR_ALLOCATE, "out of memory");
	*slot->offer = (struct offer){.slot = slot, .aids = take(aids)};
	slot->offer->task = (struct card_task){.can_wait = true, .run = run, .abort = abort_task};
	list_init(&slot->offer->task.link);
	card_submit(slot->card, &slot->offer->task);
	return KC_OK;
}

void offer_card(struct slot *slot)
{
	/* Not probed yet: the drivers of that moment will be asked. Being offered: when that ends.
	 */
	if (!slot->card || !slot->answered || slot->offer)
		return;
	error_clear();
	if (ask_card(slot) != KC_OK)
		log_error("slot %s: %s", slot->name, error_get()->message);
}
