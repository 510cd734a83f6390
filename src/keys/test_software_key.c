/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whole plans with keys of our own: what they sign verifies, what is encrypted to them comes out.
 */
#include "keys/software_key.h"

#include <openssl/rand.h>

#include "base/secret.h"
#include "base/try.h"
#include "harness/test.h"
#include "keys/algorithms_impl.h"
#include "keys/decryption.h"
#include "keys/encryption.h"
#include "keys/exchange.h"
#include "keys/private_pkey_impl.h"
#include "keys/signature.h"
#include "keys/test_token.h"

static const char standard[] = "ecdh_key_exchange_standard";

struct scene {
	struct test_token token;
	struct secret external;
	struct software_key key;
};

static void scene_done(struct scene *scene)
{
	test_token_done(&scene->token);
	secret_done(&scene->external);
}

static struct scene scene_of(struct test_token token)
{
	struct scene scene = {.token = token};

	scene.token.key.is_software = true;
	CHECK_OK(private_pkey_put_external(token.pkey, &scene.external));
	scene.key = (struct software_key){.key_type = token.key.key_type,
					  .size_in_bits = token.key.size_in_bits,
					  .external = secret_view(&scene.external)};
	return scene;
}

static enum kc_status run(const struct scene *scene, struct plan *plan, struct kc_bytes *ret_result)
{
	CLEANUP(bytes_done) struct bytes answer = BYTES_INIT(SOFTWARE_KEY_ANSWER_MAX);

	TRY(software_key_perform(&scene->key, plan_operation(plan), plan_input(plan), &answer));
	return plan_finish(plan, &scene->token.key, bytes_view(&answer), ret_result);
}

static void check_signs(const struct scene *scene, const struct algorithm *algorithm)
{
	CLEANUP(plan_freep) struct plan *plan = NULL;
	CLEANUP(kc_bytes_free) struct kc_bytes signature = {NULL, 0};
	static const uint8_t data[100000] = {1};
	bool is_digest = !algorithm->takes_message;
	struct kc_view view = view_of(data, is_digest ? 32 : sizeof(data));
	const struct key_facts *key = &scene->token.key;

	if (is_digest && algorithm->hash != ALGORITHM_NO_HASH &&
	    algorithm->hash != ALGORITHM_SHA256)
		return;
	CHECK_OK(signature_plan_new(key, algorithm->name, view, &plan));
	CHECK_OK(run(scene, plan, &signature));
	CHECK_OK(signature_verify(key, algorithm->name, view,
				  view_of(signature.data, signature.len)));
}

static void check_signs_by_all(struct test_token token)
{
	CLEANUP(scene_done) struct scene scene = scene_of(token);
	unsigned n = 0;

	for (size_t i = 0; i < algorithms_count(); i++) {
		const struct algorithm *algorithm = algorithms_at(i);

		error_clear();
		if (algorithm->purpose != ALGORITHM_SIGNATURE ||
		    !signature_is_supported(&scene.token.key, algorithm->name, true))
			continue;
		check_signs(&scene, algorithm);
		n++;
	}
	CHECK(n > 0);
}

TEST(all_algorithms_sign)
{
	check_signs_by_all(test_token_rsa(2048, "none"));
	check_signs_by_all(test_token_ec("P-256", "none"));
	check_signs_by_all(test_token_ec("P-384", "none"));
	check_signs_by_all(test_token_ec("P-521", "none"));
	check_signs_by_all(test_token_raw("ed25519", "none"));
	check_signs_by_all(test_token_raw("ed448", "none"));
}

static void check_decrypts(const struct scene *scene, const char *algorithm, struct kc_view data)
{
	CLEANUP(plan_freep) struct plan *plan = NULL;
	CLEANUP(kc_bytes_free) struct kc_bytes ciphertext = {NULL, 0};
	CLEANUP(kc_bytes_free) struct kc_bytes plaintext = {NULL, 0};
	const struct key_facts *key = &scene->token.key;

	error_clear();
	CHECK_OK(encryption_run(key, algorithm, data, &ciphertext));
	CHECK_OK(decryption_plan_new(key, algorithm, view_of(ciphertext.data, ciphertext.len),
				     &plan));
	CHECK_OK(run(scene, plan, &plaintext));
	CHECK(view_equal(view_of(plaintext.data, plaintext.len), data));
}

