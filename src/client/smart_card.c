/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A card without a driver. Each object has a connection of its own from its first session on: a
 * session is its connection's, so that objects of one program exclude each other as those of two
 * programs do, and none outlives its object. The counting and the queue are the daemon's.
 */
#include <stdlib.h>
#include <string.h>

#include "base/process_id.h"
#include "base/try.h"
#include "client/line.h"
#include "client/slot_impl.h"
#include "codec/dialogue.h"

enum {
	COMMAND_MS = 190 * 1000, /* the daemon itself gives up before */
	WAIT_MARGIN_MS = 5 * 1000,
	EXTENDED_OVERHEAD = 4 + 3 + 2, /* header, Lc, Le */
};

struct kc_smart_card {
	struct kc_slot *slot; /* as it was when this object was made */
	pid_t owner;
	struct wire_client *client; /* NULL before the first session */
	int64_t session;
	unsigned count;
	unsigned allowed_protocols;
	enum kc_protocol protocol;
	int64_t generation;
	void *context;
	bool is_sensitive;
	bool uses_extended;
	bool uses_chaining;
	uint8_t cla;
};

/* --- life ------------------------------------------------------------------------------------ */

enum kc_status kc_slot_make_smart_card(const struct kc_slot *slot, struct kc_smart_card **ret_card)
{
	struct kc_smart_card *card = NULL;

	error_clear();
	REQUIRE(slot->insertion != 0, KC_ERR_TOKEN_NOT_FOUND, "there is no card in %s that answers",
		slot->name);
	card = calloc(1, sizeof(*card));
	REQUIRE(card, KC_ERR_ALLOCATE, "out of memory");
	card->slot = calloc(1, sizeof(*card->slot));
	if (card->slot)
		*card->slot = (struct kc_slot){.n_references = 1,
					       .name = strdup(slot->name),
					       .max_input = slot->max_input,
					       .insertion = slot->insertion};
	if (!card->slot || !card->slot->name) {
		ignore(kc_smart_card_free(card) != NULL);
		return fail(KC_ERR_ALLOCATE, "out of memory");
	}
	card->owner = process_id();
	card->allowed_protocols = KC_PROTOCOL_ANY;
	card->uses_chaining = slot->atr && kc_atr_can_chain(slot->atr);
	card->uses_extended = slot->atr && kc_atr_can_extend(slot->atr) &&
			      slot->max_input > APDU_SHORT_COMMAND_MAX;
	*ret_card = card;
	return KC_OK;
}

static enum kc_status list_slots(struct json_object **ret_answer)
{
	struct line_call call = {.method = "org.keycask.Slots.List",
				 .descriptor = -1,
				 .timeout_ms = LINE_QUERY_MS,
				 .is_repeatable = true};

	return line_call(&call, ret_answer);
}

static bool has_card(struct json_object *description)
{
	return field_number(description, "insertion", 0) != 0;
}

static bool is_meant(struct json_object *description, const char *name)
{
	const char *its_name = field_text(description, "name");

	return name ? its_name && strcmp(its_name, name) == 0 : has_card(description);
}

static enum kc_status choose(struct json_object *slots, const char *name,
			     struct json_object **ret_description)
{
	struct json_object *found = NULL;

	for (size_t i = 0; slots && i < json_object_array_length(slots); i++) {
		struct json_object *description = json_object_array_get_idx(slots, i);

		if (!is_meant(description, name))
			continue;
		REQUIRE(!found, KC_ERR_PARAM, "several slots have cards: say which");
		found = description;
	}
	if (!found && name)
		return fail(KC_ERR_ITEM_NOT_FOUND, "there is no slot %.100s", name);
	REQUIRE(found, KC_ERR_TOKEN_NOT_FOUND, "no slot has a card that answers");
	*ret_description = found;
	return KC_OK;
}

enum kc_status kc_smart_card_new(const char *slot_name, struct kc_smart_card **ret_card)
{
	CLEANUP(field_free) struct json_object *answer = NULL;
	struct json_object *description = NULL;
	struct kc_slot *slot = NULL;
	enum kc_status status = KC_OK;

	error_clear();
	TRY(list_slots(&answer));
	TRY(choose(field_get(answer, "slots"), slot_name, &description));
	TRY(slot_object_new(description, &slot));
	status = kc_slot_make_smart_card(slot, ret_card);
	ignore(kc_slot_free(slot) != NULL);
	return status;
}

struct kc_smart_card *kc_smart_card_free(struct kc_smart_card *card)
{
	if (!card)
		return NULL;
	card->client = wire_client_free(card->client);
	card->slot = kc_slot_free(card->slot);
	free(card);
	return NULL;
}

const char *kc_smart_card_slot_name(const struct kc_smart_card *card)
{
	return card->slot->name;
}

