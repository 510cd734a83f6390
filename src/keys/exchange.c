/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Key exchange: the peer's point is checked, the token multiplies, X9.63 derives from the result.
 */
#include "keys/exchange.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "base/error.h"
#include "base/try.h"
#include "keys/digest_impl.h"
#include "keys/plan_impl.h"
#include "keys/public_key_impl.h"

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

static enum kc_status fail_openssl_kdf(EVP_KDF *kdf, EVP_KDF_CTX *context)
{
	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
	return digest_fail_openssl("key derivation");
}

/* ANSI X9.63: Hash(secret ‖ counter ‖ shared info), counter 1, 2, …, cut to the size. */
static enum kc_status derive(const struct plan *plan, struct kc_view secret, struct bytes *result)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "X963KDF", NULL);
	EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	char digest[32];
	void *key = NULL;
	OSSL_PARAM params[4];

	/* OSSL_PARAM is for both directions and so not const; here it is only read. */
	memcpy(&key, &secret.data, sizeof(key));
	(void)snprintf(digest, sizeof(digest), "%s",
		       EVP_MD_get0_name(digest_type(plan->wanted->hash)));
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key, secret.len);
	params[2] = plan->kept.len ? OSSL_PARAM_construct_octet_string(
					     OSSL_KDF_PARAM_INFO, plan->kept.data, plan->kept.len)
				   : OSSL_PARAM_construct_end();
	params[3] = OSSL_PARAM_construct_end();
	TRY(bytes_reserve(result, plan->size));
	if (!context || EVP_KDF_derive(context, result->data, plan->size, params) != 1)
		return fail_openssl_kdf(kdf, context);
	result->len = plan->size;
	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
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
static enum kc_status finish(struct plan *plan, const struct key_facts *key, struct kc_view answer,
			     struct bytes *result)
{
	REQUIRE(answer.len == key_facts_len(key), KC_ERR_DECODE,
		"the token answers with %zu bytes, which is no secret of this curve", answer.len);
	REQUIRE(!is_zero(answer), KC_ERR_DECODE, "the token answers with zero, which is no secret");
	if (plan->wanted->hash == ALGORITHM_NO_HASH)
		return bytes_append(result, answer);
	return derive(plan, answer, result);
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
