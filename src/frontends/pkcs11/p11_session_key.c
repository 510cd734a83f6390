/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keys that are session objects. A private one is kept by the daemon for this process alone (a key
 * that is not permanent), a public one is a name that contains it; what is known of either the
 * daemon tells. Secret keys are here, in locked memory.
 */
#include "frontends/pkcs11/p11_session_key.h"

#include <stdlib.h>
#include <string.h>

#include <keycask/dictionary.h>

#include "base/bytes.h"
#include "frontends/owned.h"
#include "frontends/pkcs11/p11_attributes.h"
#include "frontends/pkcs11/p11_describe_key.h"
#include "frontends/pkcs11/p11_mechanism.h"
#include "frontends/pkcs11/p11_public_key.h"
#include "frontends/pkcs11/p11_status.h"
#include "frontends/pkcs11/p11_template.h"

/* --- pairs ----------------------------------------------------------------------------------- */

/* What the daemon says of object->key. */
static CK_RV describe(struct p11_object *object)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *item = NULL;
	CLEANUP(kc_bytes_free) struct kc_bytes info = {NULL, 0};
	struct p11_key_company company = {{NULL, 0}, {NULL, 0}};
	enum kc_status status = kc_key_copy_attributes(object->key, &item);

	if (status == KC_OK)
		status = kc_key_copy_public_info(object->key, &info);
	if (status != KC_OK)
		return p11_status(status);
	company.public_key_info = kc_view_of_bytes(&info);
	if (object->object_class == CKO_PRIVATE_KEY)
		p11_describe_key_private(object, item, &company);
	else
		p11_describe_key_public(object, item, &company);
	return CKR_OK;
}

static CK_MECHANISM_TYPE generation_of(const char *key_type)
{
	const struct p11_mechanism *mechanism = p11_mechanism_at(0);

	for (size_t i = 0; mechanism; mechanism = p11_mechanism_at(++i)) {
		if (mechanism->flags & CKF_GENERATE_KEY_PAIR &&
		    p11_mechanism_is_for(mechanism, key_type))
			return mechanism->type;
	}
	return (CK_MECHANISM_TYPE)-1;
}

/* 3.0, 4.9: what was made here, nobody has had. */
static void describe_generation(struct p11_object *object)
{
	struct p11_attributes *to = object->attributes;

	p11_attributes_put_flag(to, CKA_LOCAL, true);
	p11_attributes_put_number(to, CKA_KEY_GEN_MECHANISM, generation_of(object->key_type));
	if (object->object_class != CKO_PRIVATE_KEY)
		return;
	p11_attributes_put_flag(to, CKA_ALWAYS_SENSITIVE, true);
	p11_attributes_put_flag(to, CKA_NEVER_EXTRACTABLE,
				!p11_attributes_flag(to, CKA_EXTRACTABLE));
}

/* What an application says of a key as it likes; the rest is as the key is. */
static void overlay_names(struct p11_object *object, const struct p11_wish *wish)
{
	static const CK_ATTRIBUTE_TYPE names[] = {
		CKA_LABEL, CKA_ID, CKA_SUBJECT, CKA_START_DATE, CKA_END_DATE,
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const CK_ATTRIBUTE *attribute =
			p11_template_find(wish->template, wish->n, names[i]);
		const struct p11_wish one = {attribute, 1};

		if (attribute)
			p11_session_object_overlay(object, &one);
	}
}

/* A key does what it can and what its owner wants it for. */
static void narrow_uses(struct p11_object *object, const struct p11_wish *wish)
{
	static const CK_ATTRIBUTE_TYPE uses[] = {
		CKA_SIGN,   CKA_SIGN_RECOVER,	CKA_DECRYPT, CKA_UNWRAP, CKA_DERIVE,
		CKA_VERIFY, CKA_VERIFY_RECOVER, CKA_ENCRYPT, CKA_WRAP,
	};

	for (size_t i = 0; i < ARRAY_LEN(uses); i++) {
		if (p11_object_is(object, uses[i]) &&
		    !p11_template_flag(wish->template, wish->n, uses[i], true))
			p11_attributes_put_flag(object->attributes, uses[i], false);
	}
	p11_describe_key_mechanisms(object);
}

static CK_RV add(const struct p11_session *session, CK_OBJECT_CLASS object_class,
		 struct kc_key **key, const struct p11_wish *wish, bool is_generated,
		 CK_OBJECT_HANDLE *ret_handle)
{
	CLEANUP(kc_key_freep) struct kc_key *taken = take(*key);
	CLEANUP(p11_object_givep)
	struct p11_object *object = p11_object_new(session->slot, object_class);
	CK_RV result = CKR_HOST_MEMORY;

	if (!object)
		return CKR_HOST_MEMORY;
	object->key = take(taken);
	object->is_of_process = object_class == CKO_PRIVATE_KEY;
	result = describe(object);
	if (result == CKR_OK)
		result = p11_session_object_begin(session, wish, object);
	if (result != CKR_OK)
		return result;
	if (is_generated)
		describe_generation(object);
	overlay_names(object, wish);
	narrow_uses(object, wish);
	return p11_session_object_publish(&object, ret_handle);
}

CK_RV p11_session_key_add_private(const struct p11_session *session, struct kc_key **key,
				  const struct p11_wish *wish, bool is_generated,
				  CK_OBJECT_HANDLE *ret_handle)
{
	return add(session, CKO_PRIVATE_KEY, key, wish, is_generated, ret_handle);
}

