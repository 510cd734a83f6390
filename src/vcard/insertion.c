/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Serves a reader by vpcd's protocol: a message of one byte is a control command, anything longer
 * an APDU. Faults are applied here, between the card, which knows nothing of them, and the wire.
 */
#include "vcard/insertion.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/try.h"
#include "codec/vpcd.h"

/* What a step says about going on. */
enum step {
	STEP_ON,
	STEP_STOPPED,
	STEP_CLOSED,
	STEP_PULLED,
};

static enum step step_of(enum link_event event)
{
	switch (event) {
	case LINK_READY:
		return STEP_ON;
	case LINK_STOPPED:
		return STEP_STOPPED;
	case LINK_CLOSED:
		break;
	}
	return STEP_CLOSED;
}

static bool is_mute(const struct insertion *insertion)
{
	return faults_find(insertion->faults, FAULT_MUTE, insertion->n_apdus) != NULL;
}

static bool has_pinpad(const struct insertion *insertion)
{
	return insertion->pinpad && insertion->pinpad->fd >= 0;
}

/* Without one there is nothing to say, as from a card that knows no such question. */
static enum step announce_pinpad(struct insertion *insertion)
{
	CLEANUP(bytes_done) struct bytes message = BYTES_INIT(PART10_STRUCTURE_MAX);

	if (!has_pinpad(insertion) || is_mute(insertion))
		return STEP_ON;
	if (pinpad_announce(&message) != KC_OK)
		return STEP_CLOSED;
	return step_of(link_send(insertion->link, bytes_view(&message)));
}

static enum step handle_control(struct insertion *insertion, uint8_t control)
{
	const struct transcript *transcript = insertion->transcript;

	switch (control) {
	case VPCD_POWER_OFF:
		transcript_event(transcript, "power off");
		card_reset(insertion->card);
		return STEP_ON;
	case VPCD_POWER_ON:
		transcript_event(transcript, "power on");
		card_reset(insertion->card);
		return STEP_ON;
	case VPCD_RESET:
		transcript_event(transcript, "reset");
		card_reset(insertion->card);
		return STEP_ON;
	case VPCD_GET_FEATURES:
		return announce_pinpad(insertion);
	case VPCD_GET_ATR:
		if (is_mute(insertion))
			return STEP_ON;
		return step_of(link_send(insertion->link, card_atr(insertion->card)));
	default:
		log_warning("the reader sent the unknown control command %u", control);
		return STEP_ON;
	}
}

static enum kc_status answer_apdu(struct insertion *insertion, struct kc_view command,
				  struct bytes *answer)
{
	const struct fault *refusal = faults_find(insertion->faults, FAULT_SW, insertion->n_apdus);

	if (!refusal) {
		TRY(card_transmit(insertion->card, command, answer));
	} else {
		TRY(bytes_append_byte(answer, (uint8_t)(refusal->argument >> 8)));
		TRY(bytes_append_byte(answer, (uint8_t)refusal->argument));
	}
	return faults_spoil(insertion->faults, insertion->n_apdus, answer);
}

static enum step deliver(struct insertion *insertion, struct kc_view answer)
{
	const struct fault *delay = faults_find(insertion->faults, FAULT_SLOW, insertion->n_apdus);
	enum step step = STEP_ON;

	if (delay)
		step = step_of(link_pause(insertion->link, delay->argument));
	if (step == STEP_ON) {
		transcript_answer(insertion->transcript, answer);
		step = step_of(link_send(insertion->link, answer));
	}
	if (step == STEP_ON && faults_find(insertion->faults, FAULT_REMOVE, insertion->n_apdus))
		step = STEP_PULLED;
	return step;
}

static enum step handle_apdu(struct insertion *insertion, struct kc_view command)
{
	CLEANUP(bytes_done)
	struct bytes answer = BYTES_INIT(CARD_ANSWER_MAX + 2 + FAULTS_EXTEND_MAX * FAULTS_MAX);

	insertion->n_apdus++;
	transcript_command(insertion->transcript, command);
	if (is_mute(insertion))
		return STEP_ON;
	if (answer_apdu(insertion, command, &answer) != KC_OK) {
		log_error("no answer: %s", error_get()->message);
		return STEP_CLOSED;
	}
	return deliver(insertion, bytes_view(&answer));
}

/* The reader answers by itself, or the card does when the PIN is complete. */
static enum step handle_reader(struct insertion *insertion, struct kc_view packet)
{
	CLEANUP(bytes_done) struct bytes answer = BYTES_INIT(PART10_STRUCTURE_MAX);
	CLEANUP(bytes_done) struct bytes command = BYTES_INIT(APDU_COMMAND_MAX);
	enum step step = step_of(pinpad_run(insertion->pinpad, insertion->link,
					    insertion->transcript, packet, &answer, &command));

	if (step == STEP_ON && command.len > 0)
		return handle_apdu(insertion, bytes_view(&command));
	return step == STEP_ON ? step_of(link_send(insertion->link, bytes_view(&answer))) : step;
}

static enum step serve_message(struct insertion *insertion)
{
	struct kc_view message = {0};
	size_t used = 0;
	enum step step = step_of(link_receive(insertion->link, &message, &used));

	if (step != STEP_ON)
		return step;
	if (message.len == 1)
		step = handle_control(insertion, message.data[0]);
	else if (has_pinpad(insertion) && pinpad_is_meant(insertion->pinpad, message))
		step = handle_reader(insertion, message);
	else if (message.len > 1)
		step = handle_apdu(insertion, message);
	bytes_consume(&insertion->link->received, used);
	return step;
}

static bool is_touched(struct insertion *insertion)
{
	const struct touch *touch = insertion->touch;

	switch (touch->mode) {
	case TOUCH_NOW:
		return true;
	case TOUCH_NEVER:
		return false;
	case TOUCH_LATE:
		return link_pause(insertion->link, touch->late_ms) == LINK_READY;
	case TOUCH_WAIT:
		return link_await(insertion->link, touch->fd, TOUCH_PATIENCE_MS);
	}
	return false;
}

/* A finger that came before it was asked for does not count. */
static void forget_touches(const struct touch *touch)
{
	struct signalfd_siginfo info;

	if (touch->mode == TOUCH_WAIT)
		while (read(touch->fd, &info, sizeof(info)) > 0)
			;
}

/* A card_touch_fn: the log tells that the card waits, for people and for tests. */
static bool await_touch(void *context)
{
	struct insertion *insertion = context;
	bool is_there = false;

	forget_touches(insertion->touch);
	transcript_event(insertion->transcript, "waiting for a touch");
	is_there = is_touched(insertion);
	transcript_event(insertion->transcript, is_there ? "touched" : "not touched");
	return is_there;
}

enum insertion_end insertion_run(struct insertion *insertion)
{
	enum step step = STEP_ON;

	transcript_event(insertion->transcript, "inserted");
	card_reset(insertion->card);
	if (insertion->touch) {
		insertion->card->touch = await_touch;
		insertion->card->touch_context = insertion;
	}
	while (step == STEP_ON)
		step = serve_message(insertion);
	card_reset(insertion->card);
	transcript_event(insertion->transcript, "removed");
	if (step == STEP_STOPPED)
		return INSERTION_STOPPED;
	return step == STEP_PULLED ? INSERTION_PULLED : INSERTION_CLOSED;
}
