/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Certificates. The daemon has one read by keycask-x509, once; what came of it is kept here, so
 * that the application's process parses no certificate and needs nobody afterwards. The key comes
 * as a reference that contains it, and is as independent.
 */
#include "client/certificate_impl.h"

#include <stdlib.h>

#include <keycask/item.h>

#include "base/bytes.h"
#include "base/try.h"
#include "client/convert.h"
#include "client/item_reference.h"
#include "client/key_impl.h"
#include "client/line.h"
#include "client/typed_impl.h"
#include "wire/message.h"

struct kc_certificate {
	struct kc_bytes data;
	struct kc_bytes key; /* a reference; empty: of a type that is unknown */
	struct kc_dictionary *attributes;
};

struct kc_certificate *kc_certificate_free(struct kc_certificate *certificate)
{
	if (!certificate)
		return NULL;
	kc_bytes_free(&certificate->data);
	kc_bytes_free(&certificate->key);
	kc_dictionary_free(certificate->attributes);
	free(certificate);
	return NULL;
}

static void certificate_freep(struct kc_certificate **certificate)
{
	*certificate = kc_certificate_free(*certificate);
}

/* --- making one ------------------------------------------------------------------------------ */

static enum kc_status inspect(struct kc_view der, struct json_object **ret_answer)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	struct line_call call = {.method = "org.keycask.Certificates.Inspect",
				 .descriptor = -1,
				 .timeout_ms = LINE_QUERY_MS,
				 .is_repeatable = true,
				 .may_go_aside = true};

	TRY(field_new_object(&parameters));
	TRY(field_put_data(parameters, "certificate", der));
	call.parameters = take(parameters);
	return line_call(&call, ret_answer);
}

static enum kc_status read_answer(struct json_object *answer, struct kc_certificate *certificate)
{
	CLEANUP(bytes_done) struct bytes key = BYTES_INIT(WIRE_MESSAGE_MAX);
	struct json_object *attributes = field_get(answer, "attributes");

	REQUIRE(json_object_is_type(attributes, json_type_object), KC_ERR_INTERNAL,
		"the daemon answered without a certificate's attributes");
	TRY(convert_dictionary_from_json(attributes, &certificate->attributes));
	if (field_get(answer, "public_key"))
		TRY(field_data(answer, "public_key", &key));
	certificate->key = bytes_take(&key);
	return KC_OK;
}

static enum kc_status copy_view(struct kc_view view, struct kc_bytes *ret_bytes)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(WIRE_MESSAGE_MAX);

	TRY(bytes_append(&bytes, view));
	*ret_bytes = bytes_take(&bytes);
	return KC_OK;
}

static enum kc_status certificate_new(struct kc_view der, struct kc_certificate **ret_certificate)
{
	CLEANUP(certificate_freep) struct kc_certificate *certificate = NULL;
	CLEANUP(field_free) struct json_object *answer = NULL;

	REQUIRE(der.len > 0, KC_ERR_DECODE, "no bytes are no certificate");
	certificate = calloc(1, sizeof(*certificate));
	REQUIRE(certificate, KC_ERR_ALLOCATE, "out of memory");
	TRY(copy_view(der, &certificate->data));
	TRY(inspect(der, &answer));
	TRY(read_answer(answer, certificate));
	*ret_certificate = take(certificate);
	return KC_OK;
}

enum kc_status kc_certificate_from_data(struct kc_view der, struct kc_certificate **ret_certificate)
{
	error_clear();
	return certificate_new(der, ret_certificate);
}

/* The class is told, so that nothing else's data, such as a key, ever comes. An identity's data is
 * its certificate's (reference/keychain.md 2.11). */
enum kc_status certificate_fetch(const char *class_name, struct kc_view reference,
				 struct kc_certificate **ret_certificate)
{
	CLEANUP(dictionary_freep)
	struct kc_dictionary *query = KC_DICTIONARY({KC_CLASS, KC_TEXT(class_name)},
						    {KC_VALUE_PERSISTENT_REF, KC_DATA(reference)},
						    {KC_RETURN_DATA, KC_TRUE});
	CLEANUP(typed_freep) struct kc_value *data = NULL;

	REQUIRE(query, KC_ERR_ALLOCATE, "out of memory");
	TRY(kc_item_copy_matching(query, &data));
	return certificate_new(kc_value_data(data), ret_certificate);
}

static bool can_have_one(const char *class_name)
{
	return !class_name || strcmp(class_name, KC_CLASS_CERTIFICATE) == 0 ||
	       strcmp(class_name, KC_CLASS_IDENTITY) == 0;
}

/* A reference alone does not say to us what it is of. */
static enum kc_status fetch_either(struct kc_view reference,
				   struct kc_certificate **ret_certificate)
{
	enum kc_status status = certificate_fetch(KC_CLASS_CERTIFICATE, reference, ret_certificate);

	if (status != KC_ERR_PARAM)
		return status;
	error_clear();
	return certificate_fetch(KC_CLASS_IDENTITY, reference, ret_certificate);
}

enum kc_status kc_certificate_from_item(const struct kc_value *item,
					struct kc_certificate **ret_certificate)
{
	const struct kc_dictionary *dictionary = kc_value_dictionary(item);
	const char *class_name = kc_dictionary_text(dictionary, KC_CLASS);
	struct kc_view data = kc_dictionary_data(dictionary, KC_VALUE_DATA);
	struct kc_view reference = item_reference_of(item);

	error_clear();
	REQUIRE(can_have_one(class_name), KC_ERR_PARAM, "an item of class %s has no certificate",
		class_name);
	if (data.len > 0)
		return certificate_new(data, ret_certificate);
	REQUIRE(reference.len > 0, KC_ERR_PARAM,
		"this item holds neither a certificate's data nor a reference");
	if (class_name)
		return certificate_fetch(class_name, reference, ret_certificate);
	return fetch_either(reference, ret_certificate);
}

/* --- reading --------------------------------------------------------------------------------- */

struct kc_view kc_certificate_data(const struct kc_certificate *certificate)
{
	return certificate ? view_of(certificate->data.data, certificate->data.len)
			   : view_of(NULL, 0);
}

const char *kc_certificate_summary(const struct kc_certificate *certificate)
{
	const char *label =
		certificate ? kc_dictionary_text(certificate->attributes, KC_ATTR_LABEL) : NULL;

	return label ? label : "";
}

const struct kc_dictionary *kc_certificate_attributes(const struct kc_certificate *certificate)
{
	return certificate ? certificate->attributes : NULL;
}

enum kc_status kc_certificate_copy_key(const struct kc_certificate *certificate,
				       struct kc_key **ret_public_key)
{
	error_clear();
	REQUIRE(certificate, KC_ERR_PARAM, "no certificate");
	REQUIRE(certificate->key.len > 0, KC_ERR_UNIMPLEMENTED,
		"the certificate's key is of a type that is unknown here");
	return key_new(view_of(certificate->key.data, certificate->key.len), ret_public_key);
}
