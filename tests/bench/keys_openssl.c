/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OpenSSL in this process, its key made once: keys_openssl KIND FILE, a private key in PEM. */
#include "keys.h"

#include <stdio.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

static EVP_PKEY *key;
static const EVP_MD *hash;

void signer_open(enum keys_kind kind, int argc, char **argv)
{
	FILE *file = argc == 1 ? fopen(argv[0], "re") : NULL;

	if (!file)
		keys_fail("keys_openssl KIND FILE", argc);
	key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
	fclose(file);
	if (!key)
		keys_fail("no private key", 0);
	hash = kind == KEYS_ED25519 ? NULL : EVP_sha256();
}

size_t signer_sign(void)
{
	unsigned char signature[1024];
	size_t len = sizeof(signature);
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	if (EVP_DigestSignInit(context, NULL, hash, NULL, key) != 1 ||
	    EVP_DigestSign(context, signature, &len, keys_message, sizeof(keys_message)) != 1)
		keys_fail("EVP_DigestSign", 0);
	EVP_MD_CTX_free(context);
	return len;
}
