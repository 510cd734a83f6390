/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * C_GenerateKeyPair and C_GenerateKey (3.0, 5.18.1, 5.18.2). The daemon makes the pair, or has the
 * token make it; what the template says of it becomes attributes of the keychain. Secret keys,
 * which no mechanism of this module uses, are not made.
 */
#include <stdint.h>

#include <keycask/dictionary.h>

#include "base/bytes.h"
#include "frontends/owned.h"
#include "frontends/pkcs11/p11_attributes.h"
#include "frontends/pkcs11/p11_key_file.h"
#include "frontends/pkcs11/p11_mechanism.h"
#include "frontends/pkcs11/p11_place.h"
#include "frontends/pkcs11/p11_public_key.h"
#include "frontends/pkcs11/p11_session_key.h"
#include "frontends/pkcs11/p11_template.h"
#include "frontends/pkcs11/p11_writing.h"

struct pair {
	struct p11_wish public_wish, private_wish;
	const char *key_type; /* of docs/vocabulary.md; static */
	CK_ULONG size_in_bits;
	CK_OBJECT_HANDLE public_handle, private_handle;
};

/* --- what kind of key ------------------------------------------------------------------------ */

/* 65537 is the only exponent that anybody uses, and the one that is used here. */
static bool is_usual_exponent(struct kc_view exponent)
{
	static const uint8_t usual[] = {0x01, 0x00, 0x01};

	while (exponent.len > 0 && exponent.data[0] == 0)
		exponent = view_slice(exponent, 1, exponent.len);
	return exponent.len == 0 || view_equal(exponent, VIEW_OF(usual));
}

static CK_RV read_rsa(struct pair *pair)
{
	const struct p11_wish *wish = &pair->public_wish;

	pair->key_type = KC_KEY_TYPE_NAME_RSA;
	pair->size_in_bits = p11_template_number(wish->template, wish->n, CKA_MODULUS_BITS, 0);
	if (pair->size_in_bits == 0)
		return CKR_TEMPLATE_INCOMPLETE;
	if (!is_usual_exponent(p11_template_view(wish->template, wish->n, CKA_PUBLIC_EXPONENT)))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	return pair->size_in_bits <= UINT16_MAX ? CKR_OK : CKR_KEY_SIZE_RANGE;
}

static CK_RV read_curve(const struct p11_mechanism *mechanism, struct pair *pair)
{
	const struct p11_wish *wish = &pair->public_wish;
	struct kc_view params = p11_template_view(wish->template, wish->n, CKA_EC_PARAMS);
	const struct p11_curve *curve = p11_public_key_curve(params);

	if (params.len == 0)
		return CKR_TEMPLATE_INCOMPLETE;
	/* pkcs11-tool names Ed25519 and X25519 to CKM_EC_KEY_PAIR_GEN, too */
	if (!curve || (mechanism->type != CKM_EC_KEY_PAIR_GEN &&
		       !p11_mechanism_is_for(mechanism, curve->kind)))
		return CKR_CURVE_NOT_SUPPORTED;
	pair->key_type = curve->kind;
	pair->size_in_bits = (CK_ULONG)curve->size_in_bits;
	return CKR_OK;
}

/* GnuTLS 3.7 has Ed25519 keys made by what they sign with. */
static CK_MECHANISM_TYPE generation_of(CK_MECHANISM_TYPE type)
{
	return type == CKM_EDDSA ? CKM_EC_EDWARDS_KEY_PAIR_GEN : type;
}

static CK_RV read_kind(const CK_MECHANISM *mechanism, struct pair *pair)
{
	const struct p11_mechanism *known = p11_mechanism_find(generation_of(mechanism->mechanism));

	if (!known || !(known->flags & CKF_GENERATE_KEY_PAIR))
		return CKR_MECHANISM_INVALID;
	if (mechanism->ulParameterLen != 0)
		return CKR_MECHANISM_PARAM_INVALID;
	return known->type == CKM_RSA_PKCS_KEY_PAIR_GEN ? read_rsa(pair) : read_curve(known, pair);
}

/* --- what the keychain is told --------------------------------------------------------------- */

