/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From the algorithm asked for down to one that the token has, one step at a time as Apple's
 * dispatcher does it (reference/keychain.md 5.2, 5.3); back up, the answer is brought into form
 * and verified.
 */
#include "keys/signature.h"

#include <assert.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <stdlib.h>

#include "base/try.h"
#include "keys/algorithms_impl.h"
#include "keys/digest_impl.h"
#include "keys/ecdsa_form_impl.h"
#include "keys/padding_impl.h"
#include "keys/public_key_impl.h"
#include "keys/verify_impl.h"

enum {
	INPUT_MAX = 1024 * 1024, /* as long as a message on the wire */
	ANSWER_MAX = 4096,
};

struct signature_plan {
	const struct algorithm *wanted;	   /* without a message: what is verified */
	const struct algorithm *operation; /* the token's */
	struct bytes digest;		   /* what @wanted is over */
	struct bytes input;		   /* what the token gets */
};

struct signature_plan *signature_plan_free(struct signature_plan *plan)
{
	if (!plan)
		return NULL;
	bytes_done(&plan->digest);
	bytes_done(&plan->input);
	free(plan);
	return NULL;
}

static size_t key_len(const struct signature_key *key)
{
	return (key->size_in_bits + 7) / 8;
}

static bool has_operation(const struct signature_key *key, const char *name)
{
	size_t n = 0;

	if (!json_object_is_type(key->algorithms, json_type_array))
		return false;
	n = json_object_array_length(key->algorithms);
	for (size_t i = 0; i < n; i++) {
		struct json_object *value = json_object_array_get_idx(key->algorithms, i);

		if (json_object_is_type(value, json_type_string) &&
		    strcmp(json_object_get_string(value), name) == 0)
			return true;
	}
	return false;
}

/* The highest algorithm from @algorithm down that the token performs itself; NULL: none. */
static const struct algorithm *find_operation(const struct signature_key *key,
					      const struct algorithm *algorithm)
{
	while (algorithm && !has_operation(key, algorithm->name))
		algorithm = algorithms_below(algorithm);
	return algorithm;
}

static enum kc_status find_algorithm(const struct signature_key *key, const char *name,
				     const struct algorithm **ret_algorithm)
{
	const struct algorithm *algorithm = algorithms_find(name);
	enum kc_status status = KC_OK;

	if (!algorithm || strcmp(algorithm->key_type, key->key_type) != 0) {
		status = algorithms_fail_unfit(name, key->key_type);
		assert(status != KC_OK);
		return status;
	}
	REQUIRE(algorithm->family != ALGORITHM_EDDSA, KC_ERR_PARAM, "%s is not supported", name);
	*ret_algorithm = algorithm;
	return KC_OK;
}

/* Is the key long enough for what does not depend on the data? */
static enum kc_status check_size(const struct signature_key *key, const struct algorithm *algorithm)
{
	size_t needed = digest_info_prefix(algorithm->hash).len + digest_len(algorithm->hash) +
			PADDING_PKCS1_OVERHEAD;

	REQUIRE(algorithm->family != ALGORITHM_RSA_PSS ||
			padding_fits_pss(algorithm->hash, key->size_in_bits),
		KC_ERR_PARAM, "a key of %u bits is too short for %s", key->size_in_bits,
		algorithm->name);
	REQUIRE(algorithm->family != ALGORITHM_RSA_PKCS1V15 || key_len(key) >= needed, KC_ERR_PARAM,
		"a key of %u bits is too short for %s", key->size_in_bits, algorithm->name);
	return KC_OK;
}

static void big_done(BIGNUM **number)
{
	BN_free(*number);
	*number = NULL;
}

/* RFC 8017 5.2.1: the message representative is below the modulus. */
static enum kc_status check_raw(const struct signature_key *key, struct kc_view data)
{
	CLEANUP(public_key_done) EVP_PKEY *pkey = NULL;
	CLEANUP(big_done) BIGNUM *modulus = NULL;
	CLEANUP(big_done) BIGNUM *number = NULL;

	REQUIRE(data.len > 0 && data.len <= key_len(key), KC_ERR_PARAM,
		"raw RSA takes 1 to %zu bytes with this key, not %zu", key_len(key), data.len);
	TRY(public_key_new(key, &pkey));
	number = BN_bin2bn(data.data, (int)data.len, NULL);
	if (!number || EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &modulus) != 1)
		return digest_fail_openssl("modulus");
	REQUIRE(BN_cmp(number, modulus) < 0, KC_ERR_PARAM,
		"raw RSA takes a number below the modulus of the key");
	return KC_OK;
}

/* @digest is what @algorithm, which takes no message, is over. */
static enum kc_status check_digest(const struct signature_key *key,
				   const struct algorithm *algorithm, struct kc_view digest)
{
	size_t expected = digest_len(algorithm->hash);

	TRY(check_size(key, algorithm));
	REQUIRE(expected == 0 || digest.len == expected, KC_ERR_PARAM,
		"%s takes a digest of %zu bytes, not %zu", algorithm->name, expected, digest.len);
	REQUIRE(digest.len > 0, KC_ERR_PARAM, "%s takes a digest, not nothing", algorithm->name);
	if (algorithm->family == ALGORITHM_RSA_RAW)
		return check_raw(key, digest);
	REQUIRE(algorithm->family != ALGORITHM_RSA_PKCS1V15 ||
			digest.len + PADDING_PKCS1_OVERHEAD <= key_len(key),
		KC_ERR_PARAM, "%zu bytes are too long for this key", digest.len);
	return KC_OK;
}

