/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One object after the other, and what each format can hold of them. */
#include "keys/key_file_impl.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/try.h"
#include "keys/digest_impl.h"
#include "keys/private_pkey_impl.h"
#include "keys/public_key.h"
#include "keys/public_key_impl.h"

static const char *const formats[] = {
	[KEY_FILE_PKCS12] = "pkcs12",
	[KEY_FILE_PKCS8] = "pkcs8",
	[KEY_FILE_PKCS8_PEM] = "pkcs8_pem",
	[KEY_FILE_PEM] = "pem",
	[KEY_FILE_DER] = "der",
};

bool key_file_find_format(const char *name, enum key_file_format *ret_format)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		if (name && strcmp(formats[i], name) == 0) {
			*ret_format = (enum key_file_format)i;
			return true;
		}
	return false;
}

/* --- what fits ------------------------------------------------------------------------------- */

static size_t count(const struct key_file *file, enum key_file_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < file->n_entries; i++)
		n += file->entries[i].kind == kind;
	return n;
}

static enum kc_status check_one_private(const struct key_file *file)
{
	error_set_hint("pkcs12 and pem hold keys together with their certificates");
	REQUIRE(count(file, KEY_FILE_PRIVATE_KEY) == 1 && count(file, KEY_FILE_PUBLIC_KEY) == 0,
		KC_ERR_PARAM, "a \"%s\" is one private key", formats[file->format]);
	error_clear();
	return KC_OK;
}

static enum kc_status check_one_public(const struct key_file *file)
{
	if (count(file, KEY_FILE_PRIVATE_KEY) > 0)
		error_set_hint("pkcs8 holds a private key, and pkcs12 an identity");
	else
		error_set_hint("pem and pkcs12 hold several");
	REQUIRE(count(file, KEY_FILE_PRIVATE_KEY) == 0 && file->n_entries == 1, KC_ERR_PARAM,
		"a \"der\" is one certificate, or one public key");
	error_clear();
	REQUIRE(!file->passphrase.data, KC_ERR_PARAM, "a \"der\" is not encrypted");
	return KC_OK;
}

static enum kc_status check_pkcs12(const struct key_file *file)
{
	error_set_hint("pem and der hold public keys");
	REQUIRE(count(file, KEY_FILE_PUBLIC_KEY) == 0, KC_ERR_PARAM,
		"a \"pkcs12\" holds no public keys");
	error_clear();
	return KC_OK;
}

enum kc_status key_file_check(const struct key_file *file)
{
	REQUIRE(file->n_entries > 0, KC_ERR_PARAM, "there is nothing to export");
	REQUIRE(file->n_entries <= KEY_FILE_ENTRIES_MAX, KC_ERR_PARAM,
		"%zu keys and certificates; %d are the most in one file", file->n_entries,
		KEY_FILE_ENTRIES_MAX);
	switch (file->format) {
	case KEY_FILE_PKCS12:
		return check_pkcs12(file);
	case KEY_FILE_PKCS8:
	case KEY_FILE_PKCS8_PEM:
		return check_one_private(file);
	case KEY_FILE_DER:
		return check_one_public(file);
	case KEY_FILE_PEM:
		if (file->passphrase.data && count(file, KEY_FILE_PRIVATE_KEY) == 0)
			return fail(KC_ERR_PARAM, "there is no private key to encrypt");
		break;
	case KEY_FILE_N_FORMATS:
		break;
	}
	return KC_OK;
}

/* --- one object ------------------------------------------------------------------------------ */

void key_file_info_done(PKCS8_PRIV_KEY_INFO **info)
{
	PKCS8_PRIV_KEY_INFO_free(*info);
	*info = NULL;
}

enum kc_status key_file_make_info(const struct key_file_entry *entry,
				  PKCS8_PRIV_KEY_INFO **ret_info)
{
	CLEANUP(public_key_done) EVP_PKEY *pkey = NULL;

	TRY(private_pkey_open(entry->key_type, entry->size_in_bits, entry->data, &pkey));
	*ret_info = EVP_PKEY2PKCS8(pkey);
	return *ret_info ? KC_OK : digest_fail_openssl("PKCS#8");
}

enum kc_status key_file_take_der(unsigned char *der, int len, struct bytes *bytes)
{
	enum kc_status status = KC_OK;

	if (len < 0)
		return digest_fail_openssl("DER");
	status = bytes_append(bytes, view_of(der, (size_t)len));
	OPENSSL_clear_free(der, (size_t)len);
	return status;
}

