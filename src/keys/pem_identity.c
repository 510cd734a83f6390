/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blocks of PEM, one after the other; comments between them and EC PARAMETERS do not count. */
#include "keys/pem_identity.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/try.h"

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

struct reading {
	BIO *text;
	struct bytes *certificate;
	struct private_key *key;
	unsigned n_certificates;
	unsigned n_keys;
};

static bool is_key(const char *name)
{
	size_t len = strlen(name);
	size_t end_len = strlen(PEM_STRING_PKCS8INF); /* PRIVATE KEY, as all names of keys end */

	return len >= end_len && strcmp(name + len - end_len, PEM_STRING_PKCS8INF) == 0;
}

/* RFC 1421 4.6.1.1 and RFC 7468 11. */
static enum kc_status check_open(const struct block *block)
{
	bool is_encrypted = strcmp(block->name, PEM_STRING_PKCS8) == 0 ||
			    strstr(block->header, "ENCRYPTED") != NULL;

	if (is_encrypted)
		error_set_hint("\"openssl pkey -in FILE\" takes the encryption off");
	REQUIRE(!is_encrypted, KC_ERR_PARAM, "the private key is encrypted");
	return KC_OK;
}

static enum kc_status take_block(struct reading *reading, const struct block *block)
{
	struct kc_view der = view_of(block->data, (size_t)block->len);

	if (strcmp(block->name, PEM_STRING_X509) == 0) {
		REQUIRE(reading->n_certificates++ == 0, KC_ERR_PARAM,
			"more than one certificate: an identity is one and its key");
		return bytes_append(reading->certificate, der);
	}
	if (!is_key(block->name))
		return KC_OK;
	REQUIRE(reading->n_keys++ == 0, KC_ERR_PARAM,
		"more than one private key: an identity is a certificate and its key");
	TRY(check_open(block));
	return private_key_import(der, reading->key);
}

static enum kc_status take_blocks(struct reading *reading)
{
	for (;;) {
		CLEANUP(block_done) struct block block = {NULL, NULL, NULL, 0};

		if (PEM_read_bio(reading->text, &block.name, &block.header, &block.data,
				 &block.len) != 1)
			break;
		TRY(take_block(reading, &block));
	}
	/* No more text to begin with is how it ends. */
	REQUIRE(ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE, KC_ERR_DECODE,
		"the PEM text is damaged");
	REQUIRE(reading->n_certificates == 1 && reading->n_keys == 1, KC_ERR_PARAM,
		"an identity is PEM text with one certificate and one private key; here there %s",
		reading->n_keys == 1	       ? "is no certificate"
		: reading->n_certificates == 1 ? "is no private key"
					       : "is neither");
	return KC_OK;
}

enum kc_status pem_identity_read(struct kc_view text, struct bytes *certificate,
				 struct private_key *ret_key)
{
	CLEANUP(private_key_done) struct private_key key = {.key_class = NULL};
	struct reading reading = {.certificate = certificate, .key = &key};
	enum kc_status status = KC_OK;

	reading.text = BIO_new_mem_buf(text.len > 0 ? (const void *)text.data : "", (int)text.len);
	REQUIRE(reading.text, KC_ERR_ALLOCATE, "out of memory");
	status = take_blocks(&reading);
	BIO_free(reading.text);
	ERR_clear_error();
	TRY(status);
	*ret_key = key;
	key = (struct private_key){.key_class = NULL};
	return KC_OK;
}
