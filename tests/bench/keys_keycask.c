/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Through libkeycask: keys_keycask KIND REFERENCE, a persistent reference in hexadecimal. */
#include "keys.h"

#include <stdio.h>
#include <string.h>

#include <keycask/key.h>

static const char *const algorithms[] = {
	[KEYS_P256] = "ecdsa_signature_message_x962_sha256",
	[KEYS_RSA] = "rsa_signature_message_pkcs1v15_sha256",
	[KEYS_ED25519] = "eddsa_signature_message_ed25519",
};

static const char *algorithm;
static struct kc_key *key;

void signer_open(enum keys_kind kind, int argc, char **argv)
{
	unsigned char reference[256];
	size_t len = 0;

	if (argc != 1)
		keys_fail("keys_keycask KIND REFERENCE", argc);
	while (len < sizeof(reference) && sscanf(argv[0] + 2 * len, "%2hhx", &reference[len]) == 1)
		len++;
	algorithm = algorithms[kind];
	if (kc_key_from_persistent_ref((struct kc_view){reference, len}, &key) != KC_OK)
		keys_fail("no reference", 0);
}

size_t signer_sign(void)
{
	struct kc_view message = {keys_message, sizeof(keys_message)};
	struct kc_bytes signature = {0};
	enum kc_status status = kc_key_sign(key, algorithm, message, NULL, &signature);
	size_t len = signature.len;

	if (status != KC_OK)
		keys_fail("kc_key_sign", status);
	kc_bytes_free(&signature);
	return len;
}
