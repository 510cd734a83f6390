/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The slots: a table that only grows, so that an ID means the same as long as the program lives.
 */
#include "frontends/pkcs11/p11_slot.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <keycask/token.h>

#include "base/cleanup.h"
#include "base/copy.h"
#include "base/secret.h"
#include "base/try.h"
#include "frontends/pkcs11/p11_event.h"
#include "frontends/pkcs11/p11_module.h"
#include "frontends/pkcs11/p11_text.h"
#include "frontends/pkcs11/p11_token.h"

static struct {
	struct p11_slot **slots;
	size_t n_slots;
	atomic_bool is_counted; /* C_GetSlotList has told how many; not yet which */
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
	struct p11_slot **slots = realloc(table.slots, (table.n_slots + 1) * sizeof(void *));
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
	if (result != CKR_OK)
		p11_slot_end();
	return result;
}

void p11_slot_forget_login(struct p11_slot *slot)
{
	slot->user = P11_NOBODY;
	if (slot->administrator)
		secret_done(slot->administrator);
	free(slot->administrator);
	slot->administrator = NULL;
}

void p11_slot_inherit(bool is_whole)
{
	if (!is_whole) {
		table.slots = NULL;
		table.n_slots = 0;
		ignore(p11_slot_begin() != CKR_OK);
	}
	for (size_t i = 0; i < table.n_slots; i++)
		p11_slot_forget_login(table.slots[i]);
}

static void slot_free(struct p11_slot *slot)
{
	p11_slot_forget_login(slot);
	free(slot->pin_rules);
	free(slot->token_id);
	free(slot->label);
	free(slot->model);
	free(slot);
}

void p11_slot_end(void)
{
	for (size_t i = 0; i < table.n_slots; i++)
		slot_free(table.slots[i]);
	free(table.slots);
	table.slots = NULL;
	table.n_slots = 0;
}

/* --- what comes and goes ------------------------------------------------------------------- */

static bool is_of(const struct p11_slot *slot, const char *token_id)
{
	return slot->token_id && strcmp(slot->token_id, token_id) == 0;
}

/* The token's own, or else the one that is empty and was so always. */
static struct p11_slot *find_place(const char *token_id)
{
	for (size_t i = 1; i < table.n_slots; i++)
		if (is_of(table.slots[i], token_id))
			return table.slots[i];
	return table.slots[table.n_slots - 1];
}

/* What was proved to a token, and what its PIN was like, ends with its presence. */
static void set_presence(struct p11_slot *slot, bool is_present, bool is_event)
{
	if (slot->is_present == is_present)
		return;
	slot->is_present = is_present;
	slot->has_event |= is_event;
	p11_slot_forget_login(slot);
	free(take(slot->pin_rules));
	slot->n_insertions++;
}

static CK_RV replace_text(char **text, const char *new_text)
{
	char *copy = NULL;

	if (copy_text(new_text, &copy) != KC_OK)
		return CKR_HOST_MEMORY;
	free(*text);
	*text = copy;
	return CKR_OK;
}

CK_RV p11_slot_note_present(const char *token_id, const struct kc_dictionary *token, bool is_event)
{
	struct p11_slot *slot = find_place(token_id);
	CK_RV result = CKR_OK;

	if (!slot->token_id) {
		result = add_slot(); /* the next one that is always empty */
		if (result == CKR_OK)
			result = replace_text(&slot->token_id, token_id);
	}
	if (result == CKR_OK)
		result = replace_text(&slot->label, kc_dictionary_text(token, KC_TOKEN_LABEL));
	if (result == CKR_OK && kc_dictionary_text(token, KC_TOKEN_DRIVER_NAME))
		result =
			replace_text(&slot->model, kc_dictionary_text(token, KC_TOKEN_DRIVER_NAME));
	if (result != CKR_OK)
		return result;
	set_presence(slot, true, is_event);
	return CKR_OK;
}

bool p11_slot_note_other_items(const char *token_id)
{
	struct p11_slot *slot = find_place(token_id);

	if (!is_of(slot, token_id) || !slot->is_present)
		return false;
	slot->n_insertions++;
	return true;
}

