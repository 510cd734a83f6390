/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* C_Digest and its siblings, in this process alone. (3.0, 5.12.) */
#include <stddef.h>
#include <string.h>

#include "frontends/pkcs11/p11_operation.h"

static const struct p11_verb digestion = {CKF_DIGEST, 0, offsetof(struct p11_session, digest)};

static CK_RV finish(struct p11_turn *turn, struct kc_view data, CK_BYTE *digest, CK_ULONG *len)
{
	uint8_t made[P11_DIGEST_MAX];
	struct kc_view view;
	CK_RV result = CKR_OK;

	if (!p11_operation_has_room(turn, p11_hash_bytes(turn->operation->hash.kind), digest, len,
				    &result))
		return result;
	view = p11_operation_input(turn->operation, data, made);
	memcpy(digest, view.data, view.len);
	*len = view.len;
	return CKR_OK;
}

CK_RV C_DigestInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism)
{
	return p11_operation_begin(session, &digestion, mechanism, CK_INVALID_HANDLE);
}

CK_RV C_Digest(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len, CK_BYTE *digest,
	       CK_ULONG *digest_len)
{
	CLEANUP(p11_operation_leave) struct p11_turn turn = {0};
	CK_RV result = p11_operation_enter_whole(session, &digestion, data, data_len, &turn);

	return result == CKR_OK ? finish(&turn, view_of(data, data_len), digest, digest_len)
				: result;
}

CK_RV C_DigestUpdate(CK_SESSION_HANDLE session, CK_BYTE *part, CK_ULONG part_len)
{
	return p11_operation_update(session, &digestion, part, part_len);
}

static CK_RV digest_key(struct p11_turn *turn, CK_OBJECT_HANDLE handle)
{
	CLEANUP(p11_object_givep) struct p11_object *key = NULL;
	CK_RV result = p11_object_take_key(turn->session->slot, handle, &key);

	if (result == CKR_OK && !key->secret)
		return CKR_KEY_INDIGESTIBLE;
	if (result == CKR_OK)
		p11_hash_update(&turn->operation->hash, secret_view(key->secret));
	return result;
}

/* "the value of a secret key", which is in this process when it is one of a session. */
CK_RV C_DigestKey(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
	CLEANUP(p11_operation_leave) struct p11_turn turn = {0};
	CK_RV result = p11_operation_enter(session, &digestion, &turn);

	if (result != CKR_OK)
		return result;
	turn.goes_on = true;
	turn.operation->has_parts = true;
	return digest_key(&turn, key);
}

CK_RV C_DigestFinal(CK_SESSION_HANDLE session, CK_BYTE *digest, CK_ULONG *digest_len)
{
	CLEANUP(p11_operation_leave) struct p11_turn turn = {0};
	CK_RV result = p11_operation_enter(session, &digestion, &turn);

	return result == CKR_OK ? finish(&turn, view_of(NULL, 0), digest, digest_len) : result;
}
