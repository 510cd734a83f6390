/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The data objects of a PIV card: where things are (SP 800-73-5 part 1, table 4b) and GET DATA.
 */
#include "drivers/piv/piv.h"

#include "base/cleanup.h"
#include "base/try.h"
#include "codec/tlv.h"

enum {
	INS_GET_DATA = 0xCB,
	TAG_LIST = 0x5C,
	TAG_CONTENT = 0x53,

	SLOT_RETIRED_FIRST = 0x82,
	CONTAINER_RETIRED_FIRST = 0x5FC10D,
};

/* SP 800-73-5 part 1, table 5: 9C asks for the PIN before each use, 9E never. */
const struct piv_place piv_places[4] = {
	{0x9A, 0x5FC105, "PIV Authentication", KC_CONSTRAINT_PIN, true},
	{0x9C, 0x5FC10A, "Digital Signature", KC_CONSTRAINT_PIN_ALWAYS, true},
	{0x9D, 0x5FC10B, "Key Management", KC_CONSTRAINT_PIN, false},
	{0x9E, 0x5FC101, "Card Authentication", KC_CONSTRAINT_NONE, true},
};

struct piv_place piv_retired_place(unsigned number)
{
	return (struct piv_place){
		.slot = (uint8_t)(SLOT_RETIRED_FIRST + number - 1),
		.container = CONTAINER_RETIRED_FIRST + number - 1,
		.name = "Retired Key Management",
		.constraint = KC_CONSTRAINT_PIN,
		.can_sign = false,
	};
}

enum kc_status piv_get_object(struct kc_token *token, uint32_t tag, struct kc_bytes *ret_object)
{
	CLEANUP(bytes_done) struct bytes list = BYTES_INIT(8);
	const uint8_t name[PIV_TAG_BYTES] = {(uint8_t)(tag >> 16), (uint8_t)(tag >> 8),
					     (uint8_t)tag};
	struct kc_apdu apdu = {.ins = INS_GET_DATA, .p1 = 0x3F, .p2 = 0xFF, .le = PIV_LE_ALL};

	/* SP 800-73-5 part 2, 3.1.2: P1 P2 3F FF, the data field a tag list 5C. The discovery
	 * object alone has a tag of one byte. */
	TRY(tlv_put(&list, TAG_LIST,
		    view_slice(VIEW_OF(name), tag > 0xFF ? 0 : PIV_TAG_BYTES - 1, PIV_TAG_BYTES)));
	apdu.data = bytes_view(&list);
	return piv_command(token, &apdu, "the data object", ret_object);
}

enum kc_status piv_unwrap(struct kc_view object, struct kc_view *ret_content)
{
	struct tlv tlv = {0};

	TRY(tlv_read(&object, &tlv));
	REQUIRE(tlv.tag == TAG_CONTENT && object.len == 0, KC_ERR_CORRUPTED_DATA,
		"a data object that is not one record 53");
	*ret_content = tlv.value;
	return KC_OK;
}