/* Of a place that is named, the use follows; else a signing key is what is usually meant. */
static enum kc_status put_token(const struct p11_writing *writing, const struct pair *pair,
				struct kc_dictionary *attributes)
{
	const struct p11_wish *wish = &pair->private_wish;
	const char *place = p11_place_find(writing->token_id,
					   p11_template_view(wish->template, wish->n, CKA_ID));
	bool derives = p11_template_flag(wish->template, wish->n, CKA_DERIVE, false);
	bool decrypts = p11_template_flag(wish->template, wish->n, CKA_DECRYPT, false);
	bool signs = p11_template_flag(wish->template, wish->n, CKA_SIGN, !derives && !decrypts);
	enum kc_status status =
		kc_dictionary_set(attributes, KC_ATTR_TOKEN_ID, KC_TEXT(writing->token_id));

	if (status == KC_OK && place)
		return kc_dictionary_set(attributes, KC_TOKEN_OBJECT, KC_TEXT(place));
	if (status == KC_OK && signs)
		return kc_dictionary_set(attributes, KC_ATTR_CAN_SIGN, KC_TRUE);
	if (status == KC_OK && decrypts)
		status = kc_dictionary_set(attributes, KC_ATTR_CAN_DECRYPT, KC_TRUE);
	if (status == KC_OK && derives)
		status = kc_dictionary_set(attributes, KC_ATTR_CAN_DERIVE, KC_TRUE);
	return status;
}

/* @writing NULL: for this process alone. */
static CK_RV make_attributes(const struct p11_writing *writing, const struct pair *pair,
			     struct kc_dictionary *attributes)
{
	CK_RV result = CKR_OK;

	if (writing && writing->token_id)
		return put_token(writing, pair, attributes) == KC_OK ? CKR_OK : CKR_HOST_MEMORY;
	result = p11_key_file_put_uses(writing, &pair->private_wish, attributes);
	if (result != CKR_OK || !writing)
		return result;
	if (kc_dictionary_set(attributes, KC_ATTR_IS_PERMANENT, KC_TRUE) != KC_OK)
		return CKR_HOST_MEMORY;
	return p11_writing_put_names(writing, &pair->private_wish, kc_view_of(NULL, 0), attributes);
}

static CK_RV make(const struct p11_writing *writing, const struct pair *pair,
		  struct kc_key **ret_key)
{
	CLEANUP(kc_dictionary_freep)
	struct kc_dictionary *attributes =
		KC_DICTIONARY({KC_ATTR_KEY_TYPE, KC_TEXT(pair->key_type)},
			      {KC_ATTR_KEY_SIZE_IN_BITS, KC_NUMBER((int64_t)pair->size_in_bits)});
	struct kc_options options = KC_OPTIONS_INIT;
	enum kc_status status = KC_OK;
	CK_RV result = CKR_HOST_MEMORY;

	if (!attributes)
		return CKR_HOST_MEMORY;
	result = make_attributes(writing, pair, attributes);
	if (result != CKR_OK)
		return result;
	if (writing)
		options = p11_writing_options(writing);
	status = kc_key_create(attributes, &options, ret_key);
	return writing ? p11_writing_status(status) : p11_writing_status_of_session(status);
}

/* --- what becomes of it ---------------------------------------------------------------------- */

static CK_RV add_public(const struct p11_session *session, const struct kc_key *key,
			struct pair *pair)
{
	struct kc_key *public_key = NULL;
	enum kc_status status = kc_key_copy_public(key, &public_key);

	if (status != KC_OK)
		return p11_writing_status(status);
	return p11_session_key_add_public(session, &public_key, &pair->public_wish, true,
					  &pair->public_handle);
}

/* The public key of a key that stays is there without being asked for. One that shall end with the
 * session is another object. */