TEST(what_is_encrypted_comes_out)
{
	CLEANUP(scene_done) struct scene scene = scene_of(test_token_rsa(2048, "none"));
	uint8_t block[256] = {0, 1, 2, 3};

	check_decrypts(&scene, "rsa_encryption_pkcs1", view_of_text("the secret"));
	check_decrypts(&scene, "rsa_encryption_oaep_sha1", view_of_text("the secret"));
	check_decrypts(&scene, "rsa_encryption_oaep_sha512", view_of_text("the secret"));
	check_decrypts(&scene, "rsa_encryption_raw", VIEW_OF(block));
}

static void decrypt_noise(const struct scene *scene, const uint8_t block[256],
			  struct kc_bytes *ret_plaintext)
{
	CLEANUP(plan_freep) struct plan *plan = NULL;

	error_clear();
	CHECK_OK(decryption_plan_new(&scene->token.key, "rsa_encryption_pkcs1", view_of(block, 256),
				     &plan));
	CHECK_OK(run(scene, plan, ret_plaintext));
}

/* Noise, the same for the same data: nobody learns that the padding was wrong. */
TEST(bad_padding_is_not_told)
{
	CLEANUP(scene_done) struct scene scene = scene_of(test_token_rsa(2048, "none"));

	for (int i = 0; i < 20; i++) {
		CLEANUP(kc_bytes_free) struct kc_bytes one = {NULL, 0};
		CLEANUP(kc_bytes_free) struct kc_bytes other = {NULL, 0};
		uint8_t block[256];

		CHECK(RAND_bytes(block, sizeof(block)) == 1);
		block[0] = 0;
		decrypt_noise(&scene, block, &one);
		decrypt_noise(&scene, block, &other);
		CHECK(view_equal(view_of(one.data, one.len), view_of(other.data, other.len)));
	}
}

static void check_exchanges(struct test_token ours, struct test_token theirs)
{
	CLEANUP(scene_done) struct scene scene = scene_of(ours);
	CLEANUP(test_token_done) struct test_token other = theirs;
	CLEANUP(plan_freep) struct plan *plan = NULL;
	CLEANUP(kc_bytes_free) struct kc_bytes secret = {NULL, 0};
	CLEANUP(kc_bytes_free)
	struct kc_bytes expected = test_token_perform(&other, standard, scene.token.key.public_key);
	struct exchange_parameters parameters = {.public_key = other.key.public_key,
						 .requested_size = -1};

	error_clear();
	CHECK_OK(exchange_plan_new(&scene.token.key, standard, &parameters, &plan));
	CHECK_OK(run(&scene, plan, &secret));
	CHECK(view_equal(view_of(secret.data, secret.len), view_of(expected.data, expected.len)));
}

TEST(both_sides_have_one_secret)
{
	static const char *const curves[] = {"P-256", "P-384", "P-521"};
	static const char *const types[] = {"x25519", "x448"};

	for (size_t i = 0; i < ARRAY_LEN(curves); i++)
		check_exchanges(test_token_ec(curves[i], standard),
				test_token_ec(curves[i], standard));
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		check_exchanges(test_token_raw(types[i], standard),
				test_token_raw(types[i], standard));
}

TEST(damaged_keys_do_nothing)
{
	CLEANUP(scene_done) struct scene scene = scene_of(test_token_ec("P-256", "none"));
	CLEANUP(bytes_done) struct bytes answer = BYTES_INIT(SOFTWARE_KEY_ANSWER_MAX);

	scene.key.external.len--;
	error_clear();
	CHECK_STATUS(software_key_perform(&scene.key, "ecdsa_signature_digest_x962",
					  view_of_text("digest"), &answer),
		     KC_ERR_DECODE);
	error_clear();
	CHECK_STATUS(software_key_perform(&scene.key, "rsa_signature_raw", view_of_text("digest"),
					  &answer),
		     KC_ERR_PARAM);
	CHECK_TEXT(error_get()->message, "keys of type \"ec\" do not do rsa_signature_raw");
}
