/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One key or certificate of a file. A private key is made PKCS#8 whatever it came as; how good a
 * key it is, the daemon finds out (keys/private_key.h), and keycask-x509 what a certificate says.
 */
#include <openssl/err.h>

#include "base/try.h"
#include "codec/utf8.h"
#include "x509/keyfile_impl.h"
#include "x509/subject_key_impl.h"

enum {
	NAME_BYTES_MAX = 512,
	LOCAL_KEY_ID_MAX = 64,
	PUBLIC_KEY_MAX = 64 * 1024,
};

static void pkey_done(EVP_PKEY **pkey)
{
	EVP_PKEY_free(*pkey);
	*pkey = NULL;
}

/* Clears it: crypto/asn1/p8_pkey.c has a hook for that. */
static void info_done(PKCS8_PRIV_KEY_INFO **info)
{
	PKCS8_PRIV_KEY_INFO_free(*info);
	*info = NULL;
}

static enum kc_status count(struct keyfile *file, const struct json_object *array, size_t most,
			    size_t n_bytes)
{
	REQUIRE(json_object_array_length(array) < most, KC_ERR_PARAM,
		"the file has more than %zu keys or certificates", most);
	file->n_bytes += n_bytes;
	REQUIRE(file->n_bytes <= KEYFILE_BYTES_MAX, KC_ERR_PARAM,
		"the file has more than %d bytes of keys and certificates", KEYFILE_BYTES_MAX);
	return KC_OK;
}

/* What is no text, or a novel, is no name. */
static enum kc_status put_names(struct json_object *object, const struct keyfile_names *names)
{
	struct kc_view name = view_of_text(names ? names->friendly_name : NULL);

	if (!names)
		return KC_OK;
	if (name.len > 0 && name.len <= NAME_BYTES_MAX && utf8_is_text(name))
		TRY(field_put_text(object, "friendly_name", names->friendly_name));
	if (names->local_key_id.len > 0 && names->local_key_id.len <= LOCAL_KEY_ID_MAX)
		TRY(field_put_data(object, "local_key_id", names->local_key_id));
	return KC_OK;
}

static enum kc_status put(struct json_object *array, struct kc_view der,
			  const struct keyfile_names *names)
{
	CLEANUP(field_free) struct json_object *object = NULL;

	TRY(field_new_object(&object));
	TRY(field_put_data(object, "data", der));
	TRY(put_names(object, names));
	return field_append(array, take(object));
}

enum kc_status keyfile_object_put_certificate(struct keyfile *file, struct kc_view der,
					      const struct keyfile_names *names)
{
	TRY(count(file, file->certificates, KEYFILE_CERTIFICATES_MAX, der.len));
	return put(file->certificates, der, names);
}

enum kc_status keyfile_object_put_key(struct keyfile *file, PKCS8_PRIV_KEY_INFO *info,
				      const struct keyfile_names *names)
{
	unsigned char *der = NULL;
	int len = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
	enum kc_status status = KC_OK;

	REQUIRE(len > 0, KC_ERR_DECODE, "a private key that cannot be written");
	status = count(file, file->keys, KEYFILE_KEYS_MAX, (size_t)len);
	if (status == KC_OK)
		status = put(file->keys, view_of(der, (size_t)len), names);
	OPENSSL_clear_free(der, (size_t)len);
	return status;
}

/* A key of a kind that OpenSSL does not know is left to whoever reads it next. */
static PKCS8_PRIV_KEY_INFO *parse_pkcs8(struct kc_view der)
{
	const uint8_t *at = der.data;
	CLEANUP(info_done)
	PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)der.len);

	return info && at == der.data + der.len ? take(info) : NULL;
}

static PKCS8_PRIV_KEY_INFO *parse_other(struct kc_view der)
{
	const uint8_t *at = der.data;
	CLEANUP(pkey_done) EVP_PKEY *pkey = d2i_AutoPrivateKey(NULL, &at, (long)der.len);

	return pkey && at == der.data + der.len ? EVP_PKEY2PKCS8(pkey) : NULL;
}