static CK_RV generate_permanent(const struct p11_session *session, struct pair *pair)
{
	CLEANUP(p11_writing_done) struct p11_writing writing = {.slot = 0};
	CLEANUP(kc_key_freep) struct kc_key *key = NULL;
	const struct p11_wish *wish = &pair->public_wish;
	CK_RV result = p11_writing_begin(session, &writing);

	if (result == CKR_OK)
		result = make(&writing, pair, &key);
	if (result == CKR_OK)
		result =
			p11_writing_find_key(&writing, CKO_PRIVATE_KEY, key, &pair->private_handle);
	if (result != CKR_OK)
		return result;
	if (!p11_template_flag(wish->template, wish->n, CKA_TOKEN, false))
		return add_public(session, key, pair);
	return p11_writing_find_key(&writing, CKO_PUBLIC_KEY, key, &pair->public_handle);
}

static CK_RV generate_for_session(const struct p11_session *session, struct pair *pair)
{
	CLEANUP(kc_key_freep) struct kc_key *key = NULL;
	CK_RV result = make(NULL, pair, &key);

	if (result == CKR_OK)
		result = add_public(session, key, pair);
	if (result == CKR_OK)
		result = p11_session_key_add_private(session, &key, &pair->private_wish, true,
						     &pair->private_handle);
	return result;
}

/* --- the two functions ----------------------------------------------------------------------- */

static CK_RV check_wish(const struct p11_wish *wish, CK_OBJECT_CLASS object_class,
			const char *key_type)
{
	const struct p11_key_kind *kind = p11_public_key_kind(key_type);
	CK_RV result =
		p11_template_check(wish->template, wish->n, object_class, P11_TEMPLATE_GENERATE);

	if (result != CKR_OK)
		return result;
	if (p11_template_number(wish->template, wish->n, CKA_CLASS, object_class) != object_class ||
	    (p11_template_find(wish->template, wish->n, CKA_KEY_TYPE) && kind &&
	     p11_template_number(wish->template, wish->n, CKA_KEY_TYPE, 0) != kind->key_type))
		return CKR_TEMPLATE_INCONSISTENT;
	return CKR_OK;
}

static CK_RV generate(const struct p11_session *session, const CK_MECHANISM *mechanism,
		      struct pair *pair)
{
	const struct p11_wish *wish = &pair->private_wish;
	CK_RV result = check_wish(&pair->public_wish, CKO_PUBLIC_KEY, NULL);

	if (result == CKR_OK)
		result = read_kind(mechanism, pair);
	if (result == CKR_OK)
		result = check_wish(&pair->public_wish, CKO_PUBLIC_KEY, pair->key_type);
	if (result == CKR_OK)
		result = check_wish(wish, CKO_PRIVATE_KEY, pair->key_type);
	if (result != CKR_OK)
		return result;
	if (p11_template_flag(wish->template, wish->n, CKA_TOKEN, false))
		return generate_permanent(session, pair);
	return generate_for_session(session, pair);
}

CK_RV C_GenerateKeyPair(CK_SESSION_HANDLE handle, CK_MECHANISM *mechanism,
			CK_ATTRIBUTE *public_template, CK_ULONG n_public,
			CK_ATTRIBUTE *private_template, CK_ULONG n_private,
			CK_OBJECT_HANDLE *ret_public, CK_OBJECT_HANDLE *ret_private)
{
	CLEANUP(p11_session_givep) struct p11_session *session = NULL;
	struct pair pair = {
		{public_template, n_public}, {private_template, n_private}, NULL, 0, 0, 0};
	CK_RV result = p11_session_take(handle, &session);

	if (result != CKR_OK)
		return result;
	if (!mechanism || !ret_public || !ret_private)
		return CKR_ARGUMENTS_BAD;
	result = generate(session, mechanism, &pair);
	if (result != CKR_OK)
		return result;
	*ret_public = pair.public_handle;
	*ret_private = pair.private_handle;
	return CKR_OK;
}

CK_RV C_GenerateKey(CK_SESSION_HANDLE handle, CK_MECHANISM *mechanism, CK_ATTRIBUTE *template,
		    CK_ULONG n, CK_OBJECT_HANDLE *ret_key)
{
	CLEANUP(p11_session_givep) struct p11_session *session = NULL;
	CK_RV result = p11_session_take(handle, &session);

	(void)n;
	if (result != CKR_OK)
		return result;
	return mechanism && template && ret_key ? CKR_MECHANISM_INVALID : CKR_ARGUMENTS_BAD;
}
