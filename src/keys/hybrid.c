/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RSA OAEP with AES-GCM: a key for one message, which RSA takes to its reader. */
#include "keys/hybrid_impl.h"

#include <openssl/rand.h>

#include "base/try.h"
#include "keys/aes_gcm_impl.h"
#include "keys/digest_impl.h"
#include "keys/encryption_impl.h"
#include "keys/limits_impl.h"
#include "keys/unpad_impl.h"

enum {
	LONG_KEY_BITS = 4096, /* a modulus that takes AES-256 */
	BLOCK_MAX = 2048,     /* 16384 bits */
};

size_t hybrid_key_len(const struct key_facts *key)
{
	return key->size_in_bits < LONG_KEY_BITS ? AES_GCM_SHORT_KEY : AES_GCM_LONG_KEY;
}

enum kc_status hybrid_encrypt(const struct key_facts *key, const struct algorithm *algorithm,
			      struct kc_view data, struct bytes *ciphertext)
{
	CLEANUP(bytes_done) struct bytes session = BYTES_INIT(AES_GCM_LONG_KEY);
	size_t len = hybrid_key_len(key);
	struct aes_gcm gcm;

	TRY(bytes_reserve(&session, len));
	if (RAND_priv_bytes(session.data, (int)len) != 1)
		return digest_fail_openssl("session key");
	session.len = len;
	gcm = (struct aes_gcm){.key = bytes_view(&session), .aad = key->public_key};
	TRY(encryption_put_rsa(key, algorithms_below(algorithm), gcm.key, ciphertext));
	return aes_gcm_seal(&gcm, data, ciphertext);
}

enum kc_status hybrid_plan(const struct key_facts *key, struct kc_view ciphertext,
			   struct plan *plan)
{
	size_t len = key_facts_len(key);
	struct kc_view block = view_slice(ciphertext, 0, len);

	REQUIRE(ciphertext.len >= len + AES_GCM_TAG_BYTES, KC_ERR_PARAM,
		"%s takes %zu bytes or more with this key, not %zu", plan->wanted->name,
		len + AES_GCM_TAG_BYTES, ciphertext.len);
	TRY(limits_check_raw(key, block));
	TRY(bytes_append(&plan->input, block));
	return bytes_append(&plan->kept, view_slice(ciphertext, len, ciphertext.len));
}

static enum kc_status put_session(const struct plan *plan, const struct key_facts *key,
				  struct kc_view answer, struct bytes *session)
{
	if (plan->operation->family != ALGORITHM_RSA_ENCRYPTION_RAW)
		return bytes_append(session, answer);
	REQUIRE(answer.len == key_facts_len(key), KC_ERR_DECODE,
		"the token answers with %zu bytes, which is no decryption with this key",
		answer.len);
	return unpad_oaep(plan->wanted->hash, answer, session);
}

/* Whether it is the session key or the rest that does not fit is nobody's business. */
enum kc_status hybrid_finish(struct plan *plan, const struct key_facts *key, struct kc_view answer,
			     struct bytes *plaintext)
{
	CLEANUP(bytes_done) struct bytes session = BYTES_INIT(BLOCK_MAX);
	struct aes_gcm gcm;

	TRY(put_session(plan, key, answer, &session));
	if (session.len != hybrid_key_len(key))
		return unpad_fail();
	gcm = (struct aes_gcm){.key = bytes_view(&session), .aad = key->public_key};
	return aes_gcm_open(&gcm, bytes_view(&plan->kept), plaintext);
}