enum kc_status keyfile_object_read_key(struct keyfile *file, struct kc_view der)
{
	CLEANUP(info_done) PKCS8_PRIV_KEY_INFO *info = parse_pkcs8(der);

	if (!info)
		info = parse_other(der);
	ERR_clear_error();
	REQUIRE(info, KC_ERR_DECODE, "not a private key in PKCS#8, PKCS#1 or SEC 1");
	return keyfile_object_put_key(file, info, NULL);
}

/* --- public keys ----------------------------------------------------------------------------- */

enum kc_status keyfile_object_put_public(struct keyfile *file, EVP_PKEY *pkey)
{
	CLEANUP(field_free) struct json_object *known = NULL;
	CLEANUP(field_free) struct json_object *object = NULL;
	unsigned char *info = NULL;
	int len = i2d_PUBKEY(pkey, &info);
	enum kc_status status = KC_OK;

	REQUIRE(len > 0, KC_ERR_DECODE, "a public key that cannot be written");
	status = count(file, file->public_keys, KEYFILE_CERTIFICATES_MAX, (size_t)len);
	OPENSSL_free(info);
	TRY(status);
	TRY(field_new_object(&known));
	TRY(field_new_object(&object));
	TRY(subject_key_put_pkey(pkey, known));
	TRY(field_put_text(object, "key_type", field_text(known, "key_type")));
	TRY(field_put_text(object, "public_key", field_text(known, "public_key")));
	return field_append(file->public_keys, take(object));
}

enum kc_status keyfile_object_read_public(struct keyfile *file, struct kc_view der, bool is_pkcs1)
{
	const uint8_t *at = der.data;
	CLEANUP(pkey_done)
	EVP_PKEY *pkey = is_pkcs1 ? d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)der.len)
				  : d2i_PUBKEY(NULL, &at, (long)der.len);

	ERR_clear_error();
	REQUIRE(pkey && at == der.data + der.len, KC_ERR_DECODE, "not a public key");
	return keyfile_object_put_public(file, pkey);
}

/* --- PKCS#7 ---------------------------------------------------------------------------------- */

static void message_done(PKCS7 **message)
{
	PKCS7_free(*message);
	*message = NULL;
}

static enum kc_status put_x509(struct keyfile *file, X509 *certificate)
{
	unsigned char *der = NULL;
	int len = i2d_X509(certificate, &der);
	enum kc_status status = KC_OK;

	REQUIRE(len > 0, KC_ERR_DECODE, "a certificate that cannot be written");
	status = keyfile_object_put_certificate(file, view_of(der, (size_t)len), NULL);
	OPENSSL_free(der);
	return status;
}

/* RFC 2315 9.1: SignedData without signers is how certificates travel together. */
enum kc_status keyfile_object_read_pkcs7(struct keyfile *file, struct kc_view der)
{
	const uint8_t *at = der.data;
	CLEANUP(message_done) PKCS7 *message = d2i_PKCS7(NULL, &at, (long)der.len);
	STACK_OF(X509) *certificates = NULL;

	ERR_clear_error();
	REQUIRE(message && at == der.data + der.len && PKCS7_type_is_signed(message) &&
			message->d.sign,
		KC_ERR_DECODE, "not a PKCS#7 with certificates");
	certificates = message->d.sign->cert;
	for (int i = 0; certificates && i < sk_X509_num(certificates); i++)
		TRY(put_x509(file, sk_X509_value(certificates, i)));
	return KC_OK;
}

/* --- encrypted ------------------------------------------------------------------------------- */

static void sealed_done(X509_SIG **sealed)
{
	X509_SIG_free(*sealed);
	*sealed = NULL;
}

enum kc_status keyfile_object_read_encrypted(struct keyfile *file, struct kc_view der)
{
	const uint8_t *at = der.data;
	CLEANUP(sealed_done) X509_SIG *sealed = d2i_X509_SIG(NULL, &at, (long)der.len);

	ERR_clear_error();
	REQUIRE(sealed && at == der.data + der.len, KC_ERR_DECODE, "not an encrypted PKCS#8");
	return keyfile_cipher_open_key(file, sealed, NULL);
}
