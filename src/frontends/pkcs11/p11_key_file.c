/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys that come with their value are imported as PKCS#8 or SubjectPublicKeyInfo. */
#include "frontends/pkcs11/p11_key_file.h"

#include "base/bytes.h"
#include "codec/sha1.h"
#include "frontends/owned.h"
#include "frontends/pkcs11/p11_attributes.h"
#include "frontends/pkcs11/p11_place.h"
#include "frontends/pkcs11/p11_private_key.h"
#include "frontends/pkcs11/p11_public_key.h"
#include "frontends/pkcs11/p11_template.h"

/* --- attributes ------------------------------------------------------------------------------ */

static const struct {
	CK_ATTRIBUTE_TYPE type;
	const char *name;
} uses[] = {
	{CKA_SIGN, KC_ATTR_CAN_SIGN},
	{CKA_DECRYPT, KC_ATTR_CAN_DECRYPT},
	{CKA_DERIVE, KC_ATTR_CAN_DERIVE},
};

/* A token protects its keys itself. */
CK_RV p11_key_file_put_uses(const struct p11_writing *writing, const struct p11_wish *wish,
			    struct kc_dictionary *attributes)
{
	enum kc_status status = KC_OK;

	if (writing && writing->token_id)
		return CKR_OK;
	for (size_t i = 0; i < ARRAY_LEN(uses) && status == KC_OK; i++) {
		if (!p11_template_flag(wish->template, wish->n, uses[i].type, true))
			status = kc_dictionary_set(attributes, uses[i].name, KC_FALSE);
	}
	if (status == KC_OK)
		status = kc_dictionary_set(attributes, KC_ATTR_IS_EXTRACTABLE,
					   KC_FLAG(p11_template_flag(wish->template, wish->n,
								     CKA_EXTRACTABLE, false)));
	return status == KC_OK ? CKR_OK : CKR_HOST_MEMORY;
}

static enum kc_status put_place(const struct p11_writing *writing, const struct p11_wish *wish,
				struct kc_dictionary *attributes)
{
	const char *place = NULL;
	enum kc_status status = KC_OK;

	if (!writing)
		return KC_OK;
	if (!writing->token_id)
		return kc_dictionary_set(attributes, KC_ATTR_IS_PERMANENT, KC_TRUE);
	place = p11_place_find(writing->token_id,
			       p11_template_view(wish->template, wish->n, CKA_ID));
	if (place)
		status = kc_dictionary_set(attributes, KC_TOKEN_OBJECT, KC_TEXT(place));
	if (status == KC_OK)
		status =
			kc_dictionary_set(attributes, KC_ATTR_TOKEN_ID, KC_TEXT(writing->token_id));
	return status;
}

/* The hash of a private key nobody knows before it was read: an application's ID stays as it is. */
static CK_RV make_attributes(const struct p11_writing *writing, CK_OBJECT_CLASS object_class,
			     const struct p11_wish *wish, struct kc_view hash,
			     struct kc_dictionary *attributes)
{
	CK_RV result = CKR_OK;

	if (put_place(writing, wish, attributes) != KC_OK)
		return CKR_HOST_MEMORY;
	if (object_class == CKO_PRIVATE_KEY)
		result = p11_key_file_put_uses(writing, wish, attributes);
	if (result == CKR_OK && writing)
		result = p11_writing_put_names(writing, wish, hash, attributes);
	return result;
}

/* --- import ---------------------------------------------------------------------------------- */

static CK_RV import(const struct p11_writing *writing, struct kc_view data,
		    const struct kc_dictionary *attributes, struct kc_key **ret_key)
{
	struct kc_options options = KC_OPTIONS_INIT;
	enum kc_status status = KC_OK;

	if (writing)
		options = p11_writing_options(writing);
	status = kc_key_import(data, attributes, &options, ret_key);
	return writing ? p11_writing_status(status) : p11_writing_status_of_session(status);
}

static CK_RV import_private(const struct p11_writing *writing, const struct p11_wish *wish,
			    struct kc_dictionary *attributes, struct kc_key **ret_key)
{
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(P11_PRIVATE_KEY_MAX);
	CK_RV result =
		make_attributes(writing, CKO_PRIVATE_KEY, wish, kc_view_of(NULL, 0), attributes);

	if (result == CKR_OK)
		result = p11_private_key_build(wish->template, wish->n, &data);
	return result == CKR_OK ? import(writing, bytes_view(&data), attributes, ret_key) : result;
}

static CK_RV import_public(const struct p11_writing *writing, const struct p11_wish *wish,
			   struct kc_dictionary *attributes, struct kc_key **ret_key)
{
	CLEANUP(kc_bytes_free) struct kc_bytes info = {NULL, 0};
	uint8_t hash[SHA1_DIGEST_BYTES];
	struct kc_view bits = {NULL, 0};
	CK_KEY_TYPE key_type =
		p11_template_number(wish->template, wish->n, CKA_KEY_TYPE, (CK_KEY_TYPE)-1);
	CK_RV result = CKR_OK;

	if (key_type == (CK_KEY_TYPE)-1)
		return CKR_TEMPLATE_INCOMPLETE;
	result = p11_public_key_build(wish->template, wish->n, key_type, &info);
	if (result != CKR_OK)
		return result;
	if (!p11_public_key_bits(kc_view_of_bytes(&info), &bits))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	sha1_digest(bits, hash);
	result = make_attributes(writing, CKO_PUBLIC_KEY, wish, VIEW_OF(hash), attributes);
	return result == CKR_OK ? import(writing, kc_view_of_bytes(&info), attributes, ret_key)
				: result;
}

CK_RV p11_key_file_import(const struct p11_writing *writing, CK_OBJECT_CLASS object_class,
			  const struct p11_wish *wish, struct kc_key **ret_key)
{
	CLEANUP(kc_dictionary_freep)
	struct kc_dictionary *attributes =
		KC_DICTIONARY({KC_ATTR_KEY_CLASS,
			       KC_TEXT(object_class == CKO_PRIVATE_KEY ? KC_KEY_CLASS_PRIVATE
								       : KC_KEY_CLASS_PUBLIC)});

	if (!attributes)
		return CKR_HOST_MEMORY;
	return object_class == CKO_PRIVATE_KEY ? import_private(writing, wish, attributes, ret_key)
					       : import_public(writing, wish, attributes, ret_key);
}
