/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The discovery object, SP 800-73-5 part 1, 3.3.2: does the card have a global PIN, and which of
 * the two is the one its holder uses? Most cards have one PIN, and some no discovery object.
 */
#include "base/cleanup.h"
#include "base/try.h"
#include "codec/tlv.h"
#include "drivers/piv/piv.h"

enum {
	TAG_CONTENT = 0x53, /* some cards wrap it as if it were any object (cards.md) */
	TAG_PIN_USAGE = 0x5F2F,

	USAGE_APPLICATION = 0x40, /* bit 7 of the first byte: the application's PIN satisfies */
	USAGE_GLOBAL = 0x20,	  /* bit 6: the global PIN does */
	PRIMARY_GLOBAL = 0x20,	  /* second byte, where there are both */
};

static enum kc_status read_usage(struct kc_view object, struct piv_state *state)
{
	struct kc_view content = {NULL, 0};
	struct kc_view usage = {NULL, 0};
	bool has_application = false;

	if (!tlv_has(object, PIV_TAG_DISCOVERY, &content))
		TRY(tlv_find(object, TAG_CONTENT, &content));
	if (tlv_has(content, PIV_TAG_DISCOVERY, &usage))
		content = usage;
	TRY(tlv_find(content, TAG_PIN_USAGE, &usage));
	REQUIRE(usage.len == 2, KC_ERR_CORRUPTED_DATA, "a PIN usage policy of %zu bytes",
		usage.len);
	has_application = usage.data[0] & USAGE_APPLICATION;
	state->has_global_pin = usage.data[0] & USAGE_GLOBAL;
	if (state->has_global_pin && (!has_application || usage.data[1] == PRIMARY_GLOBAL))
		state->prefers_global_pin = true;
	return KC_OK;
}

enum kc_status piv_discover(struct kc_token *token)
{
	CLEANUP(piv_bytes_done) struct kc_bytes object = {NULL, 0};
	struct piv_state *state = kc_token_state(token);
	enum kc_status status = KC_OK;

	state->has_global_pin = false;
	state->prefers_global_pin = false;
	status = piv_get_object(token, PIV_TAG_DISCOVERY, &object);
	if (status == KC_OK)
		status = read_usage(piv_view(&object), state);
	if (status != KC_OK && !piv_can_skip(status))
		return status;
	error_clear();
	return KC_OK;
}
