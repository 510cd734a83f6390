/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Operations, as far as they are the same whatever is done: which key may, parts, buffers, the end.
 * All of it is the application's memory and time; the daemon is not asked here.
 */
#include "frontends/pkcs11/p11_operation.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "frontends/pkcs11/p11_ability.h"

void p11_operation_done(struct p11_operation *operation)
{
	p11_object_give(operation->key);
	p11_parameters_done(&operation->how);
	secret_done(&operation->pin);
	bytes_done(&operation->data);
	kc_bytes_free(&operation->result);
	explicit_bzero(operation, sizeof(*operation));
}

static struct p11_operation *operation_free(struct p11_operation *operation)
{
	if (operation)
		p11_operation_done(operation);
	free(operation);
	return NULL;
}

static void operation_freep(struct p11_operation **operation)
{
	*operation = operation_free(*operation);
}

static struct p11_operation **place_of(struct p11_session *session, const struct p11_verb *verb)
{
	return (struct p11_operation **)(void *)((uint8_t *)session + verb->place);
}

/* --- beginning -------------------------------------------------------------------------------- */

/* The key @handle, held, when it may do @verb with @mechanism. */
static CK_RV take_key(const struct p11_session *session, const struct p11_verb *verb,
		      const struct p11_mechanism *mechanism, CK_OBJECT_HANDLE handle,
		      struct p11_object **ret_key)
{
	struct p11_object *key = NULL;
	CK_RV result = p11_object_take_key(session->slot, handle, &key);

	if (result != CKR_OK)
		return result;
	if (!key->key)
		result = CKR_KEY_HANDLE_INVALID; /* a certificate, data */
	else if (!p11_mechanism_is_for(mechanism, key->key_type))
		result = CKR_KEY_TYPE_INCONSISTENT;
	else if (!p11_object_is(key, verb->permission))
		result = CKR_KEY_FUNCTION_NOT_PERMITTED;
	if (result == CKR_OK)
		*ret_key = key;
	else
		p11_object_give(key);
	return result;
}

/*
 * Some cards pad by themselves and do nothing else: programs that try one padding after the other
 * have to hear of it here, before there is anything to sign. All others need not be asked.
 */
static bool is_lacking(const struct p11_session *session, const struct p11_mechanism *mechanism,
		       const struct p11_verb *verb)
{
	struct p11_ability ability = {0};

	if (mechanism->scheme != P11_RSA_RAW && mechanism->scheme != P11_RSA_PSS &&
	    mechanism->scheme != P11_RSA_OAEP)
		return false;
	return p11_ability_find(session->slot, &ability) == CKR_OK &&
	       !(p11_ability_flags(&ability, mechanism) & verb->flag);
}

CK_RV p11_operation_take_whole(const struct p11_session *session, const struct p11_verb *verb,
			       const CK_MECHANISM *given, CK_OBJECT_HANDLE key,
			       struct p11_operation *ret_operation)
{
	const struct p11_mechanism *mechanism = p11_mechanism_find(given->mechanism);
	CK_RV result = CKR_OK;

	if (!mechanism || !(mechanism->flags & verb->flag))
		return CKR_MECHANISM_INVALID;
	ret_operation->verb = verb;
	ret_operation->data = BYTES_INIT(P11_DATA_MAX);
	result = p11_parameters_read(given, &ret_operation->how);
	if (result == CKR_OK && verb->permission != 0)
		result = take_key(session, verb, mechanism, key, &ret_operation->key);
	if (result == CKR_OK && is_lacking(session, mechanism, verb))
		result = CKR_MECHANISM_INVALID;
	p11_hash_init(&ret_operation->hash, mechanism->hash);
	return result;
}

static CK_RV new_operation(const struct p11_session *session, const struct p11_verb *verb,
			   const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key,
			   struct p11_operation **ret_operation)
{
	CLEANUP(operation_freep) struct p11_operation *operation = calloc(1, sizeof(*operation));
	CK_RV result = CKR_HOST_MEMORY;

	if (operation)
		result = p11_operation_take_whole(session, verb, mechanism, key, operation);
	if (result == CKR_OK)
		*ret_operation = take(operation);
	return result;
}

CK_RV p11_operation_begin(CK_SESSION_HANDLE handle, const struct p11_verb *verb,
			  const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	CLEANUP(p11_session_givep) struct p11_session *session = NULL;
	struct p11_operation **place = NULL;
	CK_RV result = p11_session_take(handle, &session);

	if (result != CKR_OK)
		return result;
	place = place_of(session, verb);
	if (!mechanism) {
		result = *place ? CKR_OK : CKR_ARGUMENTS_BAD;
		*place = operation_free(*place);
		return result;
	}
	return *place ? CKR_OPERATION_ACTIVE : new_operation(session, verb, mechanism, key, place);
}

/* --- going on --------------------------------------------------------------------------------- */

CK_RV p11_operation_enter(CK_SESSION_HANDLE handle, const struct p11_verb *verb,
			  struct p11_turn *turn)
{
	CK_RV result = p11_session_take(handle, &turn->session);

	if (result != CKR_OK)
		return result;
	turn->place = place_of(turn->session, verb);
	turn->operation = *turn->place;
	/* C_SignRecover does not end what C_SignInit began. */
	if (turn->operation && turn->operation->verb == verb)
		return CKR_OK;
	turn->goes_on = true;
	return CKR_OPERATION_NOT_INITIALIZED;
}

