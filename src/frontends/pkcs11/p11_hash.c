/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One row for each hash: what PKCS #11 calls it, and which code performs it. */
#include "frontends/pkcs11/p11_hash.h"

#include <string.h>

#include "base/cleanup.h"

static const struct row {
	CK_MECHANISM_TYPE digest;
	CK_RSA_PKCS_MGF_TYPE mask;
	enum sha2_kind sha2;
} rows[P11_N_HASHES] = {
	[P11_SHA1] = {CKM_SHA_1, CKG_MGF1_SHA1, SHA2_256}, /* which is not looked at */
	[P11_SHA224] = {CKM_SHA224, CKG_MGF1_SHA224, SHA2_224},
	[P11_SHA256] = {CKM_SHA256, CKG_MGF1_SHA256, SHA2_256},
	[P11_SHA384] = {CKM_SHA384, CKG_MGF1_SHA384, SHA2_384},
	[P11_SHA512] = {CKM_SHA512, CKG_MGF1_SHA512, SHA2_512},
};

size_t p11_hash_bytes(enum p11_hash_kind kind)
{
	if (kind == P11_NO_HASH)
		return 0;
	return kind == P11_SHA1 ? (size_t)SHA1_DIGEST_BYTES : sha2_digest_bytes(rows[kind].sha2);
}

enum p11_hash_kind p11_hash_find(CK_MECHANISM_TYPE digest)
{
	for (enum p11_hash_kind kind = P11_SHA1; kind < P11_N_HASHES; kind++)
		if (rows[kind].digest == digest)
			return kind;
	return P11_NO_HASH;
}

enum p11_hash_kind p11_hash_find_mask(CK_RSA_PKCS_MGF_TYPE mask)
{
	for (enum p11_hash_kind kind = P11_SHA1; kind < P11_N_HASHES; kind++)
		if (rows[kind].mask == mask)
			return kind;
	return P11_NO_HASH;
}

void p11_hash_init(struct p11_hash *hash, enum p11_hash_kind kind)
{
	memset(hash, 0, sizeof(*hash));
	hash->kind = kind;
	if (kind == P11_SHA1)
		sha1_init(&hash->sha1);
	else if (kind != P11_NO_HASH)
		sha2_init(&hash->sha2, rows[kind].sha2);
}

void p11_hash_update(struct p11_hash *hash, struct kc_view data)
{
	if (hash->kind == P11_SHA1)
		sha1_update(&hash->sha1, data);
	else if (hash->kind != P11_NO_HASH)
		sha2_update(&hash->sha2, data);
}

void p11_hash_finish(struct p11_hash *hash, uint8_t digest[P11_DIGEST_MAX])
{
	if (hash->kind == P11_SHA1)
		sha1_finish(&hash->sha1, digest);
	else if (hash->kind != P11_NO_HASH)
		sha2_finish(&hash->sha2, digest);
}

void p11_hash_digest(enum p11_hash_kind kind, struct kc_view data, uint8_t digest[P11_DIGEST_MAX])
{
	struct p11_hash hash;

	p11_hash_init(&hash, kind);
	p11_hash_update(&hash, data);
	p11_hash_finish(&hash, digest);
}
