/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Data objects: SP 800-73-5 part 2, 3.1.2 GET DATA and 3.3.2 PUT DATA. Every tag 5Fxxxx is stored
 * as it comes, whether a standard names it or not; the discovery object is the card's own.
 */
#include "vcard/piv_data.h"

#include "base/try.h"
#include "codec/tlv.h"

enum {
	TAG_LIST = 0x5C,
	TAG_DATA = 0x53,
	TAG_BYTES_MAX = 3,
	P1_P2_CURRENT = 0x3FFF,
};

/*
 * SP 800-73-5 part 1, 3.3.2: application AID, and the PIN usage policy. Bits 40 and 20 of its
 * first byte: the application's and the global PIN satisfy the access rules; the second byte says
 * which of two is the primary one, 10 the application's, 20 the global one.
 */
static enum kc_status put_discovery(enum piv_pin_usage usage, struct bytes *answer)
{
	static const uint8_t start[] = {0x7E, 0x12, 0x4F, 0x0B, 0xA0, 0x00, 0x00, 0x03, 0x08,
					0x00, 0x00, 0x10, 0x00, 0x01, 0x00, 0x5F, 0x2F, 0x02};
	static const uint8_t policies[][2] = {
		[PIV_USAGE_APPLICATION] = {0x40, 0x00},
		[PIV_USAGE_BOTH] = {0x60, 0x10},
		[PIV_USAGE_GLOBAL] = {0x60, 0x20},
	};

	TRY(bytes_append(answer, VIEW_OF(start)));
	return bytes_append(answer, VIEW_OF(policies[usage]));
}

/* SP 800-73-5 part 1 table 2: what is read only after the PIN. */
static bool needs_pin(uint32_t tag)
{
	return tag == PIV_PRINTED_INFORMATION || tag == PIV_FINGERPRINTS || tag == PIV_FACE ||
	       tag == PIV_IRIS || tag == PIV_PAIRING_CODE;
}

static bool is_for_data(const struct apdu_command *command)
{
	return (command->p1 << 8 | command->p2) == P1_P2_CURRENT;
}

/* Read the 5C record at the start of @data: the one tag it names. */
static enum kc_status take_tag(struct kc_view *data, uint32_t *ret_tag)
{
	struct tlv list;
	uint32_t tag = 0;

	TRY(tlv_read(data, &list));
	REQUIRE(list.tag == TAG_LIST && list.value.len > 0 && list.value.len <= TAG_BYTES_MAX,
		KC_ERR_PARAM, "no tag list");
	for (size_t i = 0; i < list.value.len; i++)
		tag = tag << 8 | list.value.data[i];
	*ret_tag = tag;
	return KC_OK;
}

uint16_t piv_data_get(struct card *card, const struct apdu_command *command, struct bytes *answer)
{
	struct kc_view data = command->data;
	struct kc_view value = {0};
	uint32_t tag = 0;

	if (!is_for_data(command))
		return SW_WRONG_P1P2;
	if (data.len == 0 || take_tag(&data, &tag) != KC_OK || data.len > 0)
		return SW_WRONG_DATA;
	if (tag == PIV_DISCOVERY)
		return put_discovery(card->state.manner.pin_usage, answer) == KC_OK ? SW_OK
										    : SW_INTERNAL;
	if (needs_pin(tag) && !card_has_pin(&card->session))
		return SW_NOT_AUTHENTICATED;
	if (!card_state_find_object(&card->state, tag, &value))
		return SW_NOT_FOUND;
	return tlv_put(answer, TAG_DATA, value) == KC_OK ? SW_OK : SW_INTERNAL;
}

static uint16_t store(struct card *card, uint32_t tag, struct kc_view value)
{
	if (tag < PIV_OBJECT_FIRST || tag > PIV_OBJECT_LAST)
		return SW_NO_FUNCTION;
	if (card_state_put_object(&card->state, tag, value) != KC_OK)
		return SW_NO_SPACE;
	card->is_changed = true;
	return SW_OK;
}

uint16_t piv_data_put(struct card *card, const struct apdu_command *command, struct bytes *answer)
{
	struct kc_view data = command->data;
	struct tlv content;
	uint32_t tag = 0;

	(void)answer;
	if (!is_for_data(command))
		return SW_WRONG_P1P2;
	if (!card->session.is_management_verified)
		return SW_NOT_AUTHENTICATED;
	if (data.len > 0 && data.data[0] != TAG_LIST)
		return SW_NO_FUNCTION; /* 3.3.2: discovery object and BIT come without 5C */
	if (data.len == 0 || take_tag(&data, &tag) != KC_OK || data.len == 0)
		return SW_WRONG_DATA;
	if (tlv_read(&data, &content) != KC_OK || content.tag != TAG_DATA || data.len > 0)
		return SW_WRONG_DATA;
	return store(card, tag, content.value);
}
