/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKENS_ADMIN_PROOF_H
#define TOKENS_ADMIN_PROOF_H

/*
 * What a card and a management key prove to one another: the card's challenge, our answer with,
 * where the card can, a challenge of our own, and what the card makes of that.
 */

#include "base/bytes.h"
#include "tokens/admin_cipher.h"

struct json_object;

struct admin_proof {
	const struct admin_cipher *cipher;	  /* NULL: what the card wants is a PIN */
	struct bytes challenge;			  /* the card's */
	uint8_t expected[ADMIN_CIPHER_BLOCK_MAX]; /* what it makes of ours */
	bool is_enciphered;			  /* the challenge: it is answered deciphered */
	bool is_default;			  /* the key is the one that the card came with */
};

#define ADMIN_PROOF_INIT ((struct admin_proof){.challenge = BYTES_INIT(ADMIN_CIPHER_BLOCK_MAX)})

void admin_proof_done(struct admin_proof *proof);

/* Keep the @reply to ChallengeAdmin. Expected: KC_ERR_NOT_IMPLEMENTED  an unknown cipher */
KC_MUST_CHECK enum kc_status admin_proof_challenge(struct admin_proof *proof,
						   struct json_object *reply);

/*
 * The parameters of AuthenticateAdmin; @key_text is as admin_cipher_read_key() wants it.
 * Expected: KC_ERR_AUTH_FAILED  it cannot be a key
 */
KC_MUST_CHECK enum kc_status admin_proof_answer(struct admin_proof *proof, struct kc_view key_text,
						struct json_object **ret_parameters);

/*
 * A card that does not know the key either is not the one that it says it is.
 * Expected: KC_ERR_AUTHENTICATION_FAILED
 */
KC_MUST_CHECK enum kc_status admin_proof_check(const struct admin_proof *proof,
					       struct json_object *reply);

#endif
