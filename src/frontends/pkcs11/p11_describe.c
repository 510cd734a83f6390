/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What objects of all classes have, and certificates. Attributes with nothing in them are there as
 * well: a program that asks for CKA_URL gets an empty one, not an error that spoils its list.
 */
#include "frontends/pkcs11/p11_describe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "codec/hex.h"
#include "frontends/pkcs11/p11_application_id.h"
#include "frontends/pkcs11/p11_attributes.h"
#include "frontends/pkcs11/p11_hash.h"

enum {
	CHECK_VALUE_BYTES = 3, /* 3.0, 4.6.2: "the first three bytes of the SHA-1 hash" */
	CATEGORY_UNSPECIFIED = 0,
	CATEGORY_AUTHORITY = 2,
	DOMAIN_UNSPECIFIED = 0,
};

void p11_describe_storage(struct p11_object *object, bool is_token, bool is_private,
			  bool is_changeable)
{
	struct p11_attributes *to = object->attributes;

	p11_attributes_put_number(to, CKA_CLASS, object->object_class);
	p11_attributes_put_flag(to, CKA_TOKEN, is_token);
	p11_attributes_put_flag(to, CKA_PRIVATE, is_private);
	p11_attributes_put_flag(to, CKA_MODIFIABLE, is_changeable);
	p11_attributes_put_flag(to, CKA_COPYABLE,
				!is_token || object->object_class != CKO_PRIVATE_KEY);
	p11_attributes_put_flag(to, CKA_DESTROYABLE, !object->is_derived);
}

/* A public key that is there because of its private key has that one's reference. */
static void describe_name(struct p11_object *object)
{
	char *hex = hex_encode(kc_view_of_bytes(&object->reference), HEX_LOWER);
	char name[2048];

	if (!hex)
		return;
	(void)snprintf(name, sizeof(name), "%s%s", hex, object->is_derived ? "-public" : "");
	p11_attributes_put_text(object->attributes, CKA_UNIQUE_ID, name);
	free(hex);
}

void p11_describe_item(struct p11_object *object, const struct kc_dictionary *item)
{
	p11_attributes_put_text(object->attributes, CKA_LABEL,
				kc_dictionary_text(item, KC_ATTR_LABEL));
	describe_name(object);
}

void p11_describe_id(struct p11_object *object, const struct kc_dictionary *item)
{
	CLEANUP(bytes_done) struct bytes id = BYTES_INIT(P11_APPLICATION_ID_MAX);
	const char *hash = object->object_class == CKO_CERTIFICATE ? KC_ATTR_PUBLIC_KEY_HASH
								   : KC_ATTR_APPLICATION_LABEL;

	object->has_own_id = p11_application_id_read(kc_dictionary_text(item, KC_ATTR_ALIAS), &id);
	p11_attributes_put(object->attributes, CKA_ID,
			   object->has_own_id ? bytes_view(&id) : kc_dictionary_data(item, hash));
}

/* --- certificates ---------------------------------------------------------------------------- */

static void describe_digests(struct p11_attributes *to, struct kc_view der,
			     const struct p11_certificate *certificate)
{
	uint8_t digest[P11_DIGEST_MAX];
	size_t n = p11_hash_bytes(P11_SHA1);

	p11_hash_digest(P11_SHA1, der, digest);
	p11_attributes_put(to, CKA_CHECK_VALUE, view_of(digest, CHECK_VALUE_BYTES));
	p11_hash_digest(P11_SHA1, certificate->public_key, digest);
	p11_attributes_put(to, CKA_ID, view_of(digest, n));
}

static void describe_dates(struct p11_attributes *to, const struct p11_certificate *certificate)
{
	size_t n = certificate->has_dates ? sizeof(CK_DATE) : 0;

	p11_attributes_put(to, CKA_START_DATE, view_of(&certificate->start, n));
	p11_attributes_put(to, CKA_END_DATE, view_of(&certificate->end, n));
}

static void describe_nothing(struct p11_attributes *to)
{
	p11_attributes_put_flag(to, CKA_TRUSTED, false); /* by us: whose root it is, others know */
	p11_attributes_put_number(to, CKA_JAVA_MIDP_SECURITY_DOMAIN, DOMAIN_UNSPECIFIED);
	p11_attributes_put(to, CKA_URL, view_of(NULL, 0));
	p11_attributes_put(to, CKA_HASH_OF_SUBJECT_PUBLIC_KEY, view_of(NULL, 0));
	p11_attributes_put(to, CKA_HASH_OF_ISSUER_PUBLIC_KEY, view_of(NULL, 0));
}

void p11_describe_certificate(struct p11_object *object, struct kc_view der,
			      const struct p11_certificate *certificate)
{
	struct p11_attributes *to = object->attributes;

	p11_attributes_put_number(to, CKA_CERTIFICATE_TYPE, CKC_X_509);
	p11_attributes_put_number(to, CKA_CERTIFICATE_CATEGORY,
				  certificate->is_authority ? CATEGORY_AUTHORITY
							    : CATEGORY_UNSPECIFIED);
	p11_attributes_put(to, CKA_VALUE, der);
	p11_attributes_put(to, CKA_SUBJECT, certificate->subject);
	p11_attributes_put(to, CKA_ISSUER, certificate->issuer);
	p11_attributes_put(to, CKA_SERIAL_NUMBER, certificate->serial_number);
	p11_attributes_put(to, CKA_PUBLIC_KEY_INFO, certificate->public_key_info);
	describe_dates(to, certificate);
	describe_digests(to, der, certificate);
	describe_nothing(to);
}
