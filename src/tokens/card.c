/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The card's queue and its transactions; card_arrival.c brings it here. Phases: STARTING → FREE ⇄
 * BEGINNING → HELD → ENDING → FREE; from STARTING and BEGINNING to TAKEN and back while another
 * program has the card for itself; LOST from anywhere, for good.
 */
#include "tokens/card.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "base/try.h"
#include "sys/socket.h"
#include "tokens/card_arrival_impl.h"
#include "tokens/card_respite_impl.h"
#include "tokens/card_slot_impl.h"

enum {
	USEC_PER_MSEC = 1000,
	CLEAN_LEASE_MS = 100, /* while others wait and nobody has authenticated */
};

static void pump(struct card *card);

struct card *card_free(struct card *card)
{
	if (!card)
		return NULL;
	socket_close(&card->own_fd);
	card->helper = helper_free(card->helper);
	field_free(&card->aids);
	free(card->atr);
	sd_event_source_disable_unref(card->lease);
	sd_event_source_disable_unref(card->respite);
	sd_event_source_disable_unref(card->loss);
	free(card);
	return NULL;
}

/* For somebody with terms: what another has proved to the card is not for them. */
static enum kc_status call_begin_on_terms(struct card *card, const struct card_terms *terms,
					  wire_reply_fn on_reply)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	bool reset = terms->reset || card->is_sensitive;

	TRY(field_new_object(&parameters));
	TRY(field_put_number(parameters, "channel", card->own_channel));
	TRY(field_put_flag(parameters, "reset", reset));
	TRY(field_put_number(parameters, "allowed_protocols", terms->allowed_protocols));
	card->turn = card->own_channel;
	if (reset) {
		card->is_sensitive = false;
		card->last_state_user = 0;
	}
	return card_slot_call(card, "org.keycask.Slot.Begin", take(parameters), on_reply);
}

void card_narrow(struct card *card, struct json_object *aids)
{
	field_free(&card->aids);
	card->aids = json_object_get(aids);
}

enum kc_status card_probe(struct card *card, struct json_object *aids, wire_reply_fn on_reply,
			  void *userdata)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	REQUIRE(card->helper, KC_ERR_TOKEN_NOT_FOUND, "the card was removed");
	TRY(field_new_object(&parameters));
	TRY(field_put(parameters, "aids", json_object_get(aids)));
	return helper_call(card->helper, "org.keycask.Slot.Probe", take(parameters), -1,
			   card->settings.card_deadline_ms, on_reply, userdata);
}

enum kc_status card_new(sd_event *event, const struct registry_settings *settings,
			const struct card_place *place, struct json_object *aids,
			const struct card_hooks *hooks, struct card **ret_card)
{
	CLEANUP(card_freep) struct card *card = calloc(1, sizeof(*card));

	REQUIRE(card, KC_ERR_ALLOCATE, "out of memory");
	*card = (struct card){.event = event,
			      .settings = *settings,
			      .hooks = *hooks,
			      .aids = json_object_get(aids),
			      .phase = PHASE_STARTING,
			      .go_on = pump,
			      .own_fd = -1,
			      .is_shared = place->reader != NULL};
	list_init(&card->queue);
	/* Numbers that no earlier card had, nor one before this daemon was started again. */
	ignore(sd_event_now(event, CLOCK_REALTIME, &card->generation));
	TRY(card_arrival_begin(card, place));
	*ret_card = take(card);
	return KC_OK;
}

static void on_attached(void *userdata, enum kc_status status, struct json_object *parameters)
{
	(void)userdata;
	(void)status; /* a failure ends the driver's channel, and that the driver */
	(void)parameters;
}

/* Numbered here and not there: whoever attaches need not wait to know. */
enum kc_status card_attach(struct card *card, int fd, int64_t *ret_channel)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	int64_t channel = card->last_channel + 1;

	REQUIRE(card->helper, KC_ERR_TOKEN_NOT_FOUND, "the card was removed");
	TRY(field_new_object(&parameters));
	TRY(field_put_number(parameters, "channel", channel));
	TRY(helper_call(card->helper, "org.keycask.Slot.Attach", take(parameters), fd,
			card->settings.card_deadline_ms, on_attached, card));
	card->last_channel = channel;
	*ret_channel = channel;
	return KC_OK;
}

static void note_terms(struct card *card, struct card_terms *terms, struct json_object *reply)
{
	terms->has_begun = true;
	terms->protocol = (unsigned)field_number(reply, "protocol", 0);
	if (terms->protocol != card->protocol)
		card->last_state_user = 0; /* it took a reset */
	card->protocol = terms->protocol;
}

