/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_KEY_FILE_H
#define KEYS_KEY_FILE_H

/*
 * Keys and certificates as a file for other programs: PKCS#12 (RFC 7292), PKCS#8 (RFC 5958), PEM
 * (RFC 7468), DER. What is encrypted is so with AES-256 under a key that PBKDF2 has made of the
 * passphrase, which is slow: for a thread. Certificates are bytes here, and not looked at.
 */

#include "base/bytes.h"

enum {
	KEY_FILE_ENTRIES_MAX = 128,
	KEY_FILE_BYTES_MAX = 700 * 1024, /* a message, nearly */
	KEY_FILE_ITERATIONS = 200 * 1000,
};

enum key_file_format {
	KEY_FILE_PKCS12,
	KEY_FILE_PKCS8,
	KEY_FILE_PKCS8_PEM,
	KEY_FILE_PEM,
	KEY_FILE_DER,
	KEY_FILE_N_FORMATS,
};

/* "pkcs8_pem" … False: no such format to write. */
bool key_file_find_format(const char *name, enum key_file_format *ret_format);

enum key_file_kind {
	KEY_FILE_CERTIFICATE,
	KEY_FILE_PRIVATE_KEY,
	KEY_FILE_PUBLIC_KEY,
};

/* All borrowed. */
struct key_file_entry {
	enum key_file_kind kind;
	struct kc_view data;   /* DER of a certificate; the external representation of a key */
	const char *key_type;  /* of a key */
	unsigned size_in_bits; /* of a key */
	const char *label;     /* NULL: none */
	struct kc_view id;     /* what a key and its certificate have in common; may be empty */
};

struct key_file {
	enum key_file_format format;
	const struct key_file_entry *entries;
	size_t n_entries;
	struct kc_view passphrase; /* data NULL: there is none */
	unsigned iterations;	   /* KEY_FILE_ITERATIONS, or a test's own */
};

/* Can there be such a file? Expected: KC_ERR_PARAM, saying why not */
KC_MUST_CHECK enum kc_status key_file_check(const struct key_file *file);

/* Append it to @bytes. Expected: as key_file_check() */
KC_MUST_CHECK enum kc_status key_file_write(const struct key_file *file, struct bytes *bytes);

#endif
