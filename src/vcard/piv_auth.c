/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * GENERAL AUTHENTICATE: SP 800-73-5 part 2, 3.2.4 and appendix A. One command, told apart by what
 * its dynamic authentication template 7C holds: with a key slot 81 is signed (or, for RSA,
 * transformed) and 85 is agreed upon; with 9B the host proves the management key, either alone
 * (81 asked for, 82 given) or mutually (80 asked for, 80 and 81 given).
 */
#include "vcard/piv_auth.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "base/try.h"
#include "codec/tlv.h"
#include "vcard/key_operation.h"

enum {
	TAG_TEMPLATE = 0x7C,
	TAG_WITNESS = 0x80,
	TAG_CHALLENGE = 0x81,
	TAG_RESPONSE = 0x82,
	TAG_EXPONENTIATION = 0x85,
	RESULT_MAX = 1024,
};

enum challenge_kind {
	CHALLENGE_NONE,
	CHALLENGE_SINGLE,  /* the host is to encrypt it */
	CHALLENGE_WITNESS, /* the host is to decrypt it */
};

/* The records of a template; data NULL when absent, so that "there and empty" can be told. */
struct template
{
	struct kc_view witness;
	struct kc_view challenge;
	struct kc_view response;
	struct kc_view exponentiation;
};

static enum kc_status sort_record(const struct tlv *record, struct template *template)
{
	switch (record->tag) {
	case TAG_WITNESS:
		template->witness = record->value;
		return KC_OK;
	case TAG_CHALLENGE:
		template->challenge = record->value;
		return KC_OK;
	case TAG_RESPONSE:
		template->response = record->value;
		return KC_OK;
	case TAG_EXPONENTIATION:
		template->exponentiation = record->value;
		return KC_OK;
	default:
		return fail(KC_ERR_PARAM, "no such record in 7C");
	}
}

static enum kc_status read_template(struct kc_view data, struct template *ret_template)
{
	struct template template = {0};
	struct tlv record;

	TRY(tlv_read(&data, &record));
	REQUIRE(record.tag == TAG_TEMPLATE && data.len == 0, KC_ERR_PARAM, "not one 7C record");
	data = record.value;
	while (data.len > 0) {
		TRY(tlv_read(&data, &record));
		TRY(sort_record(&record, &template));
	}
	*ret_template = template;
	return KC_OK;
}

static uint16_t put_template(struct bytes *answer, uint32_t tag, struct kc_view value)
{
	CLEANUP(bytes_done) struct bytes record = BYTES_INIT(RESULT_MAX);

	if (tlv_put(&record, tag, value) != KC_OK ||
	    tlv_put(answer, TAG_TEMPLATE, bytes_view(&record)) != KC_OK)
		return SW_INTERNAL;
	return SW_OK;
}

/* --- private keys --- */

/*
 * SP 800-73-5 part 1 table 4b, "PIN Always": the PIN is verified immediately before each use.
 * Any use of a key that needs a PIN uses that freshness up; "once" keys stay usable.
 */
static bool pass_pin_policy(struct card_session *session, const struct card_key *key)
{
	bool is_fresh = session->is_pin_fresh;

	if (key->pin_policy == PIV_PIN_NEVER)
		return true;
	session->is_pin_fresh = false;
	return key->pin_policy == PIV_PIN_ALWAYS ? is_fresh : card_has_pin(session);
}

static enum kc_status transform(const struct card_key *key, const struct template *template,
				struct bytes *result)
{
	if (template->exponentiation.data) {
		REQUIRE(key->algorithm->type->curve, KC_ERR_PARAM, "ECDH with an RSA key");
		return key_operation_ecdh(key->pkey, template->exponentiation, result);
	}
	REQUIRE(template->challenge.len > 0, KC_ERR_PARAM, "nothing to sign");
	if (!key->algorithm->type->curve)
		return key_operation_rsa(key->pkey, template->challenge, result);
	/* The host hashes, and cuts the hash to the curve's size (FIPS 186-5, 6.4.1). */
	REQUIRE(template->challenge.len <= key->algorithm->type->field_bytes, KC_ERR_PARAM,
		"a hash longer than the curve");
	return key_operation_ecdsa(key->pkey, template->challenge, result);
}

