/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The slots: a table that only grows, so that an ID means the same as long as the program lives.
 */
#include "frontends/pkcs11/p11_slot.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/secret.h"
#include "frontends/pkcs11/p11_module.h"
#include "frontends/pkcs11/p11_text.h"

static struct {
	struct p11_slot **slots;
	size_t n_slots;
} table;

struct p11_slot *p11_slot_find(CK_SLOT_ID id)
{
	return id >= P11_SLOT_KEYCHAIN && id - P11_SLOT_KEYCHAIN < table.n_slots
		       ? table.slots[id - P11_SLOT_KEYCHAIN]
		       : NULL;
}

/* --- life cycle ---------------------------------------------------------------------------- */

static CK_RV add_slot(void)
{
	struct p11_slot **slots = realloc(table.slots, (table.n_slots + 1) * sizeof(*slots));
	struct p11_slot *slot = calloc(1, sizeof(*slot));

	if (slots)
		table.slots = slots;
	if (!slots || !slot) {
		free(slot);
		return CKR_HOST_MEMORY;
	}
	slot->id = P11_SLOT_KEYCHAIN + table.n_slots;
	slot->user = P11_NOBODY;
	table.slots[table.n_slots++] = slot;
	return CKR_OK;
}

CK_RV p11_slot_begin(void)
{
	CK_RV result = add_slot();

	if (result == CKR_OK)
		result = add_slot();
	if (result == CKR_OK)
		table.slots[0]->is_present = true;
	else
		p11_slot_end();
	return result;
}

static void forget_login(struct p11_slot *slot)
{
	slot->user = P11_NOBODY;
	if (slot->administrator)
		secret_done(slot->administrator);
	free(slot->administrator);
	slot->administrator = NULL;
}

void p11_slot_inherit(bool is_whole)
{
	if (!is_whole)
		table.n_slots = 0;
	for (size_t i = 0; i < table.n_slots; i++)
		forget_login(table.slots[i]);
}

void p11_slot_end(void)
{
	for (size_t i = 0; i < table.n_slots; i++) {
		forget_login(table.slots[i]);
		free(table.slots[i]->token_id);
		free(table.slots[i]);
	}
	free(table.slots);
	table.slots = NULL;
	table.n_slots = 0;
}

/* --- the standard's functions -------------------------------------------------------------- */

static CK_ULONG list_slots(bool only_present, CK_SLOT_ID *ret_ids, CK_ULONG room)
{
	CK_ULONG n = 0;

	for (size_t i = 0; i < table.n_slots; i++) {
		if (only_present && !table.slots[i]->is_present)
			continue;
		if (ret_ids && n < room)
			ret_ids[n] = table.slots[i]->id;
		n++;
	}
	return n;
}

CK_RV C_GetSlotList(CK_BBOOL only_present, CK_SLOT_ID *ret_ids, CK_ULONG *count)
{
	CK_ULONG room = 0;
	CK_RV result = CKR_OK;

	if (!count)
		return CKR_ARGUMENTS_BAD;
	result = p11_module_enter();
	if (result != CKR_OK)
		return result;
	room = *count;
	*count = list_slots(only_present, ret_ids, room);
	if (ret_ids && *count > room)
		result = CKR_BUFFER_TOO_SMALL;
	p11_module_leave();
	return result;
}

CK_RV C_GetSlotInfo(CK_SLOT_ID id, CK_SLOT_INFO *info)
{
	const struct p11_slot *slot = NULL;
	CK_RV result = CKR_OK;

	if (!info)
		return CKR_ARGUMENTS_BAD;
	result = p11_module_enter();
	if (result != CKR_OK)
		return result;
	slot = p11_slot_find(id);
	result = slot ? CKR_OK : CKR_SLOT_ID_INVALID;
	if (slot) {
		*info = (CK_SLOT_INFO){.flags = slot->is_present ? CKF_TOKEN_PRESENT : 0};
		p11_text_pad(info->slotDescription, sizeof(info->slotDescription), "keycask");
		p11_text_pad(info->manufacturerID, sizeof(info->manufacturerID), "keycask");
	}
	p11_module_leave();
	return result;
}

CK_RV C_GetTokenInfo(CK_SLOT_ID id, CK_TOKEN_INFO *info)
{
	(void)id;
	return info ? CKR_TOKEN_NOT_PRESENT : CKR_ARGUMENTS_BAD;
}

CK_RV C_WaitForSlotEvent(CK_FLAGS flags, CK_SLOT_ID *ret_id, void *reserved)
{
	(void)flags, (void)reserved;
	return ret_id ? CKR_NO_EVENT : CKR_ARGUMENTS_BAD;
}
