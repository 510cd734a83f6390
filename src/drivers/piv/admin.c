/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The card application administrator, SP 800-73-5 part 2, 3.2.4 and appendix A: GENERAL
 * AUTHENTICATE with the management key 9B. Mutual authentication first, which every tool uses and
 * which tells us that the card knows the key too; what a card has not, the single one. Nothing is
 * computed here: blocks go to the daemon and come back.
 */
#include "drivers/piv/piv.h"

#include "base/cleanup.h"
#include "base/try.h"
#include "codec/tlv.h"

enum {
	INS_GENERAL_AUTHENTICATE = 0x87,
	KEY_MANAGEMENT = 0x9B,
	TAG_TEMPLATE = 0x7C,
	TAG_WITNESS = 0x80,
	TAG_RESPONSE = 0x82,
	TEMPLATE_MAX = 64,
};

/* SP 800-78-5, table 9; 3DES, which newer editions have dropped, was 00 or 03. */
static const struct {
	uint8_t algorithm;
	enum kc_admin_cipher cipher;
	size_t block_bytes;
} ciphers[] = {
	{0x03, KC_ADMIN_CIPHER_3DES, 8},    {0x0A, KC_ADMIN_CIPHER_AES192, 16},
	{0x08, KC_ADMIN_CIPHER_AES128, 16}, {0x0C, KC_ADMIN_CIPHER_AES256, 16},
	{0x00, KC_ADMIN_CIPHER_3DES, 8},
};

static enum kc_status transmit(struct kc_token *token, struct kc_view records,
			       struct kc_bytes *ret_answer)
{
	const struct piv_state *state = kc_token_state(token);
	CLEANUP(bytes_done) struct bytes template = BYTES_INIT(TEMPLATE_MAX);
	struct kc_apdu apdu = {.ins = INS_GENERAL_AUTHENTICATE,
			       .p1 = state->admin_algorithm,
			       .p2 = KEY_MANAGEMENT,
			       .le = PIV_LE_ALL};

	TRY(tlv_put(&template, TAG_TEMPLATE, records));
	apdu.data = bytes_view(&template);
	return piv_command(token, &apdu, "the management key", ret_answer);
}

/* 7C { @tag value } */
static enum kc_status read_block(const struct kc_bytes *answer, uint32_t tag,
				 struct kc_view *ret_block)
{
	struct kc_view inner = {NULL, 0};

	REQUIRE(tlv_has(piv_view(answer), TAG_TEMPLATE, &inner) && tlv_has(inner, tag, ret_block),
		KC_ERR_CORRUPTED_DATA, "the card's answer has a wrong form");
	REQUIRE(ret_block->len > 0 && ret_block->len <= KC_ADMIN_BLOCK_MAX, KC_ERR_CORRUPTED_DATA,
		"the card's challenge has %zu bytes", ret_block->len);
	return KC_OK;
}

/* Appendix A: an empty 80 asks for a witness, an empty 81 for a challenge. */
static enum kc_status ask(struct kc_token *token, size_t kind, uint32_t tag,
			  struct kc_admin_challenge *challenge)
{
	CLEANUP(piv_bytes_done) struct kc_bytes answer = {NULL, 0};
	struct piv_state *state = kc_token_state(token);
	const uint8_t request[] = {(uint8_t)tag, 0x00};
	struct kc_view block = {NULL, 0};

	state->admin_algorithm = ciphers[kind].algorithm;
	TRY(transmit(token, VIEW_OF(request), &answer));
	TRY(read_block(&answer, tag, &block));
	REQUIRE(block.len == ciphers[kind].block_bytes, KC_ERR_CORRUPTED_DATA,
		"the card's challenge has %zu bytes", block.len);
	memcpy(challenge->block, block.data, block.len);
	challenge->block_len = block.len;
	challenge->cipher = ciphers[kind].cipher;
	challenge->is_enciphered = tag == TAG_WITNESS;
	return KC_OK;
}

