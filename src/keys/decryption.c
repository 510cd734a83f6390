/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decryption: the ciphertext, or the part of it that only the token can do, as the token takes it;
 * and what it answers without its padding, or used as the key of the rest.
 */
#include "keys/decryption.h"

#include "base/error.h"
#include "base/try.h"
#include "keys/ecies_impl.h"
#include "keys/hybrid_impl.h"
#include "keys/limits_impl.h"
#include "keys/padding_impl.h"
#include "keys/plan_impl.h"
#include "keys/unpad_impl.h"

static enum kc_status find(const struct key_facts *key, const char *name,
			   const struct algorithm **ret_wanted,
			   const struct algorithm **ret_operation)
{
	const struct algorithm *wanted = NULL;
	const struct algorithm *operation = NULL;

	TRY(algorithms_choose(name, ALGORITHM_ENCRYPTION, key->key_type, &wanted));
	operation = plan_find_operation(key, wanted);
	REQUIRE(operation, KC_ERR_PARAM, "the token of this key cannot decrypt with %s", name);
	TRY(limits_check_size(key, wanted));
	*ret_wanted = wanted;
	*ret_operation = operation;
	return KC_OK;
}

/* RFC 8017 7.1.2 and 7.2.2, step 1: a ciphertext is as long as the modulus. Raw is any number. */
static enum kc_status put_input(const struct key_facts *key, const struct algorithm *wanted,
				struct kc_view data, struct bytes *input)
{
	size_t len = key_facts_len(key);

	REQUIRE(wanted->family == ALGORITHM_RSA_ENCRYPTION_RAW || data.len == len, KC_ERR_PARAM,
		"%s takes %zu bytes with this key, not %zu", wanted->name, len, data.len);
	TRY(limits_check_raw(key, data));
	for (size_t i = data.len; i < len; i++)
		TRY(bytes_append_byte(input, 0));
	return bytes_append(input, data);
}

static enum kc_status finish_rsa(struct plan *plan, const struct key_facts *key,
				 struct kc_view answer, struct bytes *plaintext)
{
	bool is_block = plan->operation->family == ALGORITHM_RSA_ENCRYPTION_RAW;
	size_t len = key_facts_len(key);

	REQUIRE(is_block ? answer.len == len : answer.len <= len, KC_ERR_DECODE,
		"the token answers with %zu bytes, which is no decryption with this key",
		answer.len);
	if (plan->operation == plan->wanted)
		return bytes_append(plaintext, answer);
	if (plan->wanted->family == ALGORITHM_RSA_ENCRYPTION_OAEP)
		return unpad_oaep(plan->wanted->hash, answer, plaintext);
	return unpad_pkcs1(answer, bytes_view(&plan->input), plaintext);
}

/* A token that does all of a hybrid algorithm itself. */
static enum kc_status finish_whole(struct plan *plan, const struct key_facts *key,
				   struct kc_view answer, struct bytes *plaintext)
{
	(void)key;
	REQUIRE(answer.len < plan->input.len, KC_ERR_DECODE,
		"the token answers with %zu bytes, which is no decryption of %zu", answer.len,
		plan->input.len);
	return bytes_append(plaintext, answer);
}

static enum kc_status fill(struct plan *plan, const struct key_facts *key, struct kc_view data)
{
	bool is_ecies = ecies_is(plan->wanted);
	bool is_hybrid = plan->wanted->family == ALGORITHM_RSA_ENCRYPTION_OAEP_AESGCM;

	if ((is_ecies || is_hybrid) && plan->operation == plan->wanted) {
		plan->finish = finish_whole;
		return bytes_append(&plan->input, data);
	}
	if (is_ecies) {
		plan->finish = ecies_finish;
		return ecies_plan(key, data, plan);
	}
	if (is_hybrid) {
		plan->finish = hybrid_finish;
		return hybrid_plan(key, data, plan);
	}
	plan->hides_refusal = plan->operation->family == ALGORITHM_RSA_ENCRYPTION_PKCS1;
	return put_input(key, plan->wanted, data, &plan->input);
}

enum kc_status decryption_plan_new(const struct key_facts *key, const char *name,
				   struct kc_view data, struct plan **ret_plan)
{
	CLEANUP(plan_freep) struct plan *plan = NULL;

	TRY(plan_new(finish_rsa, &plan));
	TRY(find(key, name, &plan->wanted, &plan->operation));
	TRY(fill(plan, key, data));
	*ret_plan = take(plan);
	return KC_OK;
}

bool decryption_is_supported(const struct key_facts *key, const char *name)
{
	const struct error_record before = *error_get();
	const struct algorithm *wanted = NULL;
	const struct algorithm *operation = NULL;
	bool is_supported = find(key, name, &wanted, &operation) == KC_OK;

	error_adopt(&before);
	return is_supported;
}
