/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_KEYS_H
#define BENCH_KEYS_H

/*
 * What keys.c times, as each holder of keys does it: keys_keycask.c, keys_socket.c, keys_openssl.c,
 * keys_pkcs11.c, keys_agent.c. The first argument is the kind of key: "P-256", "RSA-2048",
 * "Ed25519". Any failure ends the program.
 */

#include <stddef.h>

enum keys_kind {
	KEYS_P256,
	KEYS_RSA,
	KEYS_ED25519,
};

enum {
	KEYS_MESSAGE_BYTES = 32,
};

extern unsigned char keys_message[KEYS_MESSAGE_BYTES];

_Noreturn void keys_fail(const char *what, long status);

/* @argv from behind the kind. */
void signer_open(enum keys_kind kind, int argc, char **argv);
/* Sign keys_message; the length of the signature. */
size_t signer_sign(void);

#endif
