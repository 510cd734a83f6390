/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Is this a PIV card, and which one? Named by the first of these that it has: the GUID of its
 * CHUID in upper-case hexadecimal, the decimal serial number that Yubico's instruction F8 tells
 * (as printed on the device), the card identifier of its CCC in upper-case hexadecimal. The last
 * stands as it is where others would hash it: it is short, public, and this process has no
 * cryptography.
 */
#include "drivers/piv/piv.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/try.h"
#include "codec/hex.h"
#include "codec/tlv.h"

enum {
	INS_SELECT = 0xA4,
	INS_SERIAL = 0xF8,
	P1_BY_NAME = 0x04,

	TAG_TEMPLATE = 0x61,
	TAG_AID = 0x4F,
	TAG_GUID = 0x34,
	TAG_CARD_IDENTIFIER = 0xF0,

	GUID_BYTES = 16,
	SERIAL_BYTES = 4,
	CARD_IDENTIFIER_MAX = 32,
	LABEL_DIGITS = 8,
	EXTENDED_MAX = 65535,
};

/* SP 800-73-5 part 1, 2.2: RID of NIST, PIX of the PIV Card Application without its version. */
static const uint8_t aid[] = {0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00};
enum {
	RID_BYTES = 5,
};

static bool starts_with(struct kc_view view, struct kc_view prefix)
{
	return view.len >= prefix.len && view_equal(view_slice(view, 0, prefix.len), prefix);
}

/* With RID, as ISO 7816-5 has it, or from the PIX on, as SP 800-73-5 part 2 table 4 has it. */
static bool is_piv_aid(struct kc_view value)
{
	struct kc_view whole = VIEW_OF(aid);

	return starts_with(value, whole) ||
	       starts_with(value, view_slice(whole, RID_BYTES, whole.len));
}

/*
 * SP 800-73-5 part 2, 3.1.1: SELECT answers with the application property template 61. Some cards
 * answer nothing, and some an empty 61 with its content loose behind it (cards.md), so only a
 * template that names another application speaks against the card.
 */
static bool names_other_application(struct kc_view answer)
{
	struct kc_view inner = answer;
	struct kc_view name = {NULL, 0};

	if (tlv_has(answer, TAG_TEMPLATE, &inner) && inner.len == 0)
		inner = answer;
	return tlv_has(inner, TAG_AID, &name) && !is_piv_aid(name);
}

enum kc_status piv_select(struct kc_token *token)
{
	CLEANUP(piv_bytes_done) struct kc_bytes answer = {NULL, 0};
	struct kc_apdu apdu = {
		.ins = INS_SELECT, .p1 = P1_BY_NAME, .data = VIEW_OF(aid), .le = PIV_LE_ALL};

	TRY(piv_command(token, &apdu, "the PIV application", &answer));
	REQUIRE(!names_other_application(piv_view(&answer)), KC_ERR_BAD_PARAMETER,
		"the card selected another application than PIV");
	return KC_OK;
}

/* --- the instance ID -------------------------------------------------------------------------- */

static bool is_zero(struct kc_view view)
{
	uint8_t any = 0;

	for (size_t i = 0; i < view.len; i++)
		any |= view.data[i];
	return any == 0;
}

static enum kc_status text_of(struct kc_view view, char **ret_text)
{
	char *text = hex_encode(view, HEX_UPPER);

	REQUIRE(text, KC_ERR_ALLOCATE, "out of memory");
	*ret_text = text;
	return KC_OK;
}

static enum kc_status find_name(struct kc_view object, uint32_t field, struct kc_view *ret_name)
{
	struct kc_view content = {NULL, 0};
	struct kc_view name = {NULL, 0};

	TRY(piv_unwrap(object, &content));
	TRY(tlv_find(content, field, &name));
	REQUIRE(!is_zero(name), KC_ERR_OBJECT_NOT_FOUND, "an identifier of zeros");
	*ret_name = name;
	return KC_OK;
}

