/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is deleted: a certificate by an empty PUT DATA, which every card knows; a key by Yubico's
 * MOVE KEY (F6) to nowhere (FF), which YubiKeys have from firmware 5.7 on and SP 800-73 has not at
 * all.
 */
#include "drivers/piv/piv.h"

#include "base/cleanup.h"
#include "base/try.h"

enum {
	INS_MOVE_KEY = 0xF6,
	INS_GET_VERSION = 0xFD,
	P1_NOWHERE = 0xFF,
	VERSION_BYTES = 3,
	VERSION_WITH_DELETION = 0x050700,
};

/* 0 where the card does not tell. */
enum kc_status piv_read_version(struct kc_token *token, uint32_t *ret_version)
{
	CLEANUP(piv_bytes_done) struct kc_bytes version = {NULL, 0};
	const struct kc_apdu apdu = {.ins = INS_GET_VERSION, .le = PIV_LE_ALL};
	enum kc_status status = piv_command(token, &apdu, "the version", &version);

	if (status != KC_OK && !piv_can_skip(status))
		return status;
	error_clear();
	*ret_version = status == KC_OK && version.len == VERSION_BYTES
			       ? (uint32_t)version.data[0] << 16 | (uint32_t)version.data[1] << 8 |
					 version.data[2]
			       : 0;
	return KC_OK;
}

enum kc_status piv_plan_deletion(struct kc_token *token, const struct kc_deletion_wish *wish)
{
	struct piv_place place = {.slot = 0};
	const struct piv_key *key = NULL;
	uint32_t version = 0;

	if (!wish->is_key) {
		REQUIRE(piv_find_container(wish->object_id, &place), KC_ERR_OBJECT_NOT_FOUND,
			"the card has no such certificate");
		return KC_OK;
	}
	TRY(piv_find_key(token, wish->object_id, &key));
	TRY(piv_read_version(token, &version));
	if (version >= VERSION_WITH_DELETION)
		return KC_OK;
	error_set_hint("another key can take its place (keycask key create --replace), and its "
		       "certificate can be deleted");
	return fail(KC_ERR_NOT_IMPLEMENTED, "this card cannot delete the key in %02X", key->slot);
}

void piv_forget_slot(struct piv_key *keys, size_t *n, uint8_t slot)
{
	for (size_t i = 0; i < *n; i++) {
		if (keys[i].slot != slot)
			continue;
		keys[i] = keys[--*n];
		return;
	}
}

/* The certificate stays, and certifies a key that is elsewhere. */
static enum kc_status delete_key(struct kc_token *token, uint8_t slot)
{
	struct piv_state *state = kc_token_state(token);
	const struct kc_apdu apdu = {.ins = INS_MOVE_KEY, .p1 = P1_NOWHERE, .p2 = slot};

	TRY(piv_command(token, &apdu, "deleting the key", NULL));
	piv_forget_slot(state->made, &state->n_made, slot);
	return KC_OK;
}

enum kc_status piv_delete_object(struct kc_token *token, const struct kc_deletion_wish *wish)
{
	struct piv_place place = {.slot = 0};

	if (wish->is_key)
		return delete_key(token, wish->object_id.data[0]);
	REQUIRE(piv_find_container(wish->object_id, &place), KC_ERR_OBJECT_NOT_FOUND,
		"the card has no such certificate");
	return piv_delete_certificate(token, &place, "deleting the certificate");
}