/* What is signed in the end: the message's hash, or @data itself. */
static enum kc_status put_digest(const struct algorithm *algorithm, struct kc_view data,
				 struct bytes *digest)
{
	if (algorithm->takes_message)
		return digest_put(algorithm->hash, data, digest);
	REQUIRE(data.len <= ANSWER_MAX, KC_ERR_PARAM, "%zu bytes are no digest", data.len);
	return bytes_append(digest, data);
}

/*
 * FIPS 186-5 6.4.1: of a digest longer than the order of the curve the leftmost bits count; what
 * remains within the last byte the token drops itself.
 */
static enum kc_status put_cut(const struct signature_key *key, struct kc_view digest,
			      struct bytes *input)
{
	return bytes_append(input, view_slice(digest, 0, ecdsa_form_width(key->size_in_bits)));
}

static enum kc_status put_padded(const struct signature_key *key, struct kc_view data,
				 struct bytes *input)
{
	for (size_t i = data.len; i < key_len(key); i++)
		TRY(bytes_append_byte(input, 0));
	return bytes_append(input, data);
}

static enum kc_status put_digest_info(const struct algorithm *wanted, struct kc_view digest,
				      struct bytes *info)
{
	TRY(bytes_append(info, digest_info_prefix(wanted->hash)));
	return bytes_append(info, digest);
}

static enum kc_status put_block(const struct signature_key *key, const struct algorithm *wanted,
				struct kc_view digest, struct bytes *input)
{
	CLEANUP(bytes_done) struct bytes info = BYTES_INIT(ANSWER_MAX);

	if (wanted->family == ALGORITHM_RSA_RAW)
		return put_padded(key, digest, input);
	if (wanted->family == ALGORITHM_RSA_PSS)
		return padding_put_pss(wanted->hash, digest, key->size_in_bits, input);
	TRY(put_digest_info(wanted, digest, &info));
	return padding_put_pkcs1v15(bytes_view(&info), key_len(key), input);
}

/* What the token's operation is over, when the digest of what was asked for is @digest. */
static enum kc_status put_input(const struct signature_key *key, const struct algorithm *wanted,
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

static enum kc_status fill(struct signature_plan *plan, const struct signature_key *key,
			   const struct algorithm *algorithm, struct kc_view data)
{
	plan->digest = BYTES_INIT(ANSWER_MAX);
	plan->input = BYTES_INIT(INPUT_MAX);
	plan->wanted = algorithms_without_message(algorithm);
	plan->operation = find_operation(key, algorithm);
	REQUIRE(plan->operation, KC_ERR_PARAM, "the token of this key cannot sign with %s",
		algorithm->name);
	TRY(put_digest(algorithm, data, &plan->digest));
	TRY(check_digest(key, plan->wanted, bytes_view(&plan->digest)));
	if (plan->operation->takes_message)
		return bytes_append(&plan->input, data);
	return put_input(key, plan->wanted, plan->operation, bytes_view(&plan->digest),
			 &plan->input);
}

enum kc_status signature_plan_new(const struct signature_key *key, const char *name,
				  struct kc_view data, struct signature_plan **ret_plan)
{
	CLEANUP(signature_plan_freep) struct signature_plan *plan = NULL;
	const struct algorithm *algorithm = NULL;

	TRY(find_algorithm(key, name, &algorithm));
	plan = calloc(1, sizeof(*plan));
	REQUIRE(plan, KC_ERR_ALLOCATE, "out of memory");
	TRY(fill(plan, key, algorithm, data));
	*ret_plan = take(plan);
	return KC_OK;
}

const char *signature_plan_operation(const struct signature_plan *plan)
{
	return plan->operation->name;
}

struct kc_view signature_plan_input(const struct signature_plan *plan)
{
	return bytes_view(&plan->input);
}

static enum kc_status put_answer(const struct signature_plan *plan, const struct signature_key *key,
				 struct kc_view answer, struct bytes *signature)
{
	REQUIRE(answer.len <= ANSWER_MAX, KC_ERR_VERIFY_FAILED,
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
	status = fail(KC_ERR_VERIFY_FAILED,
		      "what the token signed does not fit the public key of its certificate");
	error_set_hint("certificate and key on the token do not belong together, or the token is "
		       "not what it says: do not rely on it");
	return status;
}

enum kc_status signature_plan_finish(struct signature_plan *plan, const struct signature_key *key,
				     struct kc_view answer, struct kc_bytes *ret_signature)
{
	CLEANUP(bytes_done) struct bytes signature = BYTES_INIT(ANSWER_MAX);
	enum kc_status status = put_answer(plan, key, answer, &signature);

	if (status == KC_OK)
		status = verify_check(key, plan->wanted, bytes_view(&plan->digest),
				      bytes_view(&signature));
	if (status == KC_ERR_VERIFY_FAILED)
		return fail_token();
	TRY(status);
	*ret_signature = bytes_take(&signature);
	return KC_OK;
}

enum kc_status signature_verify(const struct signature_key *key, const char *name,
				struct kc_view data, struct kc_view signature)
{
	CLEANUP(bytes_done) struct bytes digest = BYTES_INIT(ANSWER_MAX);
	const struct algorithm *algorithm = NULL;

	TRY(find_algorithm(key, name, &algorithm));
	TRY(put_digest(algorithm, data, &digest));
	algorithm = algorithms_without_message(algorithm);
	TRY(check_digest(key, algorithm, bytes_view(&digest)));
	return verify_check(key, algorithm, bytes_view(&digest), signature);
}

bool signature_is_supported(const struct signature_key *key, const char *name, bool for_signing)
{
	const struct error_record before = *error_get();
	const struct algorithm *algorithm = NULL;
	bool is_supported = find_algorithm(key, name, &algorithm) == KC_OK &&
			    check_size(key, algorithm) == KC_OK;

	error_adopt(&before);
	return is_supported && (!for_signing || find_operation(key, algorithm) != NULL);
}