static uint16_t use_key(struct card *card, const struct apdu_command *command,
			const struct template *template, struct bytes *answer)
{
	CLEANUP(bytes_done) struct bytes result = BYTES_INIT(RESULT_MAX);
	const struct card_key *key = card_state_find_key(&card->state, command->p2);

	if (!key || !key->pkey || key->algorithm->id != command->p1)
		return SW_WRONG_P1P2;
	if (!pass_pin_policy(&card->session, key))
		return SW_NOT_AUTHENTICATED;
	/* Appendix A: an empty 82 asks for the answer. */
	if (!template->response.data || template->response.len > 0)
		return SW_WRONG_DATA;
	if (!card_is_touched(card, key->touch_policy))
		return SW_NOT_AUTHENTICATED;
	if (transform(key, template, &result) != KC_OK)
		return SW_WRONG_DATA;
	return put_template(answer, TAG_RESPONSE, bytes_view(&result));
}

/* --- management key --- */

static bool crypt_block(const struct card *card, bool is_encryption, const uint8_t *input,
			uint8_t *output)
{
	const struct card_management_key *management = &card->state.management;
	struct kc_view block = view_of(input, management->cipher->block_bytes);

	return key_operation_cipher(management->cipher, management->value, is_encryption, block,
				    output) == KC_OK;
}

static uint16_t issue_challenge(struct card *card, enum challenge_kind kind, struct bytes *answer)
{
	struct card_session *session = &card->session;
	size_t len = card->state.management.cipher->block_bytes;
	uint8_t shown[sizeof(session->challenge)];

	if (RAND_bytes(session->challenge, (int)len) != 1)
		return SW_INTERNAL;
	session->challenge_kind = (uint8_t)kind;
	if (kind == CHALLENGE_SINGLE)
		return put_template(answer, TAG_CHALLENGE, view_of(session->challenge, len));
	if (!crypt_block(card, true, session->challenge, shown))
		return SW_INTERNAL;
	return put_template(answer, TAG_WITNESS, view_of(shown, len));
}

/* One challenge, one guess. */
static bool use_up_challenge(struct card *card, enum challenge_kind kind)
{
	bool is_right_kind = card->session.challenge_kind == kind;

	card->session.challenge_kind = CHALLENGE_NONE;
	card->session.is_management_verified = false;
	return is_right_kind;
}

static bool is_management_touched(struct card *card)
{
	return card_is_touched(card, card->state.management.touch_policy);
}

static uint16_t check_single(struct card *card, struct kc_view response)
{
	size_t len = card->state.management.cipher->block_bytes;
	uint8_t expected[sizeof(card->session.challenge)];

	if (!use_up_challenge(card, CHALLENGE_SINGLE))
		return SW_CONDITIONS;
	if (response.len != len)
		return SW_WRONG_DATA;
	if (!crypt_block(card, true, card->session.challenge, expected))
		return SW_INTERNAL;
	if (CRYPTO_memcmp(expected, response.data, len) != 0 || !is_management_touched(card))
		return SW_NOT_AUTHENTICATED;
	card->session.is_management_verified = true;
	return SW_OK;
}

static uint16_t check_mutual(struct card *card, const struct template *template,
			     struct bytes *answer)
{
	size_t len = card->state.management.cipher->block_bytes;
	uint8_t proof[sizeof(card->session.challenge)];

	if (!use_up_challenge(card, CHALLENGE_WITNESS))
		return SW_CONDITIONS;
	if (template->witness.len != len || template->challenge.len != len)
		return SW_WRONG_DATA;
	if (CRYPTO_memcmp(card->session.challenge, template->witness.data, len) != 0 ||
	    !is_management_touched(card))
		return SW_NOT_AUTHENTICATED;
	if (!crypt_block(card, true, template->challenge.data, proof))
		return SW_INTERNAL;
	card->session.is_management_verified = true;
	return put_template(answer, TAG_RESPONSE, view_of(proof, len));
}

static uint16_t prove_management_key(struct card *card, const struct apdu_command *command,
				     const struct template *template, struct bytes *answer)
{
	if (piv_cipher_find(command->p1) != card->state.management.cipher)
		return SW_WRONG_P1P2;
	if (template->witness.data && template->witness.len == 0 && !template->challenge.data)
		return issue_challenge(card, CHALLENGE_WITNESS, answer);
	if (template->witness.len > 0)
		return check_mutual(card, template, answer);
	if (template->challenge.data && template->challenge.len == 0 && !template->response.data)
		return issue_challenge(card, CHALLENGE_SINGLE, answer);
	if (template->response.len > 0 && !template->challenge.data)
		return check_single(card, template->response);
	return SW_WRONG_DATA;
}

uint16_t piv_auth_general(struct card *card, const struct apdu_command *command,
			  struct bytes *answer)
{
	struct template template = {0};

	if (command->data.len == 0 || read_template(command->data, &template) != KC_OK)
		return SW_WRONG_DATA;
	if (command->p2 == PIV_MANAGEMENT_KEY)
		return prove_management_key(card, command, &template, answer);
	return use_key(card, command, &template, answer);
}
