/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a file is: the bytes themselves tell, as each form has a shape of its own. What they are
 * said to be is only held against that.
 */
#include "x509/keyfile.h"

#include <openssl/err.h>

#include "base/try.h"
#include "x509/keyfile_impl.h"

enum {
	DER_SEQUENCE = 0x30,
	DER_LONG_LENGTH = 0x80,
};

static void keyfile_done(struct keyfile *file)
{
	field_free(&file->keys);
	field_free(&file->public_keys);
	field_free(&file->certificates);
}

/* --- DER ------------------------------------------------------------------------------------- */

static void pfx_done(PKCS12 **pfx)
{
	PKCS12_free(*pfx);
	*pfx = NULL;
}

static enum kc_status read_pkcs12(struct keyfile *file, bool *ret_is_it)
{
	struct kc_view data = file->source->data;
	const uint8_t *at = data.data;
	CLEANUP(pfx_done) PKCS12 *pfx = d2i_PKCS12(NULL, &at, (long)data.len);

	*ret_is_it = pfx != NULL;
	if (!pfx)
		return KC_OK;
	file->format = "pkcs12";
	REQUIRE(at == data.data + data.len, KC_ERR_DECODE, "there is more behind the PKCS#12");
	return keyfile_pkcs12_read(file, pfx);
}

static bool is_pkcs7(struct kc_view data)
{
	const uint8_t *at = data.data;
	PKCS7 *message = d2i_PKCS7(NULL, &at, (long)data.len);
	/* "any other type" would be any SEQUENCE with an OID */
	bool is_it = message && OBJ_obj2nid(message->type) == NID_pkcs7_signed;

	PKCS7_free(message);
	return is_it;
}

static bool is_encrypted_key(struct kc_view data)
{
	const uint8_t *at = data.data;
	X509_SIG *sealed = d2i_X509_SIG(NULL, &at, (long)data.len);

	X509_SIG_free(sealed);
	return sealed != NULL;
}

static bool is_certificate(struct kc_view data)
{
	const uint8_t *at = data.data;
	X509 *certificate = d2i_X509(NULL, &at, (long)data.len);

	X509_free(certificate);
	return certificate != NULL;
}

/* The last of several attempts says what it is not. */
static enum kc_status read_key_of_any_kind(struct keyfile *file)
{
	struct kc_view data = file->source->data;

	file->format = "der";
	if (keyfile_object_read_key(file, data) == KC_OK)
		return KC_OK;
	error_clear();
	if (keyfile_object_read_public(file, data, false) == KC_OK)
		return KC_OK;
	error_clear();
	if (keyfile_object_read_public(file, data, true) == KC_OK)
		return KC_OK;
	error_clear();
	error_set_hint("PKCS#12, PKCS#8, PKCS#1, SEC 1, certificates, public keys and PKCS#7 are "
		       "read, in DER or PEM");
	return fail(KC_ERR_DECODE, "neither a key nor a certificate, or damaged");
}

static enum kc_status read_der(struct keyfile *file)
{
	struct kc_view data = file->source->data;
	bool is_pkcs12 = false;

	TRY(read_pkcs12(file, &is_pkcs12));
	if (is_pkcs12)
		return KC_OK;
	if (is_pkcs7(data)) {
		file->format = "pkcs7";
		return keyfile_object_read_pkcs7(file, data);
	}
	if (is_encrypted_key(data)) {
		file->format = "pkcs8";
		return keyfile_object_read_encrypted(file, data);
	}
	if (is_certificate(data)) {
		file->format = "der";
		return keyfile_object_put_certificate(file, data, NULL);
	}
	return read_key_of_any_kind(file);
}

/* --- which --------------------------------------------------------------------------------- */

static bool has_pem(struct kc_view data)
{
	static const char begin[] = "-----BEGIN ";

	return data.len > 0 && memmem(data.data, data.len, begin, strlen(begin)) != NULL;
}

/* A text may begin with a 0 as well, but then with another length than its own. */
static bool is_der(struct kc_view data)
{
	if (data.len < 2 || data.data[0] != DER_SEQUENCE)
		return false;
	return data.data[1] >= DER_LONG_LENGTH || data.data[1] == data.len - 2 || !has_pem(data);
}

static enum kc_status check_known(const char *format)
{
	static const char *const formats[] = {"pkcs12", "pkcs7", "pkcs8", "pem", "der"};

	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		if (!format || strcmp(formats[i], format) == 0)
			return KC_OK;
	error_set_hint("format is one of pkcs12, pkcs7, pkcs8, pem, der");
	return fail(KC_ERR_PARAM, "no format \"%.32s\" to import", format);
}

/* A plain PKCS#8 looks like any key, and PEM may hold PKCS#7 and PKCS#8. */
static bool is_as_said(const struct keyfile *file, const char *format)
{
	bool is_one_key = json_object_array_length(file->keys) == 1 &&
			  json_object_array_length(file->certificates) == 0;

	if (!format || strcmp(format, file->format) == 0)
		return true;
	if (strcmp(format, "pkcs8") == 0)
		return strcmp(file->format, "pkcs12") != 0 && is_one_key;
	if (strcmp(format, "pkcs7") == 0)
		return strcmp(file->format, "pem") == 0;
	return strcmp(format, "der") == 0 && strcmp(file->format, "pem") != 0;
}

static size_t count(const struct keyfile *file)
{
	return json_object_array_length(file->keys) + json_object_array_length(file->public_keys) +
	       json_object_array_length(file->certificates);
}

static enum kc_status read_any(struct keyfile *file)
{
	const char *format = file->source->format;
	bool has_der = is_der(file->source->data);

	TRY(check_known(format));
	REQUIRE(file->source->data.len > 0, KC_ERR_DECODE, "the file is empty");
	if (!has_der && !has_pem(file->source->data)) {
		error_set_hint("PKCS#12, PKCS#8, PKCS#1, SEC 1, certificates, public keys and "
			       "PKCS#7 are read, in DER or PEM");
		return fail(KC_ERR_DECODE, "neither PEM nor DER");
	}
	TRY(has_der ? read_der(file) : keyfile_pem_read(file));
	REQUIRE(is_as_said(file, format), KC_ERR_DECODE,
		"not a file of format \"%s\" but of \"%s\"", format, file->format);
	REQUIRE(count(file) > 0, KC_ERR_DECODE, "there is neither a key nor a certificate in it");
	return KC_OK;
}

static enum kc_status make_contents(struct keyfile *file, struct json_object **ret_contents)
{
	CLEANUP(field_free) struct json_object *contents = NULL;

	TRY(field_new_object(&contents));
	TRY(field_put_text(contents, "format", file->format));
	TRY(field_put_flag(contents, "is_encrypted", file->is_encrypted));
	TRY(field_put_number(contents, "n_ignored", file->n_ignored));
	TRY(field_put(contents, "keys", take(file->keys)));
	TRY(field_put(contents, "public_keys", take(file->public_keys)));
	TRY(field_put(contents, "certificates", take(file->certificates)));
	*ret_contents = take(contents);
	return KC_OK;
}

enum kc_status keyfile_read(const struct keyfile_source *source, struct json_object **ret_contents)
{
	CLEANUP(keyfile_done)
	struct keyfile file = {.source = source,
			       .keys = json_object_new_array(),
			       .public_keys = json_object_new_array(),
			       .certificates = json_object_new_array()};
	enum kc_status status = KC_OK;

	REQUIRE(file.keys && file.public_keys && file.certificates, KC_ERR_ALLOCATE,
		"out of memory");
	status = read_any(&file);
	ERR_clear_error();
	TRY(status);
	return make_contents(&file, ret_contents);
}