CK_RV p11_operation_enter_whole(CK_SESSION_HANDLE handle, const struct p11_verb *verb,
				const void *data, CK_ULONG len, struct p11_turn *turn)
{
	CK_RV result = p11_operation_enter(handle, verb, turn);

	if (result == CKR_OK && !data && len > 0)
		result = CKR_ARGUMENTS_BAD;
	/* 5.13.2: C_Sign comes "without intervening C_SignUpdate calls". */
	else if (result == CKR_OK && turn->operation->has_parts)
		result = CKR_OPERATION_ACTIVE;
	turn->goes_on = result != CKR_OK;
	return result;
}

void p11_operation_leave(struct p11_turn *turn)
{
	if (turn->place && !turn->goes_on)
		*turn->place = operation_free(*turn->place);
	p11_session_give(turn->session);
}

static CK_RV collect(struct p11_operation *operation, struct kc_view data)
{
	operation->has_parts = true;
	if (operation->hash.kind != P11_NO_HASH) {
		p11_hash_update(&operation->hash, data);
		return CKR_OK;
	}
	if (data.len > P11_DATA_MAX - operation->data.len)
		return CKR_DATA_LEN_RANGE;
	if (data.len > 0 && bytes_append(&operation->data, data) != KC_OK)
		return CKR_HOST_MEMORY;
	return CKR_OK;
}

CK_RV p11_operation_update(CK_SESSION_HANDLE handle, const struct p11_verb *verb, const void *data,
			   CK_ULONG len)
{
	CLEANUP(p11_operation_leave) struct p11_turn turn = {0};
	CK_RV result = p11_operation_enter(handle, verb, &turn);

	if (result != CKR_OK)
		return result;
	turn.goes_on = true;
	if (!data && len > 0)
		return CKR_ARGUMENTS_BAD;
	result = collect(turn.operation, view_of(data, len));
	turn.goes_on = result == CKR_OK;
	return result;
}

CK_RV p11_operation_update_quietly(CK_SESSION_HANDLE handle, const struct p11_verb *verb,
				   const void *data, CK_ULONG len, CK_ULONG *written)
{
	CK_RV result = written ? p11_operation_update(handle, verb, data, len) : CKR_ARGUMENTS_BAD;

	if (result == CKR_OK)
		*written = 0;
	return result;
}

struct kc_view p11_operation_input(struct p11_operation *operation, struct kc_view data,
				   uint8_t digest[P11_DIGEST_MAX])
{
	size_t len = p11_hash_bytes(operation->hash.kind);

	if (len == 0)
		return operation->has_parts ? bytes_view(&operation->data) : data;
	p11_hash_update(&operation->hash, data);
	p11_hash_finish(&operation->hash, digest);
	return view_of(digest, len);
}

bool p11_operation_has_room(struct p11_turn *turn, size_t needed, const CK_BYTE *buffer,
			    CK_ULONG *len, CK_RV *ret_result)
{
	turn->goes_on = true;
	if (!len) {
		*ret_result = CKR_ARGUMENTS_BAD;
		return false;
	}
	if (buffer && *len >= needed) {
		turn->goes_on = false;
		return true;
	}
	*len = needed;
	*ret_result = buffer ? CKR_BUFFER_TOO_SMALL : CKR_OK;
	return false;
}

CK_RV p11_operation_put_result(struct p11_turn *turn, CK_BYTE *buffer, CK_ULONG *len)
{
	const struct kc_bytes *made = &turn->operation->result;
	CK_RV result = CKR_OK;

	turn->operation->has_result = true;
	if (!p11_operation_has_room(turn, made->len, buffer, len, &result))
		return result;
	if (made->len > 0)
		memcpy(buffer, made->data, made->len);
	*len = made->len;
	return CKR_OK;
}

/* --- ending ----------------------------------------------------------------------------------- */

void p11_operation_end_all(struct p11_session *session)
{
	p11_operation_cancel(session, ~(CK_FLAGS)0);
}

void p11_operation_cancel(struct p11_session *session, CK_FLAGS flags)
{
	struct p11_operation **const places[] = {&session->sign, &session->verify,
						 &session->encrypt, &session->decrypt,
						 &session->digest};

	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (*places[i] && ((*places[i])->verb->flag & flags))
			*places[i] = operation_free(*places[i]);
}

void p11_operation_forget_pins(struct p11_session *session)
{
	if (session->sign)
		secret_done(&session->sign->pin);
	if (session->decrypt)
		secret_done(&session->decrypt->pin);
}

static bool wants_pin(const struct p11_operation *operation)
{
	return operation && operation->key->consent == P11_CONSENT_ALWAYS;
}

CK_RV p11_operation_authenticate(struct p11_session *session, struct kc_view pin)
{
	struct p11_operation *operation =
		wants_pin(session->sign) ? session->sign : session->decrypt;

	if (!wants_pin(operation))
		return CKR_OPERATION_NOT_INITIALIZED;
	secret_done(&operation->pin);
	if (pin.len > 0 && secret_init(&operation->pin, pin) != KC_OK)
		return CKR_PIN_LEN_RANGE;
	return CKR_OK;
}
