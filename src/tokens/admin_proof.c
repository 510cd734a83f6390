/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SP 800-73-5 part 2, 3.2.4 and appendix A: the card sends a block. In the clear, it is answered
 * enciphered; enciphered (mutual authentication), it is answered deciphered, beside a block of ours
 * that the card has to encipher.
 */
#include "tokens/admin_proof.h"

#include "base/try.h"
#include "wire/field.h"

void admin_proof_done(struct admin_proof *proof)
{
	bytes_done(&proof->challenge);
}

enum kc_status admin_proof_challenge(struct admin_proof *proof, struct json_object *reply)
{
	proof->challenge.len = 0;
	proof->is_enciphered = field_flag(reply, "is_enciphered", false);
	proof->is_default = field_flag(reply, "is_default", false);
	proof->cipher = admin_cipher_find(field_text(reply, "cipher"));
	REQUIRE(proof->cipher, KC_ERR_NOT_IMPLEMENTED,
		"the card's management key is of a cipher that keycask does not know");
	return field_data(reply, "challenge", &proof->challenge);
}

/* Our own challenge goes along, and we know what the card must make of it. */
static enum kc_status put_own_challenge(struct admin_proof *proof, const struct secret *key,
					struct json_object *parameters)
{
	uint8_t block[ADMIN_CIPHER_BLOCK_MAX];
	struct kc_view view = view_of(block, admin_cipher_block_bytes(proof->cipher));

	TRY(admin_cipher_challenge(proof->cipher, block));
	TRY(admin_cipher_run(proof->cipher, key, true, view, proof->expected));
	return field_put_data(parameters, "challenge", view);
}

enum kc_status admin_proof_answer(struct admin_proof *proof, struct kc_view key_text,
				  struct json_object **ret_parameters)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(secret_done) struct secret key = {0};
	uint8_t response[ADMIN_CIPHER_BLOCK_MAX];

	TRY(admin_cipher_read_key(proof->cipher, key_text, &key));
	TRY(admin_cipher_run(proof->cipher, &key, !proof->is_enciphered,
			     bytes_view(&proof->challenge), response));
	TRY(field_new_object(&parameters));
	TRY(field_put_data(parameters, "response",
			   view_of(response, admin_cipher_block_bytes(proof->cipher))));
	if (proof->is_enciphered)
		TRY(put_own_challenge(proof, &key, parameters));
	*ret_parameters = take(parameters);
	return KC_OK;
}

enum kc_status admin_proof_check(const struct admin_proof *proof, struct json_object *reply)
{
	CLEANUP(bytes_done) struct bytes response = BYTES_INIT(ADMIN_CIPHER_BLOCK_MAX);

	if (!proof->cipher || !proof->is_enciphered)
		return KC_OK;
	TRY(field_data(reply, "response", &response));
	REQUIRE(view_equal(bytes_view(&response),
			   view_of(proof->expected, admin_cipher_block_bytes(proof->cipher))),
		KC_ERR_AUTHENTICATION_FAILED,
		"the card does not prove that it knows its management key");
	return KC_OK;
}