void p11_slot_note_absent(const char *token_id, bool is_event)
{
	for (size_t i = 1; i < table.n_slots; i++)
		if (is_of(table.slots[i], token_id))
			set_presence(table.slots[i], false, is_event);
}

static bool is_among(const struct kc_value *tokens, const char *token_id)
{
	for (size_t i = 0; i < kc_value_count(tokens); i++) {
		const struct kc_dictionary *token = kc_value_dictionary(kc_value_at(tokens, i));
		const char *other = kc_dictionary_text(token, KC_TOKEN_ID);

		if (other && strcmp(other, token_id) == 0)
			return true;
	}
	return false;
}

void p11_slot_note_listed(const struct kc_value *tokens, bool is_event)
{
	set_presence(table.slots[0], tokens != NULL, is_event);
	for (size_t i = 1; i < table.n_slots; i++)
		if (table.slots[i]->token_id && !is_among(tokens, table.slots[i]->token_id))
			set_presence(table.slots[i], false, is_event);
}

bool p11_slot_has_event(void)
{
	for (size_t i = 0; i < table.n_slots; i++)
		if (table.slots[i]->has_event)
			return true;
	return false;
}

bool p11_slot_take_event(CK_SLOT_ID *ret_id)
{
	for (size_t i = 0; i < table.n_slots; i++) {
		if (!table.slots[i]->has_event)
			continue;
		table.slots[i]->has_event = false;
		*ret_id = table.slots[i]->id;
		return true;
	}
	return false;
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

/* Programs ask for the number first, and mostly take it for granted that the list is as long: 3.0,
 * 5.5.1 has what came meanwhile seen at the next number only. */
CK_RV C_GetSlotList(CK_BBOOL only_present, CK_SLOT_ID *ret_ids, CK_ULONG *count)
{
	CK_ULONG room = 0;
	CK_RV result = CKR_OK;

	if (!count)
		return CKR_ARGUMENTS_BAD;
	if (!ret_ids || !table.is_counted)
		result = p11_event_look();
	if (result == CKR_OK)
		result = p11_module_enter();
	if (result != CKR_OK)
		return result;
	room = *count;
	*count = list_slots(only_present, ret_ids, room);
	table.is_counted = !ret_ids;
	if (ret_ids && *count > room)
		result = CKR_BUFFER_TOO_SMALL;
	p11_module_leave();
	return result;
}

/* 3.0, 3.2: the descriptions of slots are what stays the same while tokens come and go. Slots whose
 * token is always there would be those without CKF_REMOVABLE_DEVICE; the keychain is not there
 * without the daemon, and programs look at other slots no second time. */
static void describe(const struct p11_slot *slot, CK_SLOT_INFO *ret_info)
{
	char description[sizeof(ret_info->slotDescription)] = "keycask keychain";

	if (slot->id != P11_SLOT_KEYCHAIN)
		(void)snprintf(description, sizeof(description), "keycask slot %lu", slot->id);
	*ret_info = (CK_SLOT_INFO){.flags = CKF_REMOVABLE_DEVICE};
	if (slot->is_present)
		ret_info->flags |= CKF_TOKEN_PRESENT;
	if (slot->id != P11_SLOT_KEYCHAIN)
		ret_info->flags |= CKF_HW_SLOT;
	p11_text_pad(ret_info->slotDescription, sizeof(ret_info->slotDescription), description);
	p11_text_pad(ret_info->manufacturerID, sizeof(ret_info->manufacturerID), "keycask");
}

CK_RV C_GetSlotInfo(CK_SLOT_ID id, CK_SLOT_INFO *info)
{
	const struct p11_slot *slot = NULL;
	CK_RV result = CKR_OK;

	if (!info)
		return CKR_ARGUMENTS_BAD;
	result = p11_event_look();
	if (result == CKR_OK)
		result = p11_module_enter();
	if (result != CKR_OK)
		return result;
	slot = p11_slot_find(id);
	result = slot ? CKR_OK : CKR_SLOT_ID_INVALID;
	if (slot)
		describe(slot, info);
	p11_module_leave();
	return result;
}
