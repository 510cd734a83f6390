/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one place where certificates are parsed (design decision 12), by OpenSSL's X509 functions
 * alone. Only what cannot be left out makes a certificate unusable: an extension that is damaged
 * reads as absent.
 */
#include "x509/inspect.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/try.h"
#include "x509/alternative_names_impl.h"
#include "x509/name_impl.h"
#include "x509/subject_key_impl.h"
#include "x509/usage_impl.h"

enum {
	SHA256_LEN = 32,
	DATE_LEN = sizeof("2024-02-29T12:00:00Z"),
};

static void certificate_done(X509 **certificate)
{
	X509_free(*certificate);
	*certificate = NULL;
}

static enum kc_status read_certificate(struct kc_view der, X509 **ret_certificate)
{
	CLEANUP(certificate_done) X509 *certificate = NULL;
	const unsigned char *at = der.data;

	REQUIRE(der.len > 0, KC_ERR_DECODE, "the certificate is empty");
	REQUIRE(der.len <= INSPECT_MAX, KC_ERR_DECODE, "the certificate is longer than %d bytes",
		INSPECT_MAX);
	certificate = d2i_X509(NULL, &at, (long)der.len);
	ERR_clear_error();
	REQUIRE(certificate, KC_ERR_DECODE, "not an X.509 certificate in DER");
	REQUIRE(at == der.data + der.len, KC_ERR_DECODE, "%zu bytes follow the certificate",
		(size_t)(der.data + der.len - at));
	*ret_certificate = take(certificate);
	return KC_OK;
}

static enum kc_status put_version(X509 *certificate, struct json_object *fields)
{
	long version = X509_get_version(certificate) + 1;

	REQUIRE(version >= 1 && version <= 3, KC_ERR_DECODE, "no such version of X.509");
	return field_put_number(fields, "version", version);
}

static enum kc_status put_text(struct json_object *fields, const char *name, char *text)
{
	CLEANUP(freep) char *owned = text;

	REQUIRE(owned, KC_ERR_ALLOCATE, "out of memory");
	return field_put_text(fields, name, owned);
}

struct name_fields {
	const char *normalized;
	const char *raw;
	const char *text;
};

static enum kc_status put_name(const X509_NAME *name, const struct name_fields *names,
			       struct json_object *fields)
{
	CLEANUP(bytes_done) struct bytes normalized = BYTES_INIT(NAME_MAX_BYTES);
	CLEANUP(bytes_done) struct bytes raw = BYTES_INIT(NAME_MAX_BYTES);

	TRY(name_put_normalized(name, &normalized));
	TRY(name_put_raw(name, &raw));
	TRY(field_put_data(fields, names->normalized, bytes_view(&normalized)));
	TRY(field_put_data(fields, names->raw, bytes_view(&raw)));
	return put_text(fields, names->text, name_text(name));
}

static enum kc_status put_names(X509 *certificate, struct json_object *fields)
{
	static const struct name_fields subject = {"subject", "subject_raw", "subject_text"};
	static const struct name_fields issuer = {"issuer", "issuer_raw", "issuer_text"};
	const X509_NAME *name = X509_get_subject_name(certificate);

	TRY(put_name(name, &subject, fields));
	TRY(put_name(X509_get_issuer_name(certificate), &issuer, fields));
	return put_text(fields, "summary", name_summary(name));
}

/* The INTEGER's content, two's complement (X.690 8.3): a negative serial number stays one. */
static enum kc_status put_serial_number(X509 *certificate, struct json_object *fields)
{
	unsigned char *der = NULL;
	int len = i2d_ASN1_INTEGER(X509_get0_serialNumber(certificate), &der);
	const unsigned char *at = der;
	long content_len = 0;
	int tag = 0;
	int tag_class = 0;
	enum kc_status status = KC_OK;

	REQUIRE(len > 0, KC_ERR_DECODE, "the serial number is no number");
	if (ASN1_get_object(&at, &content_len, &tag, &tag_class, len) & 0x80)
		status = fail(KC_ERR_DECODE, "the serial number is no number");
	else
		status = field_put_data(fields, "serial_number", view_of(at, (size_t)content_len));
	OPENSSL_free(der);
	return status;
}

static enum kc_status put_date(const ASN1_TIME *time, const char *name, struct json_object *fields)
{
	char text[DATE_LEN + 16];
	struct tm parts;

	REQUIRE(ASN1_TIME_to_tm(time, &parts) == 1, KC_ERR_DECODE, "the validity is no date");
	(void)snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02dZ", parts.tm_year + 1900,
		       parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
	return field_put_text(fields, name, text);
}

static enum kc_status put_id(struct json_object *fields, const char *name,
			     const ASN1_OCTET_STRING *id)
{
	if (!id)
		return KC_OK;
	return field_put_data(fields, name,
			      view_of(ASN1_STRING_get0_data(id), (size_t)ASN1_STRING_length(id)));
}

static enum kc_status put_ids(X509 *certificate, struct json_object *fields)
{
	TRY(put_id(fields, "subject_key_id", X509_get0_subject_key_id(certificate)));
	return put_id(fields, "authority_key_id", X509_get0_authority_key_id(certificate));
}

typedef enum kc_status (*put_list_fn)(X509 *certificate, struct json_object *list);

static enum kc_status put_list(X509 *certificate, put_list_fn put, const char *name,
			       struct json_object *fields)
{
	struct json_object *list = json_object_new_array();

	TRY(field_put(fields, name, list));
	return put(certificate, list);
}

static enum kc_status put_hash(struct kc_view der, struct json_object *fields)
{
	uint8_t hash[SHA256_LEN];

	REQUIRE(EVP_Digest(der.data, der.len, hash, NULL, EVP_sha256(), NULL) == 1, KC_ERR_INTERNAL,
		"no SHA-256");
	return field_put_data(fields, "certificate_hash", VIEW_OF(hash));
}

static enum kc_status put_all(X509 *certificate, struct kc_view der, struct json_object *fields)
{
	TRY(put_version(certificate, fields));
	TRY(put_names(certificate, fields));
	TRY(put_serial_number(certificate, fields));
	TRY(put_ids(certificate, fields));
	TRY(subject_key_put(certificate, fields));
	TRY(put_hash(der, fields));
	TRY(put_date(X509_get0_notBefore(certificate), "not_valid_before", fields));
	TRY(put_date(X509_get0_notAfter(certificate), "not_valid_after", fields));
	TRY(put_list(certificate, usage_put_key_usage, "key_usage", fields));
	TRY(put_list(certificate, usage_put_extended, "extended_key_usage", fields));
	TRY(put_list(certificate, usage_put_emails, "email_addresses", fields));
	TRY(usage_put_flags(certificate, fields));
	return alternative_names_put(certificate, fields);
}

enum kc_status inspect_certificate(struct kc_view der, struct json_object **ret_certificate)
{
	CLEANUP(certificate_done) X509 *certificate = NULL;
	CLEANUP(field_free) struct json_object *fields = NULL;
	enum kc_status status = KC_OK;

	TRY(read_certificate(der, &certificate));
	TRY(field_new_object(&fields));
	status = put_all(certificate, der, fields);
	ERR_clear_error();
	TRY(status);
	*ret_certificate = take(fields);
	return KC_OK;
}