bool kc_smart_card_is_valid(struct kc_smart_card *card)
{
	CLEANUP(field_free) struct json_object *answer = NULL;
	struct json_object *description = NULL;
	bool is_valid =
		list_slots(&answer) == KC_OK &&
		choose(field_get(answer, "slots"), card->slot->name, &description) == KC_OK &&
		field_number(description, "insertion", 0) == card->slot->insertion;

	error_clear();
	return is_valid;
}

/* --- sessions -------------------------------------------------------------------------------- */

/* Nobody is in a session over a connection that is closed. */
static void lose_connection(struct kc_smart_card *card)
{
	card->client = wire_client_free(card->client);
	card->session = 0;
	card->count = 0;
	card->protocol = KC_PROTOCOL_NONE;
	card->context = NULL;
}

static enum kc_status call(struct kc_smart_card *card, const char *method,
			   struct json_object *parameters, int timeout_ms,
			   struct json_object **ret_answer)
{
	enum kc_status status =
		wire_client_call(card->client, method, parameters, -1, timeout_ms, ret_answer);

	if (wire_client_is_over(card->client))
		lose_connection(card);
	return status;
}

static enum kc_status make_ready(struct kc_smart_card *card)
{
	REQUIRE(card->owner == process_id(), KC_ERR_PARAM,
		"this card belongs to the parent process");
	return card->client ? KC_OK : line_open(true, &card->client);
}

static enum kc_status put_protocols(struct json_object *parameters, unsigned allowed)
{
	CLEANUP(field_free) struct json_object *names = NULL;

	if (allowed == KC_PROTOCOL_ANY)
		return KC_OK;
	names = json_object_new_array();
	REQUIRE(names, KC_ERR_ALLOCATE, "out of memory");
	if (allowed & KC_PROTOCOL_T0)
		TRY(field_append_text(names, "t0"));
	if (allowed & KC_PROTOCOL_T1)
		TRY(field_append_text(names, "t1"));
	return field_put(parameters, "allowed_protocols", take(names));
}

static enum kc_status new_begin(const struct kc_smart_card *card, int timeout_ms,
				struct json_object **ret_parameters)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	TRY(field_new_object(&parameters));
	TRY(field_put_text(parameters, "slot", card->slot->name));
	TRY(field_put_number(parameters, "insertion", card->slot->insertion));
	TRY(field_put_flag(parameters, "is_sensitive", card->is_sensitive));
	TRY(put_protocols(parameters, card->allowed_protocols));
	/* 0 is for ever there; what is not free at once is not free within a millisecond. */
	if (timeout_ms >= 0)
		TRY(field_put_number(parameters, "timeout_ms", timeout_ms > 0 ? timeout_ms : 1));
	*ret_parameters = take(parameters);
	return KC_OK;
}

static void note_session(struct kc_smart_card *card, struct json_object *answer)
{
	const char *protocol = field_text(answer, "protocol");
	int64_t generation = field_number(answer, "generation", 0);

	int64_t session = field_number(answer, "session", 0);

	if (session != card->session) /* the one before was ended by the daemon */
		card->count = 0;
	if (generation != card->generation)
		card->context = NULL;
	card->generation = generation;
	card->session = session;
	card->protocol = protocol && strcmp(protocol, "t0") == 0 ? KC_PROTOCOL_T0 : KC_PROTOCOL_T1;
	card->count++;
}

enum kc_status kc_smart_card_begin_session(struct kc_smart_card *card, int timeout_ms)
{
	CLEANUP(field_free) struct json_object *answer = NULL;
	struct json_object *parameters = NULL;

	error_clear();
	TRY(make_ready(card));
	TRY(new_begin(card, timeout_ms, &parameters));
	TRY(call(card, "org.keycask.Slots.BeginSession", parameters,
		 timeout_ms < 0 ? -1 : timeout_ms + WAIT_MARGIN_MS, &answer));
	note_session(card, answer);
	return KC_OK;
}

static enum kc_status end_session(struct kc_smart_card *card)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(field_free) struct json_object *answer = NULL;

	TRY(field_new_object(&parameters));
	TRY(field_put_number(parameters, "session", card->session));
	TRY(field_put_flag(parameters, "reset", card->is_sensitive));
	return call(card, "org.keycask.Slots.EndSession", take(parameters), LINE_QUERY_MS, &answer);
}

void kc_smart_card_end_session(struct kc_smart_card *card)
{
	error_clear();
	if (card->count == 0 || card->owner != process_id())
		return;
	/* What cannot be ended in good order ends with the connection. */
	if (end_session(card) != KC_OK) {
		lose_connection(card);
		return;
	}
	if (--card->count == 0)
		card->protocol = KC_PROTOCOL_NONE;
}

enum kc_status kc_smart_card_in_session(struct kc_smart_card *card, int timeout_ms,
					kc_smart_card_session_fn function, void *context)
{
	struct error_record why;
	enum kc_status status = KC_OK;

	TRY(kc_smart_card_begin_session(card, timeout_ms));
	status = function(card, context);
	why = *error_get();
	kc_smart_card_end_session(card);
	error_adopt(&why);
	return status;
}

/* --- commands -------------------------------------------------------------------------------- */

