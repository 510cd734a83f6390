/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PEM (RFC 7468): blocks, one after the other, and whatever stands between them. What they are
 * their labels say. What is neither key nor certificate is passed by; a private key that cannot be
 * read is not, since it may be all that the file is about.
 */
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/try.h"
#include "x509/keyfile_impl.h"

enum {
	BLOCKS_MAX = 2048,
	CIPHER_NAME_MAX = 40,
};

struct block {
	char *name;
	char *header;
	unsigned char *data;
	long len;
};

static void block_done(struct block *block)
{
	OPENSSL_free(block->name);
	OPENSSL_free(block->header);
	OPENSSL_clear_free(block->data, block->len > 0 ? (size_t)block->len : 0);
	*block = (struct block){NULL, NULL, NULL, 0};
}

/* --- encrypted as in RFC 1421 ---------------------------------------------------------------- */

static int give_passphrase(char *buffer, int size, int for_writing, void *userdata)
{
	const struct keyfile *file = userdata;
	size_t len = file->source->passphrase.len;

	(void)for_writing;
	if (len > (size_t)size)
		return -1;
	if (len > 0)
		memcpy(buffer, file->source->passphrase.data, len);
	return (int)len;
}

static bool is_encrypted(const struct block *block)
{
	return strstr(block->header, "ENCRYPTED") != NULL;
}

/* "DEK-Info: DES-EDE3-CBC,0123…" */
static enum kc_status fail_cipher(const struct block *block)
{
	static const char field[] = "DEK-Info: ";
	const char *name = strstr(block->header, field);
	char text[CIPHER_NAME_MAX] = "something";
	size_t len = name ? strcspn(name + strlen(field), ",\r\n") : 0;

	if (len > 0 && len < sizeof(text)) {
		memcpy(text, name + strlen(field), len);
		text[len] = '\0';
	}
	for (const char *at = text; *at; at++)
		REQUIRE(*at > ' ' && *at < 0x7f, KC_ERR_DECODE, "the PEM text is damaged");
	return keyfile_cipher_fail_unknown(text);
}

static enum kc_status decrypt(struct keyfile *file, struct block *block)
{
	EVP_CIPHER_INFO cipher;
	EVP_CIPHER *fetched = NULL;

	if (!is_encrypted(block))
		return KC_OK;
	file->is_encrypted = true;
	if (PEM_get_EVP_CIPHER_INFO(block->header, &cipher) != 1 || !cipher.cipher)
		return fail_cipher(block);
	fetched = EVP_CIPHER_fetch(NULL, EVP_CIPHER_get0_name(cipher.cipher), NULL);
	if (!fetched)
		return fail_cipher(block);
	EVP_CIPHER_free(fetched);
	TRY(keyfile_cipher_need_passphrase(file));
	if (PEM_do_header(&cipher, block->data, &block->len, give_passphrase, file) != 1)
		return keyfile_cipher_fail_wrong();
	return KC_OK;
}

/* --- blocks ---------------------------------------------------------------------------------- */

/* One decryption in 256 looks right with a wrong passphrase, and what it gives is no key. */
static enum kc_status read_key(struct keyfile *file, const struct block *block)
{
	enum kc_status status =
		keyfile_object_read_key(file, view_of(block->data, (size_t)block->len));

	if (status != KC_ERR_DECODE || !is_encrypted(block))
		return status;
	error_clear();
	return keyfile_cipher_fail_wrong();
}

static enum kc_status read_encrypted(struct keyfile *file, const struct block *block)
{
	return keyfile_object_read_encrypted(file, view_of(block->data, (size_t)block->len));
}

static enum kc_status read_public(struct keyfile *file, const struct block *block)
{
	return keyfile_object_read_public(file, view_of(block->data, (size_t)block->len), false);
}

static enum kc_status read_public_rsa(struct keyfile *file, const struct block *block)
{
	return keyfile_object_read_public(file, view_of(block->data, (size_t)block->len), true);
}

static enum kc_status read_certificate(struct keyfile *file, const struct block *block)
{
	return keyfile_object_put_certificate(file, view_of(block->data, (size_t)block->len), NULL);
}

/* What OpenSSL trusts it for stands behind it. */
static enum kc_status read_trusted(struct keyfile *file, const struct block *block)
{
	const uint8_t *at = block->data;
	X509 *certificate = d2i_X509(NULL, &at, block->len);

	X509_free(certificate);
	ERR_clear_error();
	REQUIRE(certificate, KC_ERR_DECODE, "a certificate in it is damaged");
	return keyfile_object_put_certificate(
		file, view_of(block->data, (size_t)(at - block->data)), NULL);
}

static enum kc_status read_pkcs7(struct keyfile *file, const struct block *block)
{
	return keyfile_object_read_pkcs7(file, view_of(block->data, (size_t)block->len));
}

static enum kc_status read_ssh(struct keyfile *file, const struct block *block)
{
	return keyfile_ssh_read(file, view_of(block->data, (size_t)block->len));
}

static const struct kind {
	const char *name;
	enum kc_status (*read)(struct keyfile *file, const struct block *block);
} kinds[] = {
	{PEM_STRING_PKCS8INF, read_key},
	{PEM_STRING_RSA, read_key},
	{PEM_STRING_ECPRIVATEKEY, read_key},
	{PEM_STRING_DSA, read_key},
	{PEM_STRING_PKCS8, read_encrypted},
	{PEM_STRING_PUBLIC, read_public},
	{PEM_STRING_RSA_PUBLIC, read_public_rsa},
	{PEM_STRING_X509, read_certificate},
	{PEM_STRING_X509_OLD, read_certificate},
	{PEM_STRING_X509_TRUSTED, read_trusted},
	{PEM_STRING_PKCS7, read_pkcs7},
	{PEM_STRING_PKCS7_SIGNED, read_pkcs7},
	{PEM_STRING_CMS, read_pkcs7},
	{"OPENSSH PRIVATE KEY", read_ssh},
};

static enum kc_status read_block(struct keyfile *file, struct block *block)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].name, block->name) == 0) {
			TRY(decrypt(file, block));
			return kinds[i].read(file, block);
		}
	file->n_ignored++;
	return KC_OK;
}

/* How it ends: with no more text to begin with. */
static enum kc_status check_end(void)
{
	int reason = ERR_GET_REASON(ERR_peek_last_error());

	ERR_clear_error();
	REQUIRE(reason == PEM_R_NO_START_LINE, KC_ERR_DECODE, "the PEM text is damaged");
	return KC_OK;
}

static enum kc_status read_blocks(struct keyfile *file, BIO *text)
{
	for (int n = 0; n < BLOCKS_MAX; n++) {
		CLEANUP(block_done) struct block block = {NULL, NULL, NULL, 0};

		ERR_clear_error();
		if (PEM_read_bio(text, &block.name, &block.header, &block.data, &block.len) != 1)
			return check_end();
		TRY(read_block(file, &block));
	}
	return fail(KC_ERR_PARAM, "the file has more than %d blocks of PEM", BLOCKS_MAX);
}

enum kc_status keyfile_pem_read(struct keyfile *file)
{
	BIO *text = BIO_new_mem_buf(file->source->data.data, (int)file->source->data.len);
	enum kc_status status = KC_OK;

	REQUIRE(text, KC_ERR_ALLOCATE, "out of memory");
	file->format = "pem";
	status = read_blocks(file, text);
	BIO_free(text);
	return status;
}
