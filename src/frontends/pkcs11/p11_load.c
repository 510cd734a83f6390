/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Loading: one query for keys and one for certificates, of which objects are made beside the lock
 * and put into the catalogue within it. A public key costs no call when it stands in a certificate
 * or was seen before; else it is asked for, once while the program lives.
 */
#include "frontends/pkcs11/p11_load.h"

#include <stdlib.h>

#include "base/copy.h"
#include "frontends/pkcs11/p11_catalogue.h"
#include "frontends/pkcs11/p11_event.h"
#include "frontends/pkcs11/p11_harvest.h"
#include "frontends/pkcs11/p11_module.h"
#include "frontends/pkcs11/p11_slot.h"
#include "frontends/pkcs11/p11_status.h"

enum {
	TRIES = 3, /* a token that is inserted while it is being looked at is looked at again */
};

struct load {
	CK_SLOT_ID slot;
	enum p11_load_classes classes;
	char *token_id; /* NULL: the keychain */
	unsigned n_insertions;
	unsigned long clock;
	bool is_needed;
	bool is_final; /* nothing has changed meanwhile */
};

static void load_done(struct load *load)
{
	free(load->token_id);
	load->token_id = NULL;
}

/* --- what is to be done ---------------------------------------------------------------------- */

/* Held. A token's objects are either all known or none; of the keychain, all are asked for first.
 */
static CK_RV plan(struct load *load, const struct p11_slot *slot)
{
	if (!slot)
		return CKR_SLOT_ID_INVALID;
	if (slot->id != P11_SLOT_KEYCHAIN && (!slot->is_present || !slot->token_id))
		return CKR_DEVICE_REMOVED;
	load->is_needed = slot->id == P11_SLOT_KEYCHAIN || slot->n_loaded != slot->n_insertions;
	if (slot->id != P11_SLOT_KEYCHAIN || slot->n_loaded == 0)
		load->classes = P11_LOAD_ALL;
	load->n_insertions = slot->n_insertions;
	load->clock = p11_catalogue_clock();
	return copy_text(slot->token_id, &load->token_id) == KC_OK ? CKR_OK : CKR_HOST_MEMORY;
}

static CK_RV begin(struct load *load)
{
	CK_RV result = p11_module_enter();

	if (result != CKR_OK)
		return result;
	result = plan(load, p11_slot_find(load->slot));
	p11_module_leave();
	return result;
}

/* --- in and out ------------------------------------------------------------------------------ */

/* Held. */
static void sweep(const struct load *load)
{
	if (load->classes & P11_LOAD_CERTIFICATES)
		p11_catalogue_sweep(load->slot, CKO_CERTIFICATE, load->clock);
	if (load->classes & P11_LOAD_KEYS) {
		p11_catalogue_sweep(load->slot, CKO_PRIVATE_KEY, load->clock);
		p11_catalogue_sweep(load->slot, CKO_PUBLIC_KEY, load->clock);
	}
}

/* What was not found is gone, unless its token was drawn meanwhile: then nothing is known. */
static CK_RV finish(struct load *load)
{
	CK_RV result = p11_module_enter();
	struct p11_slot *slot = NULL;

	if (result != CKR_OK)
		return result;
	slot = p11_slot_find(load->slot);
	load->is_final = slot && slot->n_insertions == load->n_insertions &&
			 (slot->is_present || !load->token_id);
	if (load->is_final) {
		sweep(load);
		slot->n_loaded = load->token_id ? slot->n_insertions : 1;
	}
	p11_module_leave();
	return CKR_OK;
}

static CK_RV load_once(CK_SLOT_ID slot, enum p11_load_classes classes, bool *ret_is_final)
{
	CLEANUP(load_done) struct load load = {.slot = slot, .classes = classes};
	CK_RV result = begin(&load);

	if (result == CKR_OK && load.is_needed) {
		result = p11_harvest(slot, load.token_id, load.classes);
		if (result == CKR_OK)
			result = finish(&load);
	}
	if (result == CKR_OK)
		*ret_is_final = load.is_final || !load.is_needed;
	return result;
}

CK_RV p11_load_objects(CK_SLOT_ID slot, enum p11_load_classes classes)
{
	CK_RV result = p11_event_look();
	bool is_final = false;

	for (int i = 0; i < TRIES && result == CKR_OK && !is_final; i++)
		result = load_once(slot, classes, &is_final);
	return result;
}

/* Of the keychain, handles are good for what they are; of a token that was never looked at there
 * are none. */
CK_RV p11_load_renew(CK_SLOT_ID id)
{
	const struct p11_slot *slot = NULL;
	CK_RV result = p11_module_enter();
	bool is_stale = false;

	if (result != CKR_OK)
		return result;
	slot = p11_slot_find(id);
	is_stale = slot && id != P11_SLOT_KEYCHAIN && slot->is_present && slot->n_loaded != 0 &&
		   slot->n_loaded != slot->n_insertions;
	p11_module_leave();
	if (is_stale)
		(void)p11_load_objects(id, P11_LOAD_ALL);
	return CKR_OK;
}

void p11_load_expire(CK_SLOT_ID id)
{
	struct p11_slot *slot = NULL;

	p11_module_hold();
	slot = p11_slot_find(id);
	if (slot && slot->n_loaded != 0)
		slot->n_loaded = slot->n_insertions - 1;
	if (slot) /* other keys may be able to do other things */
		slot->n_asked = 0;
	p11_module_leave();
}
