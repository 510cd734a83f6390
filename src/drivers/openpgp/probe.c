/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Is this an OpenPGP card, and which one? The AID says it: 4.2.1, the manufacturer's number and the
 * serial number that this one gave the card. Together they are the token's name, in upper-case
 * hexadecimal.
 */
#include "drivers/openpgp/openpgp.h"

#include <stdio.h>

#include "base/cleanup.h"
#include "base/try.h"
#include "codec/hex.h"

enum {
	INS_SELECT = 0xA4,
	P1_BY_NAME = 0x04,
	TAG_AID = 0x4F,
	TAG_APPLICATION = 0x6E,
	NAME_OFFSET = 8, /* in the AID: manufacturer, serial number */
	SERIAL_OFFSET = 10,
	NAME_BYTES = 6,
	SERIAL_BYTES = 4,
	APPLICATION_MAX = 4096,
};

/* RID of the FSFE, application 01. */
static const uint8_t aid_start[] = {0xD2, 0x76, 0x00, 0x01, 0x24, 0x01};

enum kc_status openpgp_select(struct kc_token *token)
{
	struct openpgp_state *state = kc_token_state(token);
	const struct kc_apdu apdu = {.ins = INS_SELECT,
				     .p1 = P1_BY_NAME,
				     .data = VIEW_OF(aid_start),
				     .le = OPENPGP_LE_ALL};

	state->kdf.is_known = false;
	state->occurrence = 0;
	return openpgp_command(token, &apdu, "the OpenPGP application", NULL);
}

/* By itself, or on cards that do not answer that in the application related data. */
static enum kc_status read_aid(struct kc_token *token, struct bytes *aid)
{
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(APPLICATION_MAX);
	struct kc_view found = {NULL, 0};
	enum kc_status status = openpgp_get_data(token, TAG_AID, aid);

	if (status != KC_ERR_OBJECT_NOT_FOUND && status != KC_ERR_NOT_IMPLEMENTED)
		return status;
	error_clear();
	TRY(openpgp_get_data(token, TAG_APPLICATION, &data));
	REQUIRE(openpgp_find(bytes_view(&data), TAG_AID, &found), KC_ERR_BAD_PARAMETER,
		"the card does not say which one it is");
	return bytes_append(aid, found);
}

static bool has_serial(const uint8_t *aid)
{
	uint8_t any = 0;

	for (size_t i = 0; i < SERIAL_BYTES; i++)
		any |= aid[SERIAL_OFFSET + i];
	return any != 0;
}

static enum kc_status check_aid(struct kc_view aid)
{
	REQUIRE(aid.len == OPENPGP_AID_BYTES &&
			view_equal(view_slice(aid, 0, sizeof(aid_start)), VIEW_OF(aid_start)),
		KC_ERR_BAD_PARAMETER, "the card is no OpenPGP card");
	REQUIRE(has_serial(aid.data), KC_ERR_BAD_PARAMETER,
		"the OpenPGP card has no serial number to know it by");
	return KC_OK;
}

enum kc_status openpgp_open(struct kc_token *token, struct kc_token_identity *ret_identity)
{
	struct openpgp_state *state = kc_token_state(token);
	CLEANUP(bytes_done) struct bytes aid = BYTES_INIT(APPLICATION_MAX);
	CLEANUP(freep) char *id = NULL;
	CLEANUP(freep) char *serial = NULL;
	char *label = NULL;

	TRY(read_aid(token, &aid));
	TRY(check_aid(bytes_view(&aid)));
	memcpy(state->aid, aid.data, sizeof(state->aid));
	id = hex_encode(view_of(state->aid + NAME_OFFSET, NAME_BYTES), HEX_UPPER);
	serial = hex_encode(view_of(state->aid + SERIAL_OFFSET, SERIAL_BYTES), HEX_UPPER);
	REQUIRE(id && serial && asprintf(&label, "OpenPGP %s", serial) >= 0, KC_ERR_ALLOCATE,
		"out of memory");
	*ret_identity = (struct kc_token_identity){.instance_id = take(id), .label = label};
	return KC_OK;
}
