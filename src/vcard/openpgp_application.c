/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * OpenPGP as one of the card's applications: its AID, SELECT (OpenPGP card 3.4, 7.2.1), the table
 * of its instructions, and its life cycle: 7.2.16 TERMINATE DF and 7.2.17 ACTIVATE FILE, with which
 * a card that nobody can use any more starts anew.
 */
#include "base/try.h"
#include "vcard/application.h"
#include "vcard/openpgp_data.h"
#include "vcard/openpgp_keys.h"
#include "vcard/openpgp_password.h"
#include "vcard/openpgp_template.h"
#include "vcard/openpgp_use.h"

enum {
	AID_MIN = 5, /* the RID alone */
};

static uint16_t terminate(struct card *card, const struct apdu_command *command,
			  struct bytes *answer)
{
	const struct openpgp_secret *passwords = card->state.openpgp.passwords;
	bool is_blocked = passwords[OPENPGP_PASSWORD_USER].tries_left == 0 &&
			  passwords[OPENPGP_PASSWORD_ADMIN].tries_left == 0;

	(void)answer;
	if (command->p1 != 0 || command->p2 != 0)
		return SW_WRONG_P1P2;
	/* 7.2.16: PW3, or both passwords blocked. */
	if (!card->session.openpgp.is_admin_verified && !is_blocked)
		return SW_NOT_AUTHENTICATED;
	card->state.openpgp.is_terminated = true;
	card->is_changed = true;
	memset(&card->session.openpgp, 0, sizeof(card->session.openpgp));
	return SW_OK;
}

/* 7.2.17: in the operational state it does nothing. */
static uint16_t activate(struct card *card, const struct apdu_command *command,
			 struct bytes *answer)
{
	struct openpgp_state fresh;

	(void)answer;
	if (command->p1 != 0 || command->p2 != 0)
		return SW_WRONG_P1P2;
	if (!card->state.openpgp.is_terminated)
		return SW_OK;
	if (openpgp_state_init(&fresh) != KC_OK)
		return SW_INTERNAL;
	openpgp_state_done(&card->state.openpgp);
	card->state.openpgp = fresh;
	card->is_changed = true;
	return SW_OK;
}

static const struct {
	uint8_t ins;
	application_handler_fn handle;
} instructions[] = {
	{INS_VERIFY, openpgp_password_verify},
	{INS_CHANGE_REFERENCE_DATA, openpgp_password_change},
	{INS_RESET_RETRY_COUNTER, openpgp_password_unblock},
	{INS_SELECT_DATA, openpgp_data_select},
	{INS_GET_SIMPLE_DATA, openpgp_data_get},
	{INS_GET_NEXT_DATA, openpgp_data_get_next},
	{INS_PUT_SIMPLE_DATA, openpgp_data_put},
	{INS_PUT_DATA, openpgp_keys_import},
	{INS_GENERATE, openpgp_keys_generate},
	{INS_PERFORM_SECURITY_OPERATION, openpgp_use_security_operation},
	{INS_INTERNAL_AUTHENTICATE, openpgp_use_internal_authenticate},
	{INS_GET_CHALLENGE, openpgp_use_get_challenge},
	{INS_TERMINATE_DF, terminate},
	{INS_ACTIVATE_FILE, activate},
};

static bool is_on(const struct card_state *state)
{
	return state->openpgp.is_on;
}

static bool is_called(const struct card_state *state, struct kc_view name)
{
	uint8_t aid[OPENPGP_AID_BYTES];

	openpgp_template_aid(state, aid);
	return name.len >= AID_MIN && name.len <= sizeof(aid) &&
	       memcmp(name.data, aid, name.len) == 0;
}

/* Selecting starts anew: what 7.2.5 selected is forgotten, the passwords are not. */
static uint16_t answer_select(struct card *card, struct bytes *answer)
{
	(void)answer;
	card->session.openpgp.occurrence = 0;
	return card->state.openpgp.is_terminated ? SW_TERMINATED : SW_OK;
}

static application_handler_fn find(const struct card *card, uint8_t ins)
{
	if (card->state.openpgp.is_terminated)
		return ins == INS_ACTIVATE_FILE ? activate : NULL;
	for (size_t i = 0; i < ARRAY_LEN(instructions); i++)
		if (instructions[i].ins == ins)
			return instructions[i].handle;
	return NULL;
}

const struct application openpgp_application = {
	.name = "OpenPGP",
	.is_on = is_on,
	.is_called = is_called,
	.select = answer_select,
	.find = find,
};
