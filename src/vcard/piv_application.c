/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PIV as one of the card's applications: its AID, what SELECT answers (SP 800-73-5 part 2, 3.1.1),
 * and the table of its instructions.
 */
#include "base/try.h"
#include "codec/tlv.h"
#include "vcard/application.h"
#include "vcard/piv_auth.h"
#include "vcard/piv_data.h"
#include "vcard/piv_keys.h"
#include "vcard/piv_pin.h"
#include "vcard/piv_yubico.h"

static const uint8_t aid[] = {0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00};

enum {
	AID_MIN = 5,	      /* the RID alone */
	AID_RID_BYTES = 5,    /* what follows it is the PIX */
	TEMPLATE_BYTES = 256, /* of the application property template */
};

static const struct {
	uint8_t ins;
	application_handler_fn handle;
} instructions[] = {
	{INS_VERIFY, piv_pin_verify},
	{INS_CHANGE_REFERENCE_DATA, piv_pin_change},
	{INS_RESET_RETRY_COUNTER, piv_pin_unblock},
	{INS_GENERATE, piv_keys_generate},
	{INS_GENERAL_AUTHENTICATE, piv_auth_general},
	{INS_GET_DATA, piv_data_get},
	{INS_PUT_DATA, piv_data_put},
	{INS_MOVE_KEY, piv_yubico_move_key},
	{INS_GET_METADATA, piv_yubico_metadata},
	{INS_GET_SERIAL, piv_yubico_serial},
	{INS_SET_RETRIES, piv_yubico_set_retries},
	{INS_RESET, piv_yubico_reset},
	{INS_GET_VERSION, piv_yubico_version},
	{INS_IMPORT_KEY, piv_keys_import},
	{INS_SET_MANAGEMENT_KEY, piv_yubico_set_management_key},
};

static bool is_on(const struct card_state *state)
{
	return !state->lacks_piv;
}

/* SP 800-73-5 part 2, 3.1.1: the AID may be right-truncated. */
static bool is_called(const struct card_state *state, struct kc_view name)
{
	(void)state;
	return name.len >= AID_MIN && name.len <= sizeof(aid) &&
	       memcmp(name.data, aid, name.len) == 0;
}

static enum kc_status put_property_template(struct bytes *answer)
{
	static const uint8_t authority[] = {0x4F, 0x05, 0xA0, 0x00, 0x00, 0x03, 0x08};
	CLEANUP(bytes_done) struct bytes template = BYTES_INIT(TEMPLATE_BYTES);

	TRY(tlv_put(&template, 0x4F, view_of(aid + AID_RID_BYTES, sizeof(aid) - AID_RID_BYTES)));
	TRY(tlv_put(&template, 0x79, VIEW_OF(authority)));
	TRY(tlv_put(&template, 0x50, view_of_text("keycask PIV")));
	for (size_t i = 0; piv_algorithm_at(i); i++) {
		const uint8_t row[] = {0x80, 0x01, piv_algorithm_at(i)->id, 0x06, 0x01, 0x00};

		TRY(tlv_put(&template, 0xAC, VIEW_OF(row)));
	}
	return tlv_put(answer, 0x61, bytes_view(&template));
}

static uint16_t answer_select(struct card *card, struct bytes *answer)
{
	(void)card;
	return put_property_template(answer) == KC_OK ? SW_OK : SW_INTERNAL;
}

static bool is_yubicos(uint8_t ins)
{
	return ins >= INS_MOVE_KEY;
}

static application_handler_fn find(const struct card *card, uint8_t ins)
{
	if (card->state.manner.is_strict && is_yubicos(ins))
		return NULL;
	if (!card->state.manner.moves_keys && ins == INS_MOVE_KEY)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(instructions); i++)
		if (instructions[i].ins == ins)
			return instructions[i].handle;
	return NULL;
}

const struct application piv_application = {
	.name = "PIV",
	.is_on = is_on,
	.is_called = is_called,
	.select = answer_select,
	.find = find,
};
