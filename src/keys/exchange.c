/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Key exchange: the peer's point is checked, the token multiplies, X9.63 derives from the result.
 */
#include "keys/exchange.h"

#include "base/error.h"
#include "base/try.h"
#include "keys/digest_impl.h"
#include "keys/exchange_impl.h"
#include "keys/plan_impl.h"
#include "keys/public_key_impl.h"
#include "keys/x963_impl.h"

enum {
	DERIVED_MAX = 64 * 1024, /* bytes */
	SHARED_INFO_MAX = 64 * 1024,
};

static const struct algorithm *without_derivation(const struct algorithm *algorithm)
{
	while (algorithm && algorithm->hash != ALGORITHM_NO_HASH)
		algorithm = algorithms_below(algorithm);
	return algorithm;
}

/* A token that derives by itself could not be told how much: its plain operation is used. */
static enum kc_status find(const struct key_facts *key, const char *name,
			   const struct algorithm **ret_wanted,
			   const struct algorithm **ret_operation)
{
	const struct algorithm *wanted = NULL;
	const struct algorithm *operation = NULL;

	TRY(algorithms_choose(name, ALGORITHM_EXCHANGE, key->key_type, &wanted));
	operation = plan_find_operation(key, without_derivation(wanted));
	REQUIRE(operation, KC_ERR_PARAM, "the token of this key cannot exchange keys with %s",
		name);
	*ret_wanted = wanted;
	*ret_operation = operation;
	return KC_OK;
}

static enum kc_status check_parameters(const struct algorithm *wanted,
				       const struct exchange_parameters *parameters)
{
	bool derives = wanted->hash != ALGORITHM_NO_HASH;

	REQUIRE(derives || (parameters->requested_size < 0 && parameters->shared_info.len == 0),
		KC_ERR_PARAM, "%s derives nothing: it takes neither a size nor shared info",
		wanted->name);
	REQUIRE(!derives || parameters->requested_size != -1, KC_ERR_PARAM,
		"%s must be told how many bytes to derive", wanted->name);
	REQUIRE(!derives || (parameters->requested_size > 0 &&
			     parameters->requested_size <= DERIVED_MAX),
		KC_ERR_PARAM, "%s derives 1 to %d bytes", wanted->name, DERIVED_MAX);
	REQUIRE(parameters->shared_info.len <= SHARED_INFO_MAX, KC_ERR_PARAM,
		"more than %d bytes of shared info", SHARED_INFO_MAX);
	return KC_OK;
}

static bool is_zero(struct kc_view secret)
{
	uint8_t any = 0;

	for (size_t i = 0; i < secret.len; i++)
		any |= secret.data[i];
	return any == 0;
}

/* SEC 1 3.3.1: the X coordinate, with its leading zeros. No good peer makes it zero (RFC
 * 7748, 6.1). */
enum kc_status exchange_check_secret(const struct key_facts *key, struct kc_view secret)
{
	REQUIRE(secret.len == key_facts_len(key), KC_ERR_DECODE,
		"the token answers with %zu bytes, which is no secret of this curve", secret.len);
	REQUIRE(!is_zero(secret), KC_ERR_DECODE, "the token answers with zero, which is no secret");
	return KC_OK;
}

static enum kc_status finish(struct plan *plan, const struct key_facts *key, struct kc_view answer,
			     struct bytes *result)
{
	TRY(exchange_check_secret(key, answer));
	if (plan->wanted->hash == ALGORITHM_NO_HASH)
		return bytes_append(result, answer);
	return x963_derive(plan->wanted->hash, answer, bytes_view(&plan->kept), plan->size, result);
}

static void context_done(EVP_PKEY_CTX **context)
{
	EVP_PKEY_CTX_free(*context);
	*context = NULL;
}

enum kc_status exchange_put_secret(EVP_PKEY *ours, EVP_PKEY *theirs, struct bytes *secret)
{
	CLEANUP(context_done) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(ours, NULL);
	size_t len = 0;

	if (!context || EVP_PKEY_derive_init(context) != 1 ||
	    EVP_PKEY_derive_set_peer(context, theirs) != 1 ||
	    EVP_PKEY_derive(context, NULL, &len) != 1)
		return digest_fail_openssl("key exchange");
	TRY(bytes_reserve(secret, len));
	if (EVP_PKEY_derive(context, secret->data + secret->len, &len) != 1)
		return digest_fail_openssl("key exchange");
	secret->len += len;
	return KC_OK;
}

enum kc_status exchange_plan_new(const struct key_facts *key, const char *name,
				 const struct exchange_parameters *parameters,
				 struct plan **ret_plan)
{
	CLEANUP(plan_freep) struct plan *plan = NULL;

	TRY(plan_new(finish, &plan));
	TRY(find(key, name, &plan->wanted, &plan->operation));
	TRY(check_parameters(plan->wanted, parameters));
	TRY(public_key_check_peer(key, parameters->public_key));
	plan->size = parameters->requested_size > 0 ? (size_t)parameters->requested_size : 0;
	TRY(bytes_append(&plan->kept, parameters->shared_info));
	TRY(bytes_append(&plan->input, parameters->public_key));
	*ret_plan = take(plan);
	return KC_OK;
}

bool exchange_is_supported(const struct key_facts *key, const char *name)
{
	const struct error_record before = *error_get();
	const struct algorithm *wanted = NULL;
	const struct algorithm *operation = NULL;
	bool is_supported = find(key, name, &wanted, &operation) == KC_OK;

	error_adopt(&before);
	return is_supported;
}
