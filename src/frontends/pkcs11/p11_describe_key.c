/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Private and public keys. What a private key may be used for is what the keychain says of it; its
 * public key does the opposite. A private key is always sensitive here: who may have its bytes gets
 * them from the keychain, not through an attribute.
 */
#include "frontends/pkcs11/p11_describe_key.h"

#include <string.h>

#include "base/bytes.h"
#include "base/copy.h"
#include "frontends/pkcs11/p11_attributes.h"
#include "frontends/pkcs11/p11_describe.h"
#include "frontends/pkcs11/p11_mechanism.h"
#include "frontends/pkcs11/p11_public_key.h"

enum {
	MECHANISMS_MAX = 64,
};

/* CKA_KEY_TYPE and what p11_object.h has of a key. */
static void describe_type(struct p11_object *object, const char *key_type, int size_in_bits)
{
	const struct p11_key_kind *kind = p11_public_key_kind(key_type);

	if (!kind || object->key_type || copy_text(key_type, &object->key_type) != KC_OK)
		return;
	object->key_size_in_bits = kind->size_in_bits ? kind->size_in_bits : size_in_bits;
	p11_attributes_put_number(object->attributes, CKA_KEY_TYPE, kind->key_type);
}

/* --- what it may be used for ----------------------------------------------------------------- */

static bool is_rsa(const struct p11_object *object)
{
	return object->key_type && strcmp(object->key_type, KC_KEY_TYPE_NAME_RSA) == 0;
}

static bool can(const struct kc_dictionary *item, const char *name)
{
	return kc_dictionary_flag(item, name, false);
}

/* The keychain has EC keys decrypt what ECIES encrypted, for which PKCS #11 has no mechanism. */
static void describe_private_uses(struct p11_object *object, const struct kc_dictionary *item)
{
	struct p11_attributes *to = object->attributes;
	bool decrypts = is_rsa(object) && can(item, KC_ATTR_CAN_DECRYPT);
	bool signs = can(item, KC_ATTR_CAN_SIGN);

	p11_attributes_put_flag(to, CKA_SIGN, signs);
	p11_attributes_put_flag(to, CKA_SIGN_RECOVER, is_rsa(object) && signs);
	p11_attributes_put_flag(to, CKA_DECRYPT, decrypts);
	p11_attributes_put_flag(to, CKA_UNWRAP, decrypts);
	p11_attributes_put_flag(to, CKA_DERIVE, can(item, KC_ATTR_CAN_DERIVE));
}

static void put_public_uses(struct p11_object *object, bool verifies, bool encrypts)
{
	struct p11_attributes *to = object->attributes;

	p11_attributes_put_flag(to, CKA_VERIFY, verifies);
	p11_attributes_put_flag(to, CKA_VERIFY_RECOVER, verifies && is_rsa(object));
	p11_attributes_put_flag(to, CKA_ENCRYPT, encrypts && is_rsa(object));
	p11_attributes_put_flag(to, CKA_WRAP, encrypts && is_rsa(object));
	p11_attributes_put_flag(to, CKA_DERIVE, false);
}

static void describe_public_uses(struct p11_object *object, const struct kc_dictionary *item)
{
	if (object->is_derived)
		put_public_uses(object, can(item, KC_ATTR_CAN_SIGN),
				can(item, KC_ATTR_CAN_DECRYPT));
	else
		put_public_uses(object, can(item, KC_ATTR_CAN_VERIFY),
				can(item, KC_ATTR_CAN_ENCRYPT));
}

/* --- what has to be proved before ------------------------------------------------------------ */

static enum p11_consent consent_of(const char *constraint)
{
	if (!constraint || strcmp(constraint, "none") == 0)
		return P11_CONSENT_NONE;
	return strcmp(constraint, "pin_always") == 0 ? P11_CONSENT_ALWAYS : P11_CONSENT_LOGIN;
}

/* A token's key: the strictest of what its operations want. What a software item's access control
 * wants the daemon proves by itself. */
static enum p11_consent read_consent(const struct kc_dictionary *item)
{
	static const char *const operations[] = {"sign", "decrypt", "derive"};
	const struct kc_dictionary *control =
		kc_dictionary_dictionary(item, KC_ATTR_ACCESS_CONTROL);
	enum p11_consent consent = P11_CONSENT_NONE;

	for (size_t i = 0; control && i < ARRAY_LEN(operations); i++) {
		enum p11_consent wanted = consent_of(kc_dictionary_text(control, operations[i]));

		if (wanted > consent)
			consent = wanted;
	}
	return consent;
}

/* --- the two classes ------------------------------------------------------------------------- */

static void describe_secrecy(struct p11_object *object, const struct kc_dictionary *item)
{
	struct p11_attributes *to = object->attributes;
	bool is_extractable = can(item, KC_ATTR_IS_EXTRACTABLE);
	bool is_of_token = kc_dictionary_text(item, KC_ATTR_TOKEN_ID);

	p11_attributes_put_flag(to, CKA_SENSITIVE, true);
	p11_attributes_put_flag(to, CKA_ALWAYS_SENSITIVE,
				is_of_token || can(item, KC_ATTR_WAS_ALWAYS_SENSITIVE));
	p11_attributes_put_flag(to, CKA_EXTRACTABLE, is_extractable);
	p11_attributes_put_flag(to, CKA_NEVER_EXTRACTABLE,
				is_of_token ? !is_extractable
					    : can(item, KC_ATTR_WAS_NEVER_EXTRACTABLE));
	p11_attributes_put_flag(to, CKA_WRAP_WITH_TRUSTED, false);
	p11_attributes_put_flag(to, CKA_ALWAYS_AUTHENTICATE, object->consent == P11_CONSENT_ALWAYS);
}

