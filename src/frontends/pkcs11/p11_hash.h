/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_HASH_H
#define PKCS11_P11_HASH_H

/*
 * Hashing in the application's process: whatever the size of the data, only its digest goes to the
 * daemon, and C_Digest asks nobody.
 */

#include "codec/sha1.h"
#include "codec/sha2.h"
#include "frontends/pkcs11/p11_standard.h"

enum p11_hash_kind {
	P11_NO_HASH,
	P11_SHA1,
	P11_SHA224,
	P11_SHA256,
	P11_SHA384,
	P11_SHA512,
	P11_N_HASHES,
};

enum {
	P11_DIGEST_MAX = SHA2_DIGEST_MAX,
};

struct p11_hash {
	enum p11_hash_kind kind;
	struct sha1 sha1;
	struct sha2 sha2;
};

/* 0 for P11_NO_HASH. */
size_t p11_hash_bytes(enum p11_hash_kind kind);

/* Of a CKM_SHA…, and of a CKG_MGF1_…: P11_NO_HASH when there is none such here. */
enum p11_hash_kind p11_hash_find(CK_MECHANISM_TYPE digest);
enum p11_hash_kind p11_hash_find_mask(CK_RSA_PKCS_MGF_TYPE mask);

/* @kind may be P11_NO_HASH: then nothing is hashed, and the digest is empty. */
void p11_hash_init(struct p11_hash *hash, enum p11_hash_kind kind);
void p11_hash_update(struct p11_hash *hash, struct kc_view data);

/* Write p11_hash_bytes() of @digest and wipe @hash. */
void p11_hash_finish(struct p11_hash *hash, uint8_t digest[P11_DIGEST_MAX]);

/* All three at once. */
void p11_hash_digest(enum p11_hash_kind kind, struct kc_view data, uint8_t digest[P11_DIGEST_MAX]);

#endif