static enum kc_status exchange(void *context, struct kc_view command, struct bytes *response)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(field_free) struct json_object *answer = NULL;
	struct kc_smart_card *card = context;

	REQUIRE(card->count > 0 && card->client, KC_ERR_NOT_AVAILABLE,
		"the card session has not begun");
	REQUIRE(card->owner == process_id(), KC_ERR_PARAM,
		"this card belongs to the parent process");
	TRY(field_new_object(&parameters));
	TRY(field_put_number(parameters, "session", card->session));
	TRY(field_put_data(parameters, "apdu", command));
	TRY(call(card, "org.keycask.Slots.Transmit", take(parameters), COMMAND_MS, &answer));
	return field_data(answer, "response", response);
}

enum kc_status kc_smart_card_transmit(struct kc_smart_card *card, struct kc_view apdu,
				      struct kc_bytes *ret_response)
{
	CLEANUP(bytes_done) struct bytes response = BYTES_INIT(APDU_RESPONSE_MAX);

	error_clear();
	TRY(exchange(card, apdu, &response));
	*ret_response = bytes_take(&response);
	return KC_OK;
}

static uint32_t le_of(const struct kc_ins *command, bool is_extended)
{
	if (command->le < 0)
		return 0;
	if (command->le > 0)
		return (uint32_t)command->le;
	/* All: in the form that the data take anyway. Whatever is left comes by GET RESPONSE. */
	return is_extended ? APDU_EXTENDED_MAX : APDU_SHORT_LE_MAX;
}

static uint32_t extended_max(const struct kc_smart_card *card)
{
	if (!card->uses_extended || card->slot->max_input <= EXTENDED_OVERHEAD)
		return 0;
	return (uint32_t)(card->slot->max_input - EXTENDED_OVERHEAD);
}

enum kc_status kc_smart_card_send_ins(struct kc_smart_card *card, const struct kc_ins *command,
				      struct kc_bytes *ret_data, uint16_t *ret_sw)
{
	CLEANUP(bytes_done) struct bytes answer = BYTES_INIT(DIALOGUE_ANSWER_MAX);
	struct dialogue dialogue = {.exchange = exchange,
				    .context = card,
				    .extended_max = extended_max(card),
				    .may_chain = card->uses_chaining};
	bool is_extended = command->data.len > APDU_SHORT_DATA_MAX &&
			   command->data.len <= dialogue.extended_max;
	struct apdu_command apdu = {.cla = card->cla,
				    .ins = command->ins,
				    .p1 = command->p1,
				    .p2 = command->p2,
				    .data = command->data,
				    .le = le_of(command, is_extended)};
	uint16_t sw = 0;
	enum kc_status status = KC_OK;

	error_clear();
	status = dialogue_run(&dialogue, &apdu, &answer, &sw);
	if (status == KC_ERR_BAD_PARAMETER)
		return error_remap(KC_ERR_PARAM);
	TRY(status);
	if (sw != 0x9000) {
		/* The call has succeeded, and yet there is something to be told. */
		ignore(fail(KC_ERR_COMMUNICATION, "the card answered %04X", (unsigned)sw));
		error_set_sw(sw);
	}
	if (ret_data)
		*ret_data = bytes_take(&answer);
	*ret_sw = sw;
	return KC_OK;
}

/* --- what can be set ------------------------------------------------------------------------- */

void kc_smart_card_set_allowed_protocols(struct kc_smart_card *card, unsigned protocols)
{
	card->allowed_protocols = protocols & KC_PROTOCOL_ANY;
}

unsigned kc_smart_card_allowed_protocols(const struct kc_smart_card *card)
{
	return card->allowed_protocols;
}

enum kc_protocol kc_smart_card_current_protocol(const struct kc_smart_card *card)
{
	return card->protocol;
}

void kc_smart_card_set_sensitive(struct kc_smart_card *card, bool is_sensitive)
{
	card->is_sensitive = is_sensitive;
}

bool kc_smart_card_is_sensitive(const struct kc_smart_card *card)
{
	return card->is_sensitive;
}

void kc_smart_card_set_context(struct kc_smart_card *card, void *context)
{
	card->context = context;
}

void *kc_smart_card_context(const struct kc_smart_card *card)
{
	return card->context;
}

void kc_smart_card_set_cla(struct kc_smart_card *card, uint8_t cla)
{
	card->cla = cla;
}

uint8_t kc_smart_card_cla(const struct kc_smart_card *card)
{
	return card->cla;
}

void kc_smart_card_set_extended_length(struct kc_smart_card *card, bool is_used)
{
	card->uses_extended = is_used;
}

bool kc_smart_card_uses_extended_length(const struct kc_smart_card *card)
{
	return card->uses_extended;
}

void kc_smart_card_set_command_chaining(struct kc_smart_card *card, bool is_used)
{
	card->uses_chaining = is_used;
}

bool kc_smart_card_uses_command_chaining(const struct kc_smart_card *card)
{
	return card->uses_chaining;
}
