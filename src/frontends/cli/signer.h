/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_SIGNER_H
#define CLI_SIGNER_H

/* The key that --key names, and the algorithm to use with it when none is named. */

#include <keycask/key.h>

#include "frontends/cli/resolve.h"

struct signer {
	struct kc_key *key;
	const char *algorithm; /* borrowed or static */
	bool is_usual;	       /* the algorithm is not one that was asked for */
	size_t block_size;     /* bytes of the key */
	bool needs_touch;      /* somebody must touch the token while it works */
};

/* Release what signer_find() gave. */
void signer_done(struct signer *signer);

/*
 * @name NULL: the only key there is. @algorithm NULL: the usual one for the type of the key.
 * Expected: as resolve_item(); KC_ERR_PARAM  no usual algorithm for this type
 */
KC_MUST_CHECK enum kc_status signer_find(struct context *context, const char *name,
					 const char *algorithm, enum resolve_kind kind,
					 struct signer *ret_signer);

/* For @len bytes of data, or of ciphertext when @decrypts: RSA takes what is long with AES-GCM. */
void signer_fit(struct signer *signer, size_t len, bool decrypts);

/* For --help. */
#define SIGNER_SIGNATURES_HELP                                                                     \
	"\nAlgorithms: rsa_signature_{message,digest}_{pkcs1v15,pss}_HASH,\n"                      \
	"rsa_signature_digest_pkcs1v15_raw, rsa_signature_raw,\n"                                  \
	"ecdsa_signature_{message,digest}_{x962,rfc4754}_HASH,\n"                                  \
	"ecdsa_signature_digest_{x962,rfc4754}, eddsa_signature_message_{ed25519,ed448};\n"        \
	"HASH is sha1, sha224, sha256, sha384 or sha512.\n"
#define SIGNER_ENCRYPTIONS_HELP                                                                    \
	"\nAlgorithms: rsa_encryption_oaep_HASH, rsa_encryption_oaep_HASH_aesgcm,\n"               \
	"rsa_encryption_pkcs1, rsa_encryption_raw,\n"                                              \
	"ecies_encryption_{standard,cofactor}[_variable_iv]_x963_HASH_aesgcm;\n"                   \
	"HASH is sha1 (not with variable_iv), sha224, sha256, sha384 or sha512.\n"
#define SIGNER_EXCHANGES_HELP                                                                      \
	"\nAlgorithms: ecdh_key_exchange_{standard,cofactor}, and with _x963_HASH behind it, "     \
	"where\n"                                                                                  \
	"HASH is sha1, sha224, sha256, sha384 or sha512.\n"

/* Tell whoever sits before the token, when it is about to wait for a touch. */
void signer_announce(const struct signer *signer);

#endif
