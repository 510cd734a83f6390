/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What C_Login and C_SetPIN have in common: the token, its PIN and what comes of it. */
#include "frontends/pkcs11/p11_proof.h"

#include <stdlib.h>

#include "base/copy.h"
#include "frontends/pkcs11/p11_module.h"
#include "frontends/pkcs11/p11_session.h"
#include "frontends/pkcs11/p11_slot.h"
#include "frontends/pkcs11/p11_status.h"
#include "frontends/pkcs11/p11_token.h"

void p11_proof_done(struct p11_proof *proof)
{
	free(proof->token_id);
}

CK_RV p11_proof_find(const struct p11_session *session, struct p11_proof *ret_proof)
{
	const struct p11_slot *slot = NULL;
	CK_RV result = p11_module_enter();

	if (result != CKR_OK)
		return result;
	slot = p11_slot_find(session->slot);
	if (!slot) { /* finalised and initialised meanwhile */
		p11_module_leave();
		return CKR_SESSION_HANDLE_INVALID;
	}
	*ret_proof = (struct p11_proof){
		.slot = slot->id,
		.user = slot->user,
		.has_read_only =
			p11_session_count(slot->id, false) > p11_session_count(slot->id, true),
	};
	if (!slot->is_present)
		result = CKR_TOKEN_NOT_PRESENT;
	else if (copy_text(slot->token_id, &ret_proof->token_id) != KC_OK)
		result = CKR_HOST_MEMORY;
	p11_module_leave();
	return result;
}

struct kc_view p11_proof_pin(const CK_BYTE *pin, CK_ULONG pin_len)
{
	return pin && pin_len > 0 ? view_of(pin, pin_len) : (struct kc_view){NULL, 0};
}

void p11_proof_note_tries(const struct p11_proof *proof, int tries_left)
{
	p11_module_hold();
	p11_token_note_tries(proof->slot, tries_left);
	p11_module_leave();
}

/* What daemon and driver say of a PIN, in the words of programs. A PIN that nobody typed is not
 * tried when it is the last try (KC_ERR_INTERACTION_NOT_ALLOWED): whoever has one can log in at the
 * prompt. */
CK_RV p11_proof_result(enum kc_status status)
{
	if (status == KC_ERR_PARAM)
		return CKR_PIN_LEN_RANGE;
	if (status == KC_ERR_INTERACTION_NOT_ALLOWED)
		return CKR_FUNCTION_REJECTED;
	return p11_status_of_asking(status);
}