static void hide_private_parts(struct p11_object *object)
{
	static const CK_ATTRIBUTE_TYPE of_rsa[] = {
		CKA_PRIVATE_EXPONENT, CKA_PRIME_1,    CKA_PRIME_2,
		CKA_EXPONENT_1,	      CKA_EXPONENT_2, CKA_COEFFICIENT,
	};

	for (size_t i = 0; is_rsa(object) && i < ARRAY_LEN(of_rsa); i++)
		p11_attributes_hide(object->attributes, of_rsa[i]);
	if (!is_rsa(object))
		p11_attributes_hide(object->attributes, CKA_VALUE);
}

/* Whether a key was made where it is, nobody has written down: neither cards nor the keychain. Of a
 * key that might have come from elsewhere 3.0, 4.8 wants it said so: CKA_LOCAL is CK_TRUE "only if"
 * it was generated there, and CKA_KEY_GEN_MECHANISM is CK_UNAVAILABLE_INFORMATION else. */
static void describe_origin(struct p11_attributes *to)
{
	p11_attributes_put_flag(to, CKA_LOCAL, false);
	p11_attributes_put_number(to, CKA_KEY_GEN_MECHANISM, (CK_ULONG)-1);
	p11_attributes_put(to, CKA_START_DATE, view_of(NULL, 0));
	p11_attributes_put(to, CKA_END_DATE, view_of(NULL, 0));
}

static void describe_key(struct p11_object *object, const struct kc_dictionary *item,
			 const struct p11_key_company *company)
{
	struct p11_attributes *to = object->attributes;

	describe_type(object, kc_dictionary_text(item, KC_ATTR_KEY_TYPE),
		      (int)kc_dictionary_number(item, KC_ATTR_KEY_SIZE_IN_BITS, 0));
	p11_describe_item(object, item);
	p11_describe_id(object, item);
	describe_origin(to);
	p11_attributes_put(to, CKA_SUBJECT, company->subject);
	if (company->public_key_info.len > 0)
		p11_public_key_describe(company->public_key_info, to);
}

void p11_describe_key_private(struct p11_object *object, const struct kc_dictionary *item,
			      const struct p11_key_company *company)
{
	object->consent = read_consent(item);
	p11_describe_storage(object, true, object->consent != P11_CONSENT_NONE,
			     !kc_dictionary_text(item, KC_ATTR_TOKEN_ID));
	describe_key(object, item, company);
	describe_secrecy(object, item);
	hide_private_parts(object);
	describe_private_uses(object, item);
	p11_describe_key_mechanisms(object);
}

void p11_describe_key_public(struct p11_object *object, const struct kc_dictionary *item,
			     const struct p11_key_company *company)
{
	p11_describe_storage(object, true, false, !kc_dictionary_text(item, KC_ATTR_TOKEN_ID));
	describe_key(object, item, company);
	p11_attributes_put_flag(object->attributes, CKA_TRUSTED, false);
	describe_public_uses(object, item);
	p11_describe_key_mechanisms(object);
}

/* --- mechanisms ------------------------------------------------------------------------------ */

static const struct {
	CK_ATTRIBUTE_TYPE type;
	CK_FLAGS flag;
} uses[] = {
	{CKA_SIGN, CKF_SIGN},	    {CKA_SIGN_RECOVER, CKF_SIGN_RECOVER},
	{CKA_VERIFY, CKF_VERIFY},   {CKA_VERIFY_RECOVER, CKF_VERIFY_RECOVER},
	{CKA_ENCRYPT, CKF_ENCRYPT}, {CKA_DECRYPT, CKF_DECRYPT},
	{CKA_WRAP, CKF_WRAP},	    {CKA_UNWRAP, CKF_UNWRAP},
	{CKA_DERIVE, CKF_DERIVE},
};

static CK_FLAGS uses_of(const struct p11_object *object)
{
	CK_FLAGS flags = 0;

	for (size_t i = 0; i < ARRAY_LEN(uses); i++) {
		if (p11_object_is(object, uses[i].type))
			flags |= uses[i].flag;
	}
	return flags;
}

void p11_describe_key_mechanisms(struct p11_object *object)
{
	CK_MECHANISM_TYPE types[MECHANISMS_MAX];
	CK_FLAGS flags = uses_of(object);
	const struct p11_mechanism *mechanism = p11_mechanism_at(0);
	size_t n = 0;

	for (size_t i = 0; mechanism && n < MECHANISMS_MAX; mechanism = p11_mechanism_at(++i)) {
		if (mechanism->flags & flags && p11_mechanism_is_for(mechanism, object->key_type))
			types[n++] = mechanism->type;
	}
	p11_attributes_put(object->attributes, CKA_ALLOWED_MECHANISMS,
			   view_of(types, n * sizeof(types[0])));
}