static void on_begun(void *userdata, enum kc_status status, struct json_object *parameters)
{
	struct card *card = userdata;

	if (!card_slot_may_go_on(card, status, "Begin"))
		return;
	if (field_flag(parameters, "is_held", false)) {
		card_arrival_be_taken(card);
		return;
	}
	if (card->begun_for)
		note_terms(card, card->begun_for->terms, parameters);
	card->begun_for = NULL;
	card->phase = PHASE_HELD;
	pump(card);
}

static void on_given_back(void *userdata, enum kc_status status, struct json_object *parameters)
{
	struct card *card = userdata;

	(void)parameters;
	if (!card_slot_may_go_on(card, status, "End"))
		return;
	card->phase = PHASE_FREE;
	if (card_respite_is_due(card))
		card_respite_begin(card);
	pump(card);
}

static struct card_task *first_of(const struct card *card)
{
	return list_entry(card->queue.next, struct card_task, link);
}

static enum kc_status make_own_channel(struct card *card)
{
	CLEANUP(socket_close) int slots_end = -1;

	if (card->own_fd >= 0)
		return KC_OK;
	TRY(socket_make_pair(SOCK_SEQPACKET, &card->own_fd, &slots_end));
	return card_attach(card, slots_end, &card->own_channel);
}

static enum kc_status begin_for(struct card *card, struct card_task *task)
{
	card->begun_for = NULL;
	if (!task->terms)
		return card_slot_begin(card, task->channel, on_begun);
	TRY(make_own_channel(card));
	card->begun_for = task;
	return call_begin_on_terms(card, task->terms, on_begun);
}

/* From FREE, or within a transaction for the sake of another channel. */
static void take_card(struct card *card)
{
	if (card->phase == PHASE_FREE) {
		card->transaction++;
		card->turn_number++; /* for those who had it meanwhile */
		card_respite_note_begin(card);
	}
	card->phase = PHASE_BEGINNING;
	if (begin_for(card, first_of(card)) != KC_OK)
		card_slot_give_up(card, "Begin");
}

static bool must_begin(const struct card *card, const struct card_task *task)
{
	return task->terms ? !task->terms->has_begun : task->channel != card->turn;
}

static enum kc_status call_end(struct card *card)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	TRY(field_new_object(&parameters));
	TRY(field_put_flag(parameters, "reset", card->is_sensitive));
	return card_slot_call(card, "org.keycask.Slot.End", take(parameters), on_given_back);
}

static void give_back(struct card *card)
{
	enum kc_status status = call_end(card);

	card->phase = PHASE_ENDING;
	if (card->is_sensitive || card->is_shared)
		card->last_state_user = 0;
	card->is_sensitive = false;
	card->needs_reset = false;
	if (status != KC_OK)
		card_slot_give_up(card, "End");
}

static int on_lease_over(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct card *card = userdata;

	(void)source;
	(void)usec;
	if (card->phase == PHASE_HELD && !card->active && list_is_empty(&card->queue))
		give_back(card);
	return 0;
}

/* Design: a transaction lasts from VERIFY to idleness. What comes before needs none for long. */
static unsigned lease_of(const struct card *card)
{
	bool is_short = card->is_shared && !card->is_sensitive;

	return is_short && card->settings.lease_ms > CLEAN_LEASE_MS ? CLEAN_LEASE_MS
								    : card->settings.lease_ms;
}

static void arm_lease(struct card *card)
{
	uint64_t delay = (uint64_t)lease_of(card) * USEC_PER_MSEC;

	if (!card->lease && sd_event_add_time_relative(card->event, &card->lease, CLOCK_MONOTONIC,
						       delay, 0, on_lease_over, card) < 0) {
		give_back(card);
		return;
	}
	ignore(sd_event_source_set_time_relative(card->lease, delay));
	ignore(sd_event_source_set_enabled(card->lease, SD_EVENT_ONESHOT));
}

static void set_active(struct card *card, struct card_task *task)
{
	card->active = task;
	ignore(sd_event_now(card->event, CLOCK_REALTIME, &card->since_us));
}

/* Is the card as its user left it? The same generation says so. */
static void note_user(struct card *card, struct card_terms *terms)
{
	uint64_t user = terms ? terms->user : 0;

	if (user == 0 || user != card->last_state_user)
		card->generation++;
	card->last_state_user = user;
	if (!terms)
		return;
	terms->generation = card->generation;
	card->is_sensitive |= terms->is_sensitive;
}

