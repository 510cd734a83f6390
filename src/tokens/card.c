/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The card's queue and its transactions. Phases: STARTING → FREE ⇄ BEGINNING → HELD → ENDING →
 * FREE; from STARTING and BEGINNING to TAKEN and back while another program has the card for
 * itself; LOST from anywhere, for good.
 */
#include "tokens/card_respite_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/try.h"
#include "sys/socket.h"
#include "sys/users.h"
#include "wire/protocol.h"

enum {
	SLOT_GONE = 3, /* exit statuses of keycask-slot, slothost/serve.h */
	SLOT_MUTE = 4,
	SLOT_WAITING = 6,
	USEC_PER_MSEC = 1000,
	CLEAN_LEASE_MS = 100, /* while others wait and nobody has authenticated */
	NOBODYS_CHANNEL = 0,
};

#define PCSC_LIBRARY "/libpcsclite" /* of the file that each of pcscd's clients has mapped */

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
static void give_up(struct card *card, const char *what)
{
	log_warning("slot: %s: %s", what, error_get()->message);
	card->helper = helper_free(card->helper);
	card->phase = PHASE_LOST;
	if (!card->loss && sd_event_add_defer(card->event, &card->loss, on_loss, card) < 0)
		log_error("slot: its loss cannot be told");
}

/*
 * May we go on after an answer of @status? A slot process whose card is gone or mute says so and
 * ends, which is heard as its end; one that fails otherwise is ended here.
 */
static bool may_go_on(struct card *card, enum kc_status status, const char *what)
{
	bool will_end = status == KC_ERR_NOT_AVAILABLE || status == KC_ERR_TOKEN_NOT_FOUND ||
			status == KC_ERR_COMMUNICATION;

	if (status == KC_OK)
		return true;
	if (!will_end)
		give_up(card, what);
	return false;
}

static enum kc_status call_slot(struct card *card, const char *method,
				struct json_object *parameters, wire_reply_fn on_reply)
{
	return helper_call(card->helper, method, parameters, -1, card->settings.card_deadline_ms,
			   on_reply, card);
}

/* For a driver, or for nobody. */
static enum kc_status call_begin(struct card *card, int64_t channel, wire_reply_fn on_reply)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	TRY(field_new_object(&parameters));
	TRY(field_put_number(parameters, "channel", channel));
	card->turn = channel;
	return call_slot(card, "org.keycask.Slot.Begin", take(parameters), on_reply);
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
	return call_slot(card, "org.keycask.Slot.Begin", take(parameters), on_reply);
}

/* --- when another program has it for itself -------------------------------------------------- */

static enum kc_status fail_taken(const char *holder)
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
		task->abort(task, fail_taken(holder));
	}
}

static void connect_card(struct card *card);

static void on_free(void *userdata, enum kc_status status, struct json_object *parameters)
{
	struct card *card = userdata;

	(void)parameters;
	if (!may_go_on(card, status, "Wait"))
		return;
	card->hooks.on_free(card->hooks.userdata);
	if (!card->is_probed) {
		connect_card(card);
		return;
	}
	card->phase = PHASE_FREE;
	pump(card);
}

static void be_taken(struct card *card)
{
	enum kc_status status = KC_OK;

	card->phase = PHASE_TAKEN;
	users_of_library(PCSC_LIBRARY, card->holder, sizeof(card->holder));
	status = helper_call(card->helper, "org.keycask.Slot.Wait", NULL, -1, WIRE_NO_DEADLINE,
			     on_free, card);
	card->hooks.on_held(card->hooks.userdata, card->holder);
	abort_impatient(card, card->holder);
	if (status != KC_OK)
		give_up(card, "Wait");
}

/* --- coming into use ------------------------------------------------------------------------- */

