/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PEM (RFC 7468), with the label that git knows X.509 signatures by (gpg-interface.c). */
#include "frontends/git/git_armor.h"

#include <stdlib.h>

#include <openssl/bio.h>
#include <openssl/pem.h>

#include "base/cleanup.h"

#define LABEL "SIGNED MESSAGE"

enum {
	TAG_SEQUENCE = 0x30,
};

enum kc_status git_armor_write(FILE *file, struct kc_view der)
{
	REQUIRE(PEM_write(file, LABEL, "", der.data, (long)der.len) > 0 && fflush(file) == 0,
		KC_ERR_NOT_AVAILABLE, "the signature cannot be written");
	return KC_OK;
}

static bool is_signature(const char *label)
{
	static const char *const labels[] = {LABEL, "PKCS7", "CMS"};

	for (size_t i = 0; i < ARRAY_LEN(labels); i++)
		if (strcmp(label, labels[i]) == 0)
			return true;
	return false;
}

static enum kc_status read_pem(BIO *bio, struct bytes *der)
{
	char *label = NULL;
	char *header = NULL;
	unsigned char *data = NULL;
	long len = 0;
	enum kc_status status = KC_ERR_DECODE;

	if (PEM_read_bio(bio, &label, &header, &data, &len) != 1)
		return fail(KC_ERR_DECODE, "the signature is neither PEM nor DER");
	if (is_signature(label))
		status = bytes_append(der, view_of(data, (size_t)len));
	else
		status = fail(KC_ERR_DECODE, "this is no signature but a '%.40s'", label);
	OPENSSL_free(label);
	OPENSSL_free(header);
	OPENSSL_free(data);
	return status;
}

enum kc_status git_armor_read(struct kc_view text, struct bytes *der)
{
	BIO *bio = NULL;
	enum kc_status status = KC_OK;

	REQUIRE(text.len > 0, KC_ERR_DECODE, "the signature is empty");
	if (text.data[0] == TAG_SEQUENCE)
		return bytes_append(der, text);
	bio = BIO_new_mem_buf(text.data, (int)text.len);
	REQUIRE(bio, KC_ERR_ALLOCATE, "out of memory");
	status = read_pem(bio, der);
	BIO_free(bio);
	return status;
}
