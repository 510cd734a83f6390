/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The certificates, data object 7F21. Version 2 has one, for the authentication key; version 3 has
 * three, of which SELECT DATA chooses (OpenPGP card 3.4, 7.2.5). After SELECT it is the first.
 */
#include "base/cleanup.h"
#include "base/try.h"
#include "codec/tlv.h"
#include "drivers/openpgp/openpgp.h"

enum {
	INS_SELECT_DATA = 0xA5,
	P2_FIRST = 0x04,
	TAG_CERTIFICATE = 0x7F21,
	DER_SEQUENCE = 0x30,
	VERSION_OF_THREE = 0x0300,
	LEN_OF_REFERENCE = 6,
};

static enum kc_status select_with(struct kc_token *token, uint8_t occurrence, struct kc_view data)
{
	const struct kc_apdu apdu = {
		.ins = INS_SELECT_DATA, .p1 = occurrence, .p2 = P2_FIRST, .data = data};

	return openpgp_command(token, &apdu, "the certificate", NULL);
}

/* 60 with a tag list. YubiKeys before 5.4.4 want the length of it once more in front. */
static enum kc_status select_occurrence(struct kc_token *token, uint8_t occurrence)
{
	static const uint8_t reference[] = {
		LEN_OF_REFERENCE,      0x60, 0x04, 0x5C, 0x02, TAG_CERTIFICATE >> 8,
		TAG_CERTIFICATE & 0xFF};
	struct kc_view whole = VIEW_OF(reference);
	enum kc_status status = select_with(token, occurrence, view_slice(whole, 1, whole.len));

	if (status != KC_ERR_BAD_PARAMETER)
		return status;
	error_clear();
	return select_with(token, occurrence, whole);
}

bool openpgp_has_three_certificates(struct kc_token *token)
{
	return openpgp_version(kc_token_state(token)) >= VERSION_OF_THREE;
}

/* Which one it is lasts until the application is selected again. */
enum kc_status openpgp_choose_certificate(struct kc_token *token, uint8_t occurrence)
{
	struct openpgp_state *state = kc_token_state(token);

	if (occurrence == state->occurrence)
		return KC_OK;
	REQUIRE(openpgp_has_three_certificates(token), KC_ERR_OBJECT_NOT_FOUND,
		"this card has one certificate");
	TRY(select_occurrence(token, occurrence));
	state->occurrence = occurrence;
	return KC_OK;
}

enum kc_status openpgp_get_certificate(struct kc_token *token, uint8_t occurrence,
				       struct bytes *der)
{
	struct kc_view rest = {NULL, 0};
	struct tlv tlv = {0};

	TRY(openpgp_choose_certificate(token, occurrence));
	TRY(openpgp_get_data(token, TAG_CERTIFICATE, der));
	REQUIRE(der->len > 0, KC_ERR_OBJECT_NOT_FOUND, "there is no certificate");
	rest = bytes_view(der);
	TRY(tlv_read(&rest, &tlv));
	REQUIRE(tlv.tag == DER_SEQUENCE && rest.len == 0, KC_ERR_CORRUPTED_DATA,
		"a certificate of a wrong form");
	return KC_OK;
}

/* RFC 5280 4.1: SubjectPublicKeyInfo has the external form of the key as it is. */
bool openpgp_certifies(struct kc_view der, const struct openpgp_key *key)
{
	return key->public_key_len > 0 &&
	       memmem(der.data, der.len, key->public_key, key->public_key_len) != NULL;
}