static enum kc_status read_guid(struct kc_token *token, char **ret_id)
{
	CLEANUP(piv_bytes_done) struct kc_bytes chuid = {NULL, 0};
	struct kc_view guid = {NULL, 0};

	TRY(piv_get_object(token, PIV_TAG_CHUID, &chuid));
	TRY(find_name(piv_view(&chuid), TAG_GUID, &guid));
	REQUIRE(guid.len == GUID_BYTES, KC_ERR_CORRUPTED_DATA, "a GUID of %zu bytes", guid.len);
	return text_of(guid, ret_id);
}

static enum kc_status read_serial(struct kc_token *token, char **ret_id)
{
	CLEANUP(piv_bytes_done) struct kc_bytes answer = {NULL, 0};
	struct kc_apdu apdu = {.ins = INS_SERIAL, .le = PIV_LE_ALL};
	uint32_t number = 0;
	char *text = NULL;

	TRY(piv_command(token, &apdu, "the serial number", &answer));
	REQUIRE(answer.len == SERIAL_BYTES && !is_zero(piv_view(&answer)), KC_ERR_OBJECT_NOT_FOUND,
		"no serial number");
	for (size_t i = 0; i < SERIAL_BYTES; i++)
		number = number << 8 | answer.data[i];
	REQUIRE(asprintf(&text, "%" PRIu32, number) >= 0, KC_ERR_ALLOCATE, "out of memory");
	*ret_id = text;
	return KC_OK;
}

static enum kc_status read_card_identifier(struct kc_token *token, char **ret_id)
{
	CLEANUP(piv_bytes_done) struct kc_bytes ccc = {NULL, 0};
	struct kc_view identifier = {NULL, 0};

	TRY(piv_get_object(token, PIV_TAG_CCC, &ccc));
	TRY(find_name(piv_view(&ccc), TAG_CARD_IDENTIFIER, &identifier));
	REQUIRE(identifier.len <= CARD_IDENTIFIER_MAX, KC_ERR_CORRUPTED_DATA,
		"a card identifier of %zu bytes", identifier.len);
	return text_of(identifier, ret_id);
}

static enum kc_status read_instance_id(struct kc_token *token, char **ret_id)
{
	enum kc_status (*const ways[])(struct kc_token *, char **) = {read_guid, read_serial,
								      read_card_identifier};

	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		enum kc_status status = ways[i](token, ret_id);

		/* A card that answers badly now may do better next time, and then have another
		 * name: only a plain "I have none" leads on. */
		if (!piv_can_skip(status) || status == KC_ERR_COMMUNICATION ||
		    status == KC_ERR_AUTHENTICATION_NEEDED)
			return status;
		error_clear(); /* the next way may work: that one failed is no cause */
	}
	return fail(KC_ERR_BAD_PARAMETER,
		    "the card has no name: no GUID in its CHUID, no serial number, no CCC");
}

/* "PIV 5F4B2A10": enough to tell two cards on a desk apart. */
static enum kc_status make_label(const char *id, char **ret_label)
{
	size_t len = strlen(id);
	const char *tail = len > LABEL_DIGITS + 2 ? id + len - LABEL_DIGITS : id;
	char *label = NULL;

	REQUIRE(asprintf(&label, "PIV %s", tail) >= 0, KC_ERR_ALLOCATE, "out of memory");
	*ret_label = label;
	return KC_OK;
}

enum kc_status piv_open(struct kc_token *token, struct kc_token_identity *ret_identity)
{
	struct kc_card *card = kc_token_card(token);
	CLEANUP(freep) char *id = NULL;
	char *label = NULL;

	if (kc_card_announces_extended(card))
		kc_card_use_extended(card, EXTENDED_MAX);
	TRY(read_instance_id(token, &id));
	TRY(make_label(id, &label));
	*ret_identity = (struct kc_token_identity){.instance_id = take(id), .label = label};
	return KC_OK;
}
