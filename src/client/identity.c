/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Identity handles: a persistent reference and nothing else, as key handles are. It is that of the
 * certificate, with a class of its own, and the daemon takes it for the private key as well.
 */
#include <keycask/identity.h>

#include <stdlib.h>

#include <keycask/item.h>

#include "base/bytes.h"
#include "base/try.h"
#include "client/certificate_impl.h"
#include "client/item_reference.h"
#include "client/typed_impl.h"
#include "wire/message.h"

struct kc_identity {
	struct kc_bytes reference;
};

struct kc_identity *kc_identity_free(struct kc_identity *identity)
{
	if (!identity)
		return NULL;
	kc_bytes_free(&identity->reference);
	free(identity);
	return NULL;
}

static enum kc_status identity_new(struct kc_view reference, struct kc_identity **ret_identity)
{
	CLEANUP(bytes_done) struct bytes copy = BYTES_INIT(WIRE_MESSAGE_MAX);
	struct kc_identity *identity = NULL;

	TRY(bytes_append(&copy, reference));
	identity = calloc(1, sizeof(*identity));
	REQUIRE(identity, KC_ERR_ALLOCATE, "out of memory");
	identity->reference = bytes_take(&copy);
	*ret_identity = identity;
	return KC_OK;
}

enum kc_status kc_identity_from_persistent_ref(struct kc_view reference,
					       struct kc_identity **ret_identity)
{
	error_clear();
	REQUIRE(reference.len > 0, KC_ERR_PARAM, "an empty persistent reference");
	return identity_new(reference, ret_identity);
}

enum kc_status kc_identity_from_item(const struct kc_value *item, struct kc_identity **ret_identity)
{
	struct kc_view reference = item_reference_of(item);

	error_clear();
	REQUIRE(reference.len > 0, KC_ERR_PARAM, "this item holds no reference to an identity");
	return identity_new(reference, ret_identity);
}

/* --- by certificate -------------------------------------------------------------------------- */

/* By what tells certificates apart, and the key: no certificate's data has to come. */
static enum kc_status new_query(const struct kc_dictionary *certificate,
				struct kc_dictionary **ret_query)
{
	static const char *const names[] = {KC_ATTR_CERTIFICATE_TYPE, KC_ATTR_ISSUER,
					    KC_ATTR_SERIAL_NUMBER, KC_ATTR_SUBJECT,
					    KC_ATTR_PUBLIC_KEY_HASH};
	CLEANUP(dictionary_freep)
	struct kc_dictionary *query = KC_DICTIONARY({KC_CLASS, KC_TEXT(KC_CLASS_IDENTITY)},
						    {KC_RETURN_PERSISTENT_REF, KC_TRUE});

	REQUIRE(query, KC_ERR_ALLOCATE, "out of memory");
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct kc_value *value = kc_dictionary_get(certificate, names[i]);

		if (value)
			TRY(kc_dictionary_set_value(query, names[i], value));
	}
	*ret_query = take(query);
	return KC_OK;
}

enum kc_status kc_identity_from_certificate(const struct kc_certificate *certificate,
					    struct kc_identity **ret_identity)
{
	CLEANUP(dictionary_freep) struct kc_dictionary *query = NULL;
	CLEANUP(typed_freep) struct kc_value *found = NULL;

	error_clear();
	REQUIRE(certificate, KC_ERR_PARAM, "no certificate");
	TRY(new_query(kc_certificate_attributes(certificate), &query));
	TRY(kc_item_copy_matching(query, &found));
	return identity_new(kc_value_data(found), ret_identity);
}

/* --- its parts ------------------------------------------------------------------------------- */

struct kc_view kc_identity_persistent_ref(const struct kc_identity *identity)
{
	return identity ? view_of(identity->reference.data, identity->reference.len)
			: view_of(NULL, 0);
}

enum kc_status kc_identity_copy_certificate(const struct kc_identity *identity,
					    struct kc_certificate **ret_certificate)
{
	error_clear();
	REQUIRE(identity, KC_ERR_PARAM, "no identity");
	return certificate_fetch(KC_CLASS_IDENTITY, kc_identity_persistent_ref(identity),
				 ret_certificate);
}

enum kc_status kc_identity_copy_key(const struct kc_identity *identity, struct kc_key **ret_key)
{
	error_clear();
	REQUIRE(identity, KC_ERR_PARAM, "no identity");
	return kc_key_from_persistent_ref(kc_identity_persistent_ref(identity), ret_key);
}
