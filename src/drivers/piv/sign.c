/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signing: a challenge is put to the key (general.c), and the form of the answer is checked. */
#include "drivers/piv/piv.h"

#include "base/cleanup.h"
#include "base/try.h"
#include "codec/tlv.h"

enum {
	DER_INTEGER = 0x02,
	DER_SEQUENCE = 0x30,
};

/*
 * SP 800-73-5 part 2, 3.2.4: the challenge is as long as the key. An RSA operand has that length
 * already; a digest is cut at the right or filled up with zeros at the left.
 */
static enum kc_status put_operand(const struct piv_key *key, struct kc_view data,
				  struct bytes *operand)
{
	size_t size = piv_key_bytes(key);

	if (key->type == KC_KEY_TYPE_RSA)
		REQUIRE(data.len == size, KC_ERR_BAD_PARAMETER, "%zu bytes for a key of %zu",
			data.len, size);
	REQUIRE(data.len > 0, KC_ERR_BAD_PARAMETER, "nothing to sign");
	for (size_t n = data.len; n < size; n++)
		TRY(bytes_append_byte(operand, 0));
	return bytes_append(operand, view_slice(data, 0, size));
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
		return check_ecdsa(signature, piv_key_bytes(key));
	REQUIRE(signature.len == piv_key_bytes(key), KC_ERR_CORRUPTED_DATA,
		"the card's signature has %zu bytes", signature.len);
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

enum kc_status piv_sign(struct kc_token *token, struct kc_view object_id, const char *algorithm,
			struct kc_view data, struct kc_bytes *ret_signature)
{
	CLEANUP(bytes_done) struct bytes operand = BYTES_INIT(PIV_OPERAND_MAX);
	CLEANUP(bytes_done) struct bytes copy = BYTES_INIT(PIV_ANSWER_MAX);
	CLEANUP(piv_bytes_done) struct kc_bytes answer = {NULL, 0};
	const struct piv_key *key = NULL;
	struct kc_view signature = {NULL, 0};

	TRY(piv_find_key(token, object_id, &key));
	TRY(is_algorithm_of(key, algorithm));
	TRY(put_operand(key, data, &operand));
	TRY(piv_use_key(token, key, PIV_TAG_CHALLENGE, bytes_view(&operand), &answer, &signature));
	TRY(check_signature(key, signature));
	TRY(bytes_append(&copy, signature));
	*ret_signature = bytes_take(&copy);
	return KC_OK;
}
