/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Data objects: GET DATA (OpenPGP card 3.4, 7.2.6), and finding one in another. Cards answer 6E,
 * 65, 7F66, F9 and the like with their own tag or without it (cards.md), and have what belongs in
 * 73 there or beside it.
 */
#include "drivers/openpgp/openpgp.h"

#include "base/cleanup.h"
#include "base/try.h"
#include "codec/tlv.h"

enum {
	INS_GET_DATA = 0xCA,
	TAG_DISCRETIONARY = 0x73,
};

/* One record with this very tag and nothing behind it is the object in its tag. */
static struct kc_view without_own_tag(struct kc_view answer, uint32_t tag)
{
	struct kc_view rest = answer;
	struct tlv tlv = {0};

	if (rest.len > 0 && tlv_read(&rest, &tlv) == KC_OK && tlv.tag == tag && rest.len == 0)
		return tlv.value;
	error_clear();
	return answer;
}

enum kc_status openpgp_get_data(struct kc_token *token, uint32_t tag, struct bytes *value)
{
	CLEANUP(openpgp_bytes_done) struct kc_bytes answer = {NULL, 0};
	const struct kc_apdu apdu = {.ins = INS_GET_DATA,
				     .p1 = (uint8_t)(tag >> 8),
				     .p2 = (uint8_t)tag,
				     .le = OPENPGP_LE_ALL};

	TRY(openpgp_command(token, &apdu, "the data object", &answer));
	return bytes_append(value, without_own_tag(openpgp_view(&answer), tag));
}

bool openpgp_find(struct kc_view data, uint32_t tag, struct kc_view *ret_value)
{
	struct kc_view inner = {NULL, 0};

	if (tlv_has(data, tag, ret_value))
		return true;
	return tlv_has(data, TAG_DISCRETIONARY, &inner) && tlv_has(inner, tag, ret_value);
}

enum kc_status openpgp_find_or_get(struct kc_token *token, struct kc_view data, uint32_t tag,
				   struct bytes *value)
{
	struct kc_view found = {NULL, 0};

	if (openpgp_find(data, tag, &found))
		return bytes_append(value, found);
	error_clear();
	return openpgp_get_data(token, tag, value);
}
