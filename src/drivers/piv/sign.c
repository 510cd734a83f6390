/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The private-key operation: GENERAL AUTHENTICATE, SP 800-73-5 part 2, 3.2.4 and table 7. */
#include "drivers/piv/piv.h"

#include "base/cleanup.h"
#include "base/try.h"
#include "codec/tlv.h"

enum {
	INS_GENERAL_AUTHENTICATE = 0x87,
	LE_ALL = 256,

	TAG_TEMPLATE = 0x7C, /* dynamic authentication template */
	TAG_CHALLENGE = 0x81,
	TAG_RESPONSE = 0x82,

	DER_INTEGER = 0x02,
	DER_SEQUENCE = 0x30,

	OPERAND_MAX = 4096 / 8,
	TEMPLATE_MAX = OPERAND_MAX + 16,
};

static const struct piv_key *find_key(struct kc_token *token, struct kc_view object_id)
{
	const struct piv_state *state = kc_token_state(token);

	for (size_t i = 0; i < state->n_keys; i++) {
		if (object_id.len == 1 && state->keys[i].slot == object_id.data[0])
			return &state->keys[i];
	}
	return NULL;
}

static size_t size_in_bytes(const struct piv_key *key)
{
	return key->size_in_bits / 8;
}

/*
 * 3.2.4: the challenge is as long as the key. An RSA operand has that length already; a digest is
 * cut at the right or filled up with zeros at the left.
 */
static enum kc_status put_operand(const struct piv_key *key, struct kc_view data,
				  struct bytes *operand)
{
	size_t size = size_in_bytes(key);

	if (key->type == KC_KEY_TYPE_RSA)
		REQUIRE(data.len == size, KC_ERR_BAD_PARAMETER, "%zu bytes for a key of %zu",
			data.len, size);
	REQUIRE(data.len > 0, KC_ERR_BAD_PARAMETER, "nothing to sign");
	for (size_t n = data.len; n < size; n++)
		TRY(bytes_append_byte(operand, 0));
	return bytes_append(operand, view_slice(data, 0, size));
}

/* 7C { 82 (empty: this is what is asked for), 81 operand } */
static enum kc_status put_template(struct kc_view operand, struct bytes *template)
{
	CLEANUP(bytes_done) struct bytes inner = BYTES_INIT(TEMPLATE_MAX);
	const struct kc_view empty = {NULL, 0};

	TRY(tlv_put(&inner, TAG_RESPONSE, empty));
	TRY(tlv_put(&inner, TAG_CHALLENGE, operand));
	return tlv_put(template, TAG_TEMPLATE, bytes_view(&inner));
}

static enum kc_status expect(struct kc_view *input, uint32_t tag, struct kc_view *ret_value)
{
	struct tlv tlv = {0};

	TRY(tlv_read(input, &tlv));
	REQUIRE(tlv.tag == tag, KC_ERR_CORRUPTED_DATA, "the card's signature has a wrong form");
	*ret_value = tlv.value;
	return KC_OK;
}

/* One of r and s: positive, not longer than the key and a sign byte. */
static enum kc_status check_number(struct kc_view *numbers, size_t size)
{
	struct kc_view number = {NULL, 0};

	TRY(expect(numbers, DER_INTEGER, &number));
	REQUIRE(number.len > 0 && number.len <= size + 1 && !(number.data[0] & 0x80),
		KC_ERR_CORRUPTED_DATA, "the card's signature has a wrong form");
	return KC_OK;
}

/* Ecdsa-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER } and nothing besides. */
static enum kc_status check_ecdsa(struct kc_view signature, size_t size)
{
	struct kc_view numbers = {NULL, 0};

	TRY(expect(&signature, DER_SEQUENCE, &numbers));
	TRY(check_number(&numbers, size));
	TRY(check_number(&numbers, size));
	REQUIRE(numbers.len == 0 && signature.len == 0, KC_ERR_CORRUPTED_DATA,
		"the card's signature has a wrong form");
	return KC_OK;
}

static enum kc_status check_signature(const struct piv_key *key, struct kc_view signature)
{
	if (key->type == KC_KEY_TYPE_EC)
		return check_ecdsa(signature, size_in_bytes(key));
	REQUIRE(signature.len == size_in_bytes(key), KC_ERR_CORRUPTED_DATA,
		"the card's signature has %zu bytes", signature.len);
	return KC_OK;
}

/* 7C { 82 signature } */
static enum kc_status take_signature(const struct piv_key *key, struct kc_view answer,
				     struct kc_bytes *ret_signature)
{
	CLEANUP(bytes_done) struct bytes copy = BYTES_INIT(TEMPLATE_MAX);
	struct kc_view inner = {NULL, 0};
	struct kc_view signature = {NULL, 0};

	TRY(expect(&answer, TAG_TEMPLATE, &inner));
	TRY(expect(&inner, TAG_RESPONSE, &signature));
	TRY(check_signature(key, signature));
	TRY(bytes_append(&copy, signature));
	*ret_signature = bytes_take(&copy);
	return KC_OK;
}

static enum kc_status is_algorithm_of(const struct piv_key *key, const char *algorithm)
{
	const char *base =
		key->type == KC_KEY_TYPE_RSA ? "rsa_signature_raw" : "ecdsa_signature_digest_x962";

	REQUIRE(strcmp(algorithm, base) == 0, KC_ERR_NOT_IMPLEMENTED, "this key does not do %s",
		algorithm);
	return KC_OK;
}

/*
 * Algorithm and slot are those of the certificate, and the operand has their form: a card that
 * does not like them (6A80, 6A86) has another key there, or none.
 */
static enum kc_status transmit(struct kc_token *token, const struct kc_apdu *apdu,
			       struct kc_bytes *ret_answer)
{
	enum kc_status status = piv_command(token, apdu, "the key", ret_answer);

	if (status == KC_ERR_BAD_PARAMETER)
		error_set_hint("the card may lack the key that this certificate is for");
	return status;
}

enum kc_status piv_sign(struct kc_token *token, struct kc_view object_id, const char *algorithm,
			struct kc_view data, struct kc_bytes *ret_signature)
{
	CLEANUP(bytes_done) struct bytes operand = BYTES_INIT(OPERAND_MAX);
	CLEANUP(bytes_done) struct bytes template = BYTES_INIT(TEMPLATE_MAX);
	CLEANUP(piv_bytes_done) struct kc_bytes answer = {NULL, 0};
	const struct piv_key *key = find_key(token, object_id);
	struct kc_apdu apdu = {.ins = INS_GENERAL_AUTHENTICATE, .le = LE_ALL};

	REQUIRE(key, KC_ERR_OBJECT_NOT_FOUND, "the card has no such key");
	TRY(is_algorithm_of(key, algorithm));
	TRY(put_operand(key, data, &operand));
	TRY(put_template(bytes_view(&operand), &template));
	apdu.p1 = key->algorithm;
	apdu.p2 = key->slot;
	apdu.data = bytes_view(&template);
	TRY(transmit(token, &apdu, &answer));
	return take_signature(key, piv_view(&answer), ret_signature);
}