/* cards.md: the wrong algorithm is 6A86, 6A80 or 6F00; nothing is counted. */
static enum kc_status ask_for_any(struct kc_token *token, uint32_t tag,
				  struct kc_admin_challenge *challenge)
{
	for (size_t i = 0; i < ARRAY_LEN(ciphers); i++) {
		enum kc_status status = ask(token, i, tag, challenge);

		if (status == KC_OK || !piv_can_skip(status))
			return status;
		error_clear();
	}
	return fail(KC_ERR_NOT_IMPLEMENTED, "the card does not ask for its management key");
}

/* Cards with metadata say which cipher it is. */
static enum kc_status ask_for_known(struct kc_token *token, uint8_t algorithm, uint32_t tag,
				    struct kc_admin_challenge *challenge)
{
	for (size_t i = 0; i < ARRAY_LEN(ciphers); i++) {
		if (ciphers[i].algorithm == algorithm)
			return ask(token, i, tag, challenge);
	}
	return fail(KC_ERR_NOT_IMPLEMENTED, "a management key of the unknown algorithm %02X",
		    algorithm);
}

static enum kc_status ask_for(struct kc_token *token, const struct piv_management *management,
			      uint32_t tag, struct kc_admin_challenge *challenge)
{
	if (management->is_known)
		return ask_for_known(token, management->algorithm, tag, challenge);
	return ask_for_any(token, tag, challenge);
}

enum kc_status piv_challenge_admin(struct kc_token *token, struct kc_admin_challenge *ret_challenge)
{
	struct kc_admin_challenge challenge = {.cipher = KC_ADMIN_CIPHER_NONE};
	struct piv_management management = {.is_known = false};
	enum kc_status status = KC_OK;

	TRY(piv_metadata_management(token, &management));
	status = ask_for(token, &management, TAG_WITNESS, &challenge);
	if (status != KC_OK && piv_can_skip(status)) {
		error_clear();
		status = ask_for(token, &management, PIV_TAG_CHALLENGE, &challenge);
	}
	TRY(status);
	challenge.is_default = management.is_default;
	*ret_challenge = challenge;
	return KC_OK;
}

/* A wrong key is 6982 with some, 6300, 63CX or 6A80 with others. */
static enum kc_status judge(struct kc_token *token, enum kc_status status)
{
	uint16_t sw = (uint16_t)error_get()->sw;

	if (status != KC_ERR_AUTHENTICATION_NEEDED && status != KC_ERR_AUTHENTICATION_FAILED &&
	    status != KC_ERR_BAD_PARAMETER)
		return status;
	error_clear();
	kc_token_set_tries_left(token, piv_tries_left(sw));
	return kc_token_fail(token, KC_ERR_AUTHENTICATION_FAILED, sw,
			     "the management key is wrong");
}

static enum kc_status keep_response(const struct kc_bytes *answer, struct kc_bytes *ret_response)
{
	CLEANUP(bytes_done) struct bytes copy = BYTES_INIT(KC_ADMIN_BLOCK_MAX);
	struct kc_view response = {NULL, 0};

	TRY(read_block(answer, TAG_RESPONSE, &response));
	TRY(bytes_append(&copy, response));
	*ret_response = bytes_take(&copy);
	return KC_OK;
}

/* Appendix A: 80 the witness deciphered and 81 our challenge; or 82 the challenge enciphered. */
enum kc_status piv_authenticate_admin(struct kc_token *token, const struct kc_admin_proof *proof,
				      struct kc_bytes *ret_response)
{
	CLEANUP(bytes_done) struct bytes records = BYTES_INIT(TEMPLATE_MAX);
	CLEANUP(piv_bytes_done) struct kc_bytes answer = {NULL, 0};
	bool is_mutual = proof->challenge.len > 0;

	REQUIRE(proof->response.len > 0, KC_ERR_BAD_PARAMETER,
		"a PIV card's administrator has a management key and no PIN");
	TRY(tlv_put(&records, is_mutual ? TAG_WITNESS : TAG_RESPONSE, proof->response));
	if (is_mutual)
		TRY(tlv_put(&records, PIV_TAG_CHALLENGE, proof->challenge));
	TRY(judge(token, transmit(token, bytes_view(&records), &answer)));
	return is_mutual ? keep_response(&answer, ret_response) : KC_OK;
}