static void run_next(struct card *card)
{
	struct card_task *task = first_of(card);

	list_remove(&task->link);
	set_active(card, task);
	note_user(card, task->terms);
	/* Another token's application takes over: whoever comes back selects again. */
	if (card->last_user && card->last_user != task->token)
		card->transaction++;
	card->last_user = task->token;
	card->turn_number++;
	task->run(task);
}

static void pump_held(struct card *card)
{
	bool has_task = !list_is_empty(&card->queue);

	if (card->needs_reset || (has_task && card_respite_is_due(card)))
		give_back(card);
	else if (!has_task)
		arm_lease(card);
	else if (must_begin(card, first_of(card)))
		take_card(card);
	else
		run_next(card);
}

static void pump(struct card *card)
{
	if (card->active)
		return;
	if (card->phase == PHASE_HELD)
		pump_held(card);
	else if (card->phase == PHASE_FREE && !card->respite && !list_is_empty(&card->queue))
		take_card(card);
}

/* Into the queue, before @successor. */
static void enqueue(struct card *card, struct card_task *task, struct list *successor)
{
	if (card->phase == PHASE_LOST) {
		error_clear();
		task->abort(task, fail(KC_ERR_TOKEN_NOT_FOUND, "the card was removed"));
		return;
	}
	if (card->phase == PHASE_TAKEN && card->is_probed && !task->can_wait) {
		error_clear();
		task->abort(task, card_arrival_fail_taken(card->holder));
		return;
	}
	if (task->terms)
		task->terms->has_begun = false;
	list_append(successor, &task->link);
	pump(card);
}

enum kc_status card_put_limits(const struct card *card, struct json_object *description)
{
	if (!card || card->max_input == 0)
		return KC_OK;
	TRY(field_put_number(description, "max_input_length", card->max_input));
	return field_put_number(description, "max_output_length", card->max_output);
}

enum kc_status card_put_facts(const struct card *card, struct json_object *parameters)
{
	TRY(field_put_text(parameters, "atr", card->atr));
	return card->max_input > 0 ? field_put_number(parameters, "max_input", card->max_input)
				   : KC_OK;
}

uint64_t card_turn_number(const struct card *card)
{
	return card->turn_number;
}

size_t card_max_input(const struct card *card)
{
	return (size_t)card->max_input;
}

bool card_has_keypad(const struct card *card)
{
	return card->has_keypad;
}

bool card_has_keypad_for_change(const struct card *card)
{
	return card->has_keypad_for_change;
}

void card_stop(struct card *card)
{
	card->phase = PHASE_LOST;
}

void card_submit(struct card *card, struct card_task *task)
{
	enqueue(card, task, &card->queue);
}

void card_submit_again(struct card *card, struct card_task *task)
{
	if (card->active == task)
		set_active(card, NULL);
	enqueue(card, task, card->queue.next);
}

void card_finish(struct card *card, struct card_task *task)
{
	if (card->active == task)
		set_active(card, NULL);
	pump(card);
}

void card_cancel(struct card *card, struct card_task *task)
{
	list_remove(&task->link);
	if (card->begun_for == task)
		card->begun_for = NULL;
	if (card->active == task)
		card_finish(card, task);
}

int card_own_fd(const struct card *card)
{
	return card->own_fd;
}

/* The slot process resets the card when it sees that; what was asked for comes after. */
void card_drop_own_channel(struct card *card)
{
	socket_close(&card->own_fd);
	card_request_reset(card);
}

void card_mark_sensitive(struct card *card)
{
	card->is_sensitive = true;
}

void card_request_reset(struct card *card)
{
	card->is_sensitive = true;
	card->needs_reset = true;
}

void card_lock(struct card *card)
{
	if (!card->is_sensitive)
		return;
	card->needs_reset = true;
	pump(card);
}

void card_set_selected(struct card *card, const struct token *token)
{
	card->selected = token;
	card->selected_in = card->transaction;
	card->last_user = token;
}

void card_forget_selected(struct card *card, const struct token *token)
{
	if (card->selected == token)
		card->selected = NULL;
}

enum kc_status card_put_turn(struct card *card, const struct token *token, uint64_t session,
			     uint64_t request, struct json_object *parameters)
{
	CLEANUP(field_free) struct json_object *turn = NULL;
	bool is_selected = card->selected == token && card->selected_in == card->transaction;

	TRY(field_new_object(&turn));
	TRY(field_put_number(turn, "transaction", (int64_t)card->transaction));
	TRY(field_put_number(turn, "session", (int64_t)session));
	TRY(field_put_flag(turn, "is_selected", is_selected));
	TRY(field_put_number(turn, "request", (int64_t)request));
	return field_put(parameters, "turn", take(turn));
}
