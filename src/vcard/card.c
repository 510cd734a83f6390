/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The card as its reader sees it: power, SELECT, and the selected application's instructions. One
 * command goes in, class and chaining are settled, one handler is called, a changed state is saved,
 * the answer goes out.
 */
#include "vcard/card.h"

#include <openssl/crypto.h>
#include <time.h>

#include "base/log.h"
#include "base/try.h"
#include "vcard/response.h"

/*
 * T=1; historical bytes 80, 73 C0 21 C0 (selection by full and partial AID; command chaining and
 * extended lengths), 57 "keycask". The last byte is the exclusive or of all but the first. The
 * other one, 73 C0 21 80, does not announce extended lengths.
 */
static const uint8_t atr[] = {0x3B, 0xFD, 0x13, 0x00, 0x00, 0x81, 0x31, 0xFE,
			      0x15, 0x80, 0x73, 0xC0, 0x21, 0xC0, 0x57, 'k',
			      'e',  'y',  'c',	'a',  's',  'k',  0x5D};
static const uint8_t short_atr[] = {0x3B, 0xFD, 0x13, 0x00, 0x00, 0x81, 0x31, 0xFE,
				    0x15, 0x80, 0x73, 0xC0, 0x21, 0x80, 0x57, 'k',
				    'e',  'y',	'c',  'a',  's',  'k',	0x1D};

enum {
	ANSWER_START = 256, /* most answers fit */
	TOUCH_COUNTS_MS = 15000,
	MS_PER_SECOND = 1000,
	NS_PER_MS = 1000000,
};

static const struct application *const applications[] = {
	&piv_application,
	&openpgp_application,
};

void card_init(struct card *card, struct card_state *state, card_save_fn save, void *context)
{
	*card = (struct card){
		.state = *state,
		.save = save,
		.save_context = context,
		.chain = BYTES_INIT(CARD_COMMAND_MAX),
		.pending = BYTES_INIT(CARD_ANSWER_MAX),
	};
	memset(state, 0, sizeof(*state));
}

void card_done(struct card *card)
{
	bytes_done(&card->chain);
	bytes_done(&card->pending);
	card_state_done(&card->state);
}

void card_reset(struct card *card)
{
	OPENSSL_cleanse(&card->session, sizeof(card->session));
	response_reset(card);
}

struct kc_view card_atr(const struct card *card)
{
	return card->state.manner.hides_extended ? VIEW_OF(short_atr) : VIEW_OF(atr);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * MS_PER_SECOND + now.tv_nsec / NS_PER_MS;
}

bool card_is_touched(struct card *card, unsigned policy)
{
	bool is_cached = policy == PIV_TOUCH_CACHED;

	if (policy <= PIV_TOUCH_NEVER || !card->touch)
		return true;
	if (is_cached && now_ms() < card->session.touch_end_ms)
		return true;
	if (!card->touch(card->touch_context))
		return false;
	if (is_cached)
		card->session.touch_end_ms = now_ms() + TOUCH_COUNTS_MS;
	return true;
}

static const struct application *find_application(const struct card *card, struct kc_view name)
{
	for (size_t i = 0; i < ARRAY_LEN(applications); i++)
		if (applications[i]->is_on(&card->state) &&
		    applications[i]->is_called(&card->state, name))
			return applications[i];
	return NULL;
}

/*
 * ISO 7816-4 11.2.2, by name. Selecting the selected application again changes no security status
 * (SP 800-73-5 part 2, 3.1.1); a name that is not on the card leaves it selected.
 */
static uint16_t select_application(struct card *card, const struct apdu_command *command,
				   struct bytes *answer)
{
	const struct application *application = NULL;

	if (command->p1 != 0x04 || command->p2 != 0x00)
		return SW_WRONG_P1P2;
	application = find_application(card, command->data);
	if (!application)
		return SW_NOT_FOUND;
	if (application != card->session.selected)
		OPENSSL_cleanse(&card->session, sizeof(card->session));
	card->session.selected = application;
	return application->select(card, answer);
}

static application_handler_fn find_handler(const struct card *card, uint8_t ins)
{
	if (ins == INS_SELECT)
		return select_application;
	return card->session.selected ? card->session.selected->find(card, ins) : NULL;
}

/* A card never acknowledges what it could not write down. */
static uint16_t save_changes(struct card *card, uint16_t sw)
{
	if (!card->is_changed)
		return sw;
	card->is_changed = false;
	if (!card->save || card->save(card->save_context, &card->state) == KC_OK)
		return sw;
	log_error("the card cannot be saved: %s", error_get()->message);
	return SW_MEMORY_FAILURE;
}

static uint16_t carry_out(struct card *card, const struct apdu_command *command,
			  struct bytes *answer)
{
	application_handler_fn handle = find_handler(card, command->ins);
	uint16_t sw = handle ? handle(card, command, answer) : SW_NO_INSTRUCTION;

	sw = save_changes(card, sw);
	if (sw != SW_OK)
		bytes_consume(answer, answer->len);
	return sw;
}

/* ISO 7816-4 5.4.1: this card has the basic channel only and no secure messaging. */
static uint16_t check_class(uint8_t cla)
{
	if (cla & 0xE0)
		return SW_NO_CLASS;
	if (cla & 0x0C)
		return SW_NO_SECURE_MESSAGING;
	if (cla & 0x03)
		return SW_NO_LOGICAL_CHANNEL;
	return SW_OK;
}

/* ATRs promise more than cards hold: some refuse the extended form, all or above a limit. */
static bool takes_length(const struct card *card, const struct apdu_command *command)
{
	unsigned max = card->state.manner.extended_max;

	return !command->is_extended || (max > 0 && command->data.len <= max);
}

enum kc_status card_transmit(struct card *card, struct kc_view input, struct bytes *response)
{
	CLEANUP(bytes_done) struct bytes answer = BYTES_INIT(CARD_ANSWER_MAX);
	struct apdu_command command = {0};
	uint16_t sw = SW_WRONG_LENGTH;

	error_clear();
	if (apdu_get_command(input, &command) == KC_OK && takes_length(card, &command))
		sw = check_class(command.cla);
	if (sw == SW_OK && command.ins == INS_GET_RESPONSE)
		return response_continue(card, &command, response);
	bytes_consume(&card->pending, card->pending.len);
	if (sw != SW_OK) {
		response_end_chain(card);
	} else if (response_collect(card, &command, &sw)) {
		sw = carry_out(card, &command, &answer);
		response_end_chain(card);
	}
	return response_finish(card, &command, bytes_view(&answer), sw, response);
}