static enum kc_status seal_info(const struct key_file *file, PKCS8_PRIV_KEY_INFO *info,
				struct bytes *der)
{
	const struct kc_view passphrase = file->passphrase;
	X509_SIG *sealed = PKCS8_encrypt(-1, EVP_aes_256_cbc(), (const char *)passphrase.data,
					 (int)passphrase.len, NULL, 0, (int)file->iterations, info);
	unsigned char *out = NULL;
	int len = sealed ? i2d_X509_SIG(sealed, &out) : -1;

	X509_SIG_free(sealed);
	return key_file_take_der(out, len, der);
}

static enum kc_status put_private(const struct key_file *file, const struct key_file_entry *entry,
				  struct bytes *der)
{
	CLEANUP(key_file_info_done) PKCS8_PRIV_KEY_INFO *info = NULL;
	unsigned char *out = NULL;
	int len = 0;

	TRY(key_file_make_info(entry, &info));
	if (file->passphrase.data)
		return seal_info(file, info, der);
	len = i2d_PKCS8_PRIV_KEY_INFO(info, &out);
	return key_file_take_der(out, len, der);
}

static enum kc_status put_public(const struct key_file_entry *entry, struct bytes *der)
{
	struct key_facts facts = {.key_type = entry->key_type,
				  .size_in_bits = entry->size_in_bits,
				  .public_key = entry->data};

	return public_key_put_info(&facts, der);
}

static enum kc_status put_der(const struct key_file *file, const struct key_file_entry *entry,
			      struct bytes *der)
{
	switch (entry->kind) {
	case KEY_FILE_PRIVATE_KEY:
		return put_private(file, entry, der);
	case KEY_FILE_PUBLIC_KEY:
		return put_public(entry, der);
	case KEY_FILE_CERTIFICATE:
		break;
	}
	return bytes_append(der, entry->data);
}

/* --- PEM ------------------------------------------------------------------------------------- */

static const char *pem_label(const struct key_file *file, const struct key_file_entry *entry)
{
	switch (entry->kind) {
	case KEY_FILE_PRIVATE_KEY:
		return file->passphrase.data ? PEM_STRING_PKCS8 : PEM_STRING_PKCS8INF;
	case KEY_FILE_PUBLIC_KEY:
		return PEM_STRING_PUBLIC;
	case KEY_FILE_CERTIFICATE:
		break;
	}
	return PEM_STRING_X509;
}

/* The buffer of such a BIO is wiped when it grows and when it is freed. */
static enum kc_status put_armoured(const char *label, struct kc_view der, struct bytes *bytes)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	enum kc_status status = KC_OK;
	long len = 0;

	if (!bio || PEM_write_bio(bio, label, "", der.data, (long)der.len) <= 0)
		status = digest_fail_openssl("PEM");
	if (status == KC_OK) {
		len = BIO_get_mem_data(bio, &text);
		status = bytes_append(bytes, view_of(text, len > 0 ? (size_t)len : 0));
	}
	BIO_free(bio);
	return status;
}

static enum kc_status put_pem(const struct key_file *file, const struct key_file_entry *entry,
			      struct bytes *bytes)
{
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(KEY_FILE_BYTES_MAX);

	TRY(put_der(file, entry, &der));
	return put_armoured(pem_label(file, entry), bytes_view(&der), bytes);
}

/* --- the file -------------------------------------------------------------------------------- */

static const struct key_file_entry *private_entry(const struct key_file *file)
{
	for (size_t i = 0; i < file->n_entries; i++)
		if (file->entries[i].kind == KEY_FILE_PRIVATE_KEY)
			return &file->entries[i];
	return NULL;
}

enum kc_status key_file_write(const struct key_file *file, struct bytes *bytes)
{
	TRY(key_file_check(file));
	switch (file->format) {
	case KEY_FILE_PKCS12:
		return key_file_pkcs12_write(file, bytes);
	case KEY_FILE_PKCS8:
		return put_private(file, private_entry(file), bytes);
	case KEY_FILE_PKCS8_PEM:
		return put_pem(file, private_entry(file), bytes);
	case KEY_FILE_DER:
		return put_der(file, &file->entries[0], bytes);
	case KEY_FILE_PEM:
	case KEY_FILE_N_FORMATS:
		break;
	}
	for (size_t i = 0; i < file->n_entries; i++)
		TRY(put_pem(file, &file->entries[i], bytes));
	return KC_OK;
}
