/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kc_card_transmit(): codec/dialogue.h, on the card of this token. */
#include "driverkit/card.h"

#include "base/log.h"
#include "base/try.h"
#include "codec/atr.h"
#include "codec/dialogue.h"

enum {
	SW_WRONG_LENGTH = 0x6700,
	EXTENDED_OVERHEAD = 4 + 3 + 2, /* header, Lc and Le */
};

void card_begin_call(struct kc_card *card)
{
	card->n_in_call = 0;
}

enum kc_status card_exchange(struct kc_card *card, struct kc_view command, struct bytes *response)
{
	enum kc_status status = KC_OK;

	REQUIRE(!card->is_gone, KC_ERR_TOKEN_NOT_FOUND, "the card is gone");
	REQUIRE(card->n_in_call < CARD_CALL_EXCHANGES_MAX, KC_ERR_COMMUNICATION,
		"the card makes one operation take more than %d commands", CARD_CALL_EXCHANGES_MAX);
	card->n_in_call++;
	card->n_exchanges++;
	status = card->exchange(card->context, command, response);
	card->is_gone = status == KC_ERR_TOKEN_NOT_FOUND;
	return status;
}

static enum kc_status exchange(void *context, struct kc_view command, struct bytes *response)
{
	return card_exchange(context, command, response);
}

static bool is_extended(const struct kc_card *card, const struct apdu_command *command)
{
	return card->extended_max > 0 && command->data.len <= card->extended_max &&
	       (command->data.len > APDU_SHORT_DATA_MAX || command->le > APDU_SHORT_LE_MAX);
}

/*
 * 6700: the command was not carried out for its length. Cards announce the extended form and refuse
 * it, all of it or above a limit of theirs: from now on they get what every card takes.
 */
static enum kc_status run_chained(struct kc_card *card, struct dialogue *dialogue,
				  const struct apdu_command *command, struct bytes *answer,
				  uint16_t *ret_sw)
{
	log_info("stage=card the card refuses an extended command of %zu bytes: chaining instead",
		 command->data.len);
	card->extended_max = 0;
	dialogue->extended_max = 0;
	bytes_consume(answer, answer->len);
	return dialogue_run(dialogue, command, answer, ret_sw);
}

enum kc_status kc_card_transmit(struct kc_card *card, const struct kc_apdu *apdu,
				struct kc_bytes *ret_data, uint16_t *ret_sw)
{
	CLEANUP(bytes_done) struct bytes answer = BYTES_INIT(CARD_ANSWER_MAX);
	struct dialogue dialogue = {.exchange = exchange,
				    .context = card,
				    .extended_max = card->extended_max,
				    .may_chain = true};
	struct apdu_command command = {.cla = apdu->cla,
				       .ins = apdu->ins,
				       .p1 = apdu->p1,
				       .p2 = apdu->p2,
				       .data = apdu->data,
				       .le = apdu->le};
	uint16_t sw = 0;

	/* It would be for the reader: see kc_card_verify_on_keypad(). */
	REQUIRE(apdu->cla != PART10_CLA, KC_ERR_BAD_PARAMETER, "CLA FF is no command for a card");
	TRY(dialogue_run(&dialogue, &command, &answer, &sw));
	if (sw == SW_WRONG_LENGTH && is_extended(card, &command))
		TRY(run_chained(card, &dialogue, &command, &answer, &sw));
	log_debug("stage=card ins=%02X p1=%02X p2=%02X bytes=%zu sw=%04X", apdu->ins, apdu->p1,
		  apdu->p2, answer.len, sw);
	if (ret_data)
		*ret_data = bytes_take(&answer);
	*ret_sw = sw;
	return KC_OK;
}

void kc_card_use_extended(struct kc_card *card, uint32_t command_max)
{
	uint32_t slots_max =
		card->input_max > EXTENDED_OVERHEAD ? card->input_max - EXTENDED_OVERHEAD : 0;

	card->extended_max = command_max < slots_max ? command_max : slots_max;
}

bool kc_card_announces_extended(struct kc_card *card)
{
	return card->announces_extended;
}

void card_set_facts(struct kc_card *card, const struct card_facts *facts)
{
	struct atr atr;

	card->input_max = facts->input_max;
	card->announces_extended = atr_parse(facts->atr, &atr) == KC_OK && atr_can_extend(&atr);
	error_clear();
}