static void on_probed(void *userdata, enum kc_status status, struct json_object *parameters)
{
	struct card *card = userdata;

	if (!may_go_on(card, status, "Probe"))
		return;
	/* Tasks that come in meanwhile wait until it is known what is selected. */
	card->is_probed = true;
	card->transaction = 1;
	card_respite_note_begin(card);
	card->hooks.on_probed(card->hooks.userdata, field_get(parameters, "answered"),
			      field_text(parameters, "selected"));
	card->phase = PHASE_HELD;
	pump(card);
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

static void on_begun_for_probe(void *userdata, enum kc_status status,
			       struct json_object *parameters)
{
	struct card *card = userdata;

	if (!may_go_on(card, status, "Begin"))
		return;
	if (field_flag(parameters, "is_held", false))
		be_taken(card);
	else if (card_probe(card, card->aids, on_probed, card) != KC_OK)
		give_up(card, "Probe");
}

static void keep_atr(struct card *card, const char *atr)
{
	free(card->atr);
	card->atr = atr ? strdup(atr) : NULL;
}

static void on_connected(void *userdata, enum kc_status status, struct json_object *parameters)
{
	struct card *card = userdata;

	if (!may_go_on(card, status, "Connect"))
		return;
	if (field_flag(parameters, "is_held", false)) {
		be_taken(card);
		return;
	}
	card->protocol = (unsigned)field_number(parameters, "protocol", 0);
	card->max_input = field_number(parameters, "max_input", 0);
	card->max_output = field_number(parameters, "max_output", 0);
	card->has_keypad = field_flag(parameters, "has_keypad", false);
	card->has_keypad_for_change = field_flag(parameters, "has_keypad_for_change", false);
	keep_atr(card, field_text(parameters, "atr"));
	card->hooks.on_powered(card->hooks.userdata, card->atr);
	if (call_begin(card, NOBODYS_CHANNEL, on_begun_for_probe) != KC_OK)
		give_up(card, "Begin");
}

static void connect_card(struct card *card)
{
	card->phase = PHASE_STARTING;
	if (call_slot(card, "org.keycask.Slot.Connect", NULL, on_connected) != KC_OK)
		give_up(card, "Connect");
}

static enum kc_status start(struct card *card, const struct card_place *place)
{
	char deadline[16];
	char keypad[16];
	const char *embedded[] = {"keycask-slot", "embedded", deadline, keypad, NULL};
	const char *pcsc[] = {"keycask-slot", "pcsc", place->reader, deadline, keypad, NULL};
	struct helper_options options = {.program = "keycask-slot",
					 .arguments = place->reader ? pcsc : embedded,
					 .descriptor = place->fd,
					 .definition = protocol_org_keycask_Slot,
					 .on_ended = on_ended,
					 .userdata = card};

	/* Shorter than the operation's, so that a mute card is not blamed on the driver. */
	(void)snprintf(deadline, sizeof(deadline), "%u", card->settings.card_deadline_ms * 2 / 3);
	(void)snprintf(keypad, sizeof(keypad), "%u", card->settings.keypad_deadline_s);
	TRY(helper_new(card->event, &options, &card->helper));
	return call_slot(card, "org.keycask.Slot.Connect", NULL, on_connected);
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
	TRY(start(card, place));
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

	if (!may_go_on(card, status, "Begin"))
		return;
	if (field_flag(parameters, "is_held", false)) {
		be_taken(card);
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
	if (!may_go_on(card, status, "End"))
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
		return call_begin(card, task->channel, on_begun);
	TRY(make_own_channel(card));
	card->begun_for = task;
	return call_begin_on_terms(card, task->terms, on_begun);
}

/* From FREE, or within a transaction for the sake of another channel. */
static void take_card(struct card *card)
{
	if (card->phase == PHASE_FREE) {
		card->transaction++;
		card_respite_note_begin(card);
	}
	card->phase = PHASE_BEGINNING;
	if (begin_for(card, first_of(card)) != KC_OK)
		give_up(card, "Begin");
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
	return call_slot(card, "org.keycask.Slot.End", take(parameters), on_given_back);
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
		give_up(card, "End");
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
		task->abort(task, fail_taken(card->holder));
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