CK_RV p11_session_key_add_public(const struct p11_session *session, struct kc_key **key,
				 const struct p11_wish *wish, bool is_generated,
				 CK_OBJECT_HANDLE *ret_handle)
{
	return add(session, CKO_PUBLIC_KEY, key, wish, is_generated, ret_handle);
}

/* --- secret keys ----------------------------------------------------------------------------- */

static void describe_secret_defaults(struct p11_object *object)
{
	static const CK_ATTRIBUTE_TYPE flags[] = {
		CKA_DERIVE,
		CKA_ENCRYPT,
		CKA_DECRYPT,
		CKA_SIGN,
		CKA_VERIFY,
		CKA_WRAP,
		CKA_UNWRAP,
		CKA_SENSITIVE,
		CKA_ALWAYS_SENSITIVE,
		CKA_NEVER_EXTRACTABLE,
		CKA_WRAP_WITH_TRUSTED,
		CKA_TRUSTED,
		CKA_LOCAL,
	};
	struct p11_attributes *to = object->attributes;

	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		p11_attributes_put_flag(to, flags[i], false);
	p11_attributes_put_flag(to, CKA_EXTRACTABLE, true);
	p11_attributes_put_number(to, CKA_KEY_TYPE, CKK_GENERIC_SECRET);
	p11_attributes_put_number(to, CKA_KEY_GEN_MECHANISM, (CK_ULONG)-1);
	p11_attributes_put(to, CKA_ID, view_of(NULL, 0));
	p11_attributes_put(to, CKA_START_DATE, view_of(NULL, 0));
	p11_attributes_put(to, CKA_END_DATE, view_of(NULL, 0));
	p11_attributes_put(to, CKA_ALLOWED_MECHANISMS, view_of(NULL, 0));
}

/* 3.0, 4.10: CKA_VALUE is told unless the key is sensitive or not extractable. */
static void describe_value(struct p11_object *object)
{
	struct p11_attributes *to = object->attributes;

	p11_attributes_put_number(to, CKA_VALUE_LEN, object->secret->len);
	if (p11_attributes_flag(to, CKA_SENSITIVE) || !p11_attributes_flag(to, CKA_EXTRACTABLE))
		p11_attributes_hide(to, CKA_VALUE);
	else
		p11_attributes_lend(to, CKA_VALUE, secret_view(object->secret));
}

CK_RV p11_session_key_check_secret(const CK_ATTRIBUTE *attributes, CK_ULONG n_attributes)
{
	CK_RV result =
		p11_template_check(attributes, n_attributes, CKO_SECRET_KEY, P11_TEMPLATE_DERIVE);

	if (result != CKR_OK)
		return result;
	if (p11_template_number(attributes, n_attributes, CKA_CLASS, CKO_SECRET_KEY) !=
		    CKO_SECRET_KEY ||
	    p11_template_flag(attributes, n_attributes, CKA_TOKEN, false))
		return CKR_TEMPLATE_INCONSISTENT;
	return CKR_OK;
}

static CK_RV check_secret(const struct p11_wish *wish, const struct secret *secret)
{
	CK_RV result = p11_session_key_check_secret(wish->template, wish->n);

	if (result == CKR_OK &&
	    p11_template_number(wish->template, wish->n, CKA_VALUE_LEN, secret->len) != secret->len)
		result = CKR_TEMPLATE_INCONSISTENT;
	return result;
}

static CK_RV add_secret(const struct p11_session *session, const struct p11_wish *wish,
			struct secret *secret, CK_OBJECT_HANDLE *ret_handle)
{
	CLEANUP(p11_object_givep)
	struct p11_object *object = p11_object_new(session->slot, CKO_SECRET_KEY);
	CK_RV result = CKR_HOST_MEMORY;

	if (!object)
		return CKR_HOST_MEMORY;
	object->secret = calloc(1, sizeof(*object->secret));
	if (!object->secret)
		return CKR_HOST_MEMORY;
	*object->secret = secret_take(secret);
	object->key_size_in_bits = (int)object->secret->len * 8;
	result = p11_session_object_begin(session, wish, object);
	if (result != CKR_OK)
		return result;
	describe_secret_defaults(object);
	p11_session_object_overlay(object, wish);
	describe_value(object);
	return p11_session_object_publish(&object, ret_handle);
}

CK_RV p11_session_key_add_secret(const struct p11_session *session, const CK_ATTRIBUTE *attributes,
				 CK_ULONG n_attributes, struct secret *secret,
				 CK_OBJECT_HANDLE *ret_handle)
{
	const struct p11_wish wish = {attributes, n_attributes};
	CK_RV result = check_secret(&wish, secret);

	if (result == CKR_OK)
		result = add_secret(session, &wish, secret, ret_handle);
	secret_done(secret);
	return result;
}

CK_RV p11_session_key_create_secret(const struct p11_session *session, const struct p11_wish *wish,
				    CK_OBJECT_HANDLE *ret_handle)
{
	CLEANUP(secret_done) struct secret secret = {NULL, 0, 0};
	struct kc_view value = p11_template_view(wish->template, wish->n, CKA_VALUE);

	if (value.len == 0 || !p11_template_find(wish->template, wish->n, CKA_KEY_TYPE))
		return CKR_TEMPLATE_INCOMPLETE;
	if (secret_init(&secret, value) != KC_OK)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	return add_secret(session, wish, &secret, ret_handle);
}
