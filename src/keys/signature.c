/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From the algorithm asked for down to one that the token has, one step at a time as Apple's
 * dispatcher does it (reference/keychain.md 5.2, 5.3); back up, the answer is brought into form
 * and verified.
 */
#include "keys/signature.h"

#include "base/try.h"
#include "codec/curve.h"
#include "keys/algorithms_impl.h"
#include "keys/digest_impl.h"
#include "keys/ecdsa_form_impl.h"
#include "keys/limits_impl.h"
#include "keys/padding_impl.h"
#include "keys/plan_impl.h"
#include "keys/verify_impl.h"

enum {
	TOKEN_MESSAGE_MAX = 65535, /* ISO 7816-4, 5.1: Lc of two bytes */
};

static enum kc_status find_algorithm(const struct key_facts *key, const char *name,
				     const struct algorithm **ret_algorithm)
{
	const struct algorithm *algorithm = NULL;

	TRY(algorithms_choose(name, ALGORITHM_SIGNATURE, key->key_type, &algorithm));
	*ret_algorithm = algorithm;
	return KC_OK;
}

/* What is signed in the end: the message's hash, or @data itself. RFC 8032: EdDSA hashes twice, and
 * so has to have the message. */
static enum kc_status put_digest(const struct algorithm *algorithm, struct kc_view data,
				 struct bytes *digest)
{
	if (algorithm->family == ALGORITHM_EDDSA)
		return bytes_append(digest, data);
	if (algorithm->takes_message)
		return digest_put(algorithm->hash, data, digest);
	REQUIRE(data.len <= PLAN_ANSWER_MAX, KC_ERR_PARAM, "%zu bytes are no digest", data.len);
	return bytes_append(digest, data);
}

/*
 * FIPS 186-5 6.4.1: of a digest longer than the order of the curve the leftmost bits count; what
 * remains within the last byte the token drops itself.
 */
static enum kc_status put_cut(const struct key_facts *key, struct kc_view digest,
			      struct bytes *input)
{
	return bytes_append(input, view_slice(digest, 0, curve_width(key->size_in_bits)));
}

static enum kc_status put_padded(const struct key_facts *key, struct kc_view data,
				 struct bytes *input)
{
	for (size_t i = data.len; i < key_facts_len(key); i++)
		TRY(bytes_append_byte(input, 0));
	return bytes_append(input, data);
}

static enum kc_status put_digest_info(const struct algorithm *wanted, struct kc_view digest,
				      struct bytes *info)
{
	TRY(bytes_append(info, digest_info_prefix(wanted->hash)));
	return bytes_append(info, digest);
}

static enum kc_status put_block(const struct key_facts *key, const struct algorithm *wanted,
				struct kc_view digest, struct bytes *input)
{
	CLEANUP(bytes_done) struct bytes info = BYTES_INIT(PLAN_ANSWER_MAX);

	if (wanted->family == ALGORITHM_RSA_RAW)
		return put_padded(key, digest, input);
	if (wanted->family == ALGORITHM_RSA_PSS)
		return padding_put_pss(wanted->hash, digest, key->size_in_bits, input);
	TRY(put_digest_info(wanted, digest, &info));
	return padding_put_pkcs1v15(bytes_view(&info), key_facts_len(key), input);
}

/* What the token's operation is over, when the digest of what was asked for is @digest. */
static enum kc_status put_input(const struct key_facts *key, const struct algorithm *wanted,
				const struct algorithm *operation, struct kc_view digest,
				struct bytes *input)
{
	if (operation->family == ALGORITHM_RSA_RAW)
		return put_block(key, wanted, digest, input);
	if (operation->family == ALGORITHM_RSA_PKCS1V15 && operation->hash == ALGORITHM_NO_HASH)
		return put_digest_info(wanted, digest, input);
	if (operation->family == ALGORITHM_ECDSA_X962 && operation->hash == ALGORITHM_NO_HASH)
		return put_cut(key, digest, input);
	return bytes_append(input, digest);
}

