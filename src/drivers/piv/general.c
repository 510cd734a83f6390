/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Using a private key: GENERAL AUTHENTICATE, SP 800-73-5 part 2, 3.2.4 and table 7. */
#include "base/cleanup.h"
#include "base/try.h"
#include "codec/tlv.h"
#include "drivers/piv/piv.h"

enum {
	INS_GENERAL_AUTHENTICATE = 0x87,
	INS_VERIFY = 0x20,

	TAG_TEMPLATE = 0x7C, /* dynamic authentication template */
	TAG_RESPONSE = 0x82,

	TEMPLATE_MAX = PIV_OPERAND_MAX + 16,
};

/* 7C { 82 (empty: this is what is asked for), @tag operand } */
static enum kc_status put_template(uint32_t tag, struct kc_view operand, struct bytes *template)
{
	CLEANUP(bytes_done) struct bytes inner = BYTES_INIT(TEMPLATE_MAX);
	const struct kc_view empty = {NULL, 0};

	TRY(tlv_put(&inner, TAG_RESPONSE, empty));
	TRY(tlv_put(&inner, tag, operand));
	return tlv_put(template, TAG_TEMPLATE, bytes_view(&inner));
}

static enum kc_status expect(struct kc_view *input, uint32_t tag, struct kc_view *ret_value)
{
	struct tlv tlv = {0};

	TRY(tlv_read(input, &tlv));
	REQUIRE(tlv.tag == tag, KC_ERR_CORRUPTED_DATA, "the card's answer has a wrong form");
	*ret_value = tlv.value;
	return KC_OK;
}

/* Does the card think that its PIN is verified? It is not believed, only asked. */
static bool is_verified(struct kc_token *token)
{
	const struct kc_apdu apdu = {.ins = INS_VERIFY, .p2 = (uint8_t)piv_token_pin(token)};
	uint16_t sw = 0;

	return kc_card_transmit(kc_token_card(token), &apdu, NULL, &sw) == KC_OK &&
	       piv_status(sw) == KC_OK;
}

/*
 * A card answers alike when the PIN is missing and when nobody touched it in time. Asking for the
 * PIN again would not help then.
 */
static enum kc_status judge_refusal(struct kc_token *token, const struct piv_key *key)
{
	if (!key->needs_touch)
		return KC_ERR_AUTHENTICATION_NEEDED;
	if (key->constraint != KC_CONSTRAINT_NONE && !is_verified(token))
		return KC_ERR_AUTHENTICATION_NEEDED;
	error_clear();
	return fail(KC_ERR_CANCELED_BY_USER, "the token was not touched in time");
}

/*
 * Algorithm and slot are those of the public key, and the operand has their form: a card that does
 * not like them (6A80, 6A86) has another key there, or none.
 */
static enum kc_status transmit(struct kc_token *token, const struct piv_key *key,
			       struct kc_view template, struct kc_bytes *ret_answer)
{
	const struct kc_apdu apdu = {.ins = INS_GENERAL_AUTHENTICATE,
				     .p1 = key->algorithm,
				     .p2 = key->slot,
				     .data = template,
				     .le = PIV_LE_ALL};
	enum kc_status status = piv_command(token, &apdu, "the key", ret_answer);

	if (status == KC_ERR_AUTHENTICATION_NEEDED)
		return judge_refusal(token, key);
	if (status == KC_ERR_BAD_PARAMETER)
		error_set_hint("the card may lack the key that this certificate is for");
	return status;
}

/* The answer is 7C { 82 result }. */
enum kc_status piv_use_key(struct kc_token *token, const struct piv_key *key, uint32_t tag,
			   struct kc_view operand, struct kc_bytes *ret_answer,
			   struct kc_view *ret_result)
{
	CLEANUP(bytes_done) struct bytes template = BYTES_INIT(TEMPLATE_MAX);
	CLEANUP(piv_bytes_done) struct kc_bytes answer = {NULL, 0};
	struct kc_view rest = {NULL, 0};
	struct kc_view inner = {NULL, 0};

	TRY(put_template(tag, operand, &template));
	TRY(transmit(token, key, bytes_view(&template), &answer));
	rest = piv_view(&answer);
	TRY(expect(&rest, TAG_TEMPLATE, &inner));
	TRY(expect(&inner, TAG_RESPONSE, ret_result));
	*ret_answer = answer;
	answer = (struct kc_bytes){NULL, 0};
	return KC_OK;
}