/* A token that hashes by itself has to be given the message, and a command to it has an end. */
static enum kc_status put_message(const struct key_facts *key, struct kc_view message,
				  struct bytes *input)
{
	REQUIRE(key->is_software || message.len <= TOKEN_MESSAGE_MAX, KC_ERR_PARAM,
		"a message of %zu bytes; a token signs messages of up to %d", message.len,
		TOKEN_MESSAGE_MAX);
	return bytes_append(input, message);
}

static enum kc_status fill(struct plan *plan, const struct key_facts *key,
			   const struct algorithm *algorithm, struct kc_view data)
{
	plan->wanted = algorithms_without_message(algorithm);
	plan->operation = plan_find_operation(key, algorithm);
	REQUIRE(plan->operation, KC_ERR_PARAM, "the token of this key cannot sign with %s",
		algorithm->name);
	TRY(put_digest(algorithm, data, &plan->kept));
	TRY(limits_check_digest(key, plan->wanted, bytes_view(&plan->kept)));
	if (plan->operation->takes_message)
		return put_message(key, data, &plan->input);
	return put_input(key, plan->wanted, plan->operation, bytes_view(&plan->kept), &plan->input);
}

static enum kc_status put_answer(const struct plan *plan, const struct key_facts *key,
				 struct kc_view answer, struct bytes *signature)
{
	REQUIRE(answer.len <= PLAN_ANSWER_MAX, KC_ERR_VERIFY_FAILED,
		"the token's answer is too long to be a signature");
	if (plan->wanted->family == ALGORITHM_ECDSA_RFC4754 &&
	    plan->operation->family == ALGORITHM_ECDSA_X962)
		return ecdsa_form_put_plain(answer, key->size_in_bits, signature);
	return bytes_append(signature, answer);
}

/* Whoever signs must not read that a signature does not match: it is the token that is odd. */
static enum kc_status fail_token(void)
{
	enum kc_status status = KC_OK;

	error_clear();
	status = fail(KC_ERR_VERIFY_FAILED, "what the token signed does not fit its public key");
	error_set_hint("certificate and key on the token do not belong together, or the token is "
		       "not what it says: do not rely on it");
	return status;
}

static enum kc_status finish(struct plan *plan, const struct key_facts *key, struct kc_view answer,
			     struct bytes *signature)
{
	enum kc_status status = put_answer(plan, key, answer, signature);

	if (status == KC_OK && !key->is_software) /* what OpenSSL signs is signed */
		status = verify_check(key, plan->wanted, bytes_view(&plan->kept),
				      bytes_view(signature));
	return status == KC_ERR_VERIFY_FAILED ? fail_token() : status;
}

enum kc_status signature_plan_new(const struct key_facts *key, const char *name,
				  struct kc_view data, struct plan **ret_plan)
{
	CLEANUP(plan_freep) struct plan *plan = NULL;
	const struct algorithm *algorithm = NULL;

	TRY(find_algorithm(key, name, &algorithm));
	TRY(plan_new(finish, &plan));
	TRY(fill(plan, key, algorithm, data));
	*ret_plan = take(plan);
	return KC_OK;
}

enum kc_status signature_verify(const struct key_facts *key, const char *name, struct kc_view data,
				struct kc_view signature)
{
	CLEANUP(bytes_done) struct bytes digest = BYTES_INIT(PLAN_INPUT_MAX);
	const struct algorithm *algorithm = NULL;

	TRY(find_algorithm(key, name, &algorithm));
	TRY(put_digest(algorithm, data, &digest));
	algorithm = algorithms_without_message(algorithm);
	TRY(limits_check_digest(key, algorithm, bytes_view(&digest)));
	return verify_check(key, algorithm, bytes_view(&digest), signature);
}

bool signature_is_supported(const struct key_facts *key, const char *name, bool for_signing)
{
	const struct error_record before = *error_get();
	const struct algorithm *algorithm = NULL;
	bool is_supported = find_algorithm(key, name, &algorithm) == KC_OK &&
			    limits_check_size(key, algorithm) == KC_OK;

	error_adopt(&before);
	return is_supported && (!for_signing || plan_find_operation(key, algorithm) != NULL);
}
